"""Reading people, invitations, sessions and credentials; filtered to what the actor may see."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from shared.accounts.models import ApiClient, ApiKey, Invitation, User
from shared.accounts.object_rules import visible_rows
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound, Unauthenticated

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def verified_address(user: User | AnonymousUser) -> str:
    """The person's own address once they have shown that they read its mail; else nothing."""
    own = EmailAddress.objects.filter(user_id=user.pk, primary=True, verified=True)
    return own.values_list("email", flat=True).first() or ""


@dataclass(frozen=True)
class SecurityState:
    """How well a person's account is protected."""

    totp: Authenticator | None
    passkeys: list[Authenticator]
    recovery_codes_left: int | None
    sessions: list[UserSession]

    @property
    def has_second_factor(self) -> bool:
        """Whether a password alone is not enough to sign in."""
        return bool(self.totp or self.passkeys)


def people(actor: Actor, *, search: str = "", role: str = "") -> QuerySet[User]:
    """Everybody of the organisation for who may see people, else only oneself.

    Annotated with `has_second_factor`; `search` looks into names and addresses.
    """
    if actor.kind == "anonymous":
        raise Unauthenticated()
    factors = Authenticator.objects.filter(user_id=OuterRef("pk"), type__in=SECOND_FACTORS)
    rows = User.objects.annotate(has_second_factor=Exists(factors)).order_by("email")
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(email__icontains=search))
    if role:
        rows = rows.filter(role=role)
    return visible_rows(actor, rows, permission="people.read", own_field="pk")


def person(actor: Actor, user_id: UUID) -> User:
    """One of `people`. Raises NotFound for anybody the actor must not know of."""
    found = people(actor).filter(pk=user_id).first()
    if found is None:
        raise NotFound(_("There is no such person here."))
    return found


def open_invitations(actor: Actor) -> QuerySet[Invitation]:
    """Offers that wait for an answer, expired ones included, newest first."""
    authorize(actor, "people.read")
    return Invitation.objects.filter(accepted_at=None, revoked_at=None).select_related("invited_by")


def api_clients(actor: Actor) -> QuerySet[ApiClient]:
    """API clients, newest first, revoked ones last."""
    authorize(actor, "api_clients.read")
    return ApiClient.objects.select_related("created_by").order_by("revoked_at", "-created_at")


def api_keys(actor: Actor) -> QuerySet[ApiKey]:
    """API keys, newest first, revoked ones last."""
    authorize(actor, "api_clients.read")
    return ApiKey.objects.select_related("created_by").order_by("revoked_at", "-created_at")


def api_key(actor: Actor, key_id: UUID) -> ApiKey:
    """One API key. Raises NotFound."""
    found = api_keys(actor).filter(pk=key_id).first()
    if found is None:
        raise NotFound(_("There is no such API client or key."))
    return found


def security_of(user: User) -> SecurityState:
    """A person's own second factors and sessions; ended sessions are cleared on the way."""
    factors = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    by_type = {factor.type: factor for factor in factors}
    codes = by_type.get(Authenticator.Type.RECOVERY_CODES)
    sessions = UserSession.objects.purge_and_list(user)
    return SecurityState(
        totp=by_type.get(Authenticator.Type.TOTP),
        passkeys=[one for one in factors if one.type == Authenticator.Type.WEBAUTHN],
        recovery_codes_left=len(codes.wrap().get_unused_codes()) if codes else None,
        sessions=sorted(sessions, key=_last_seen, reverse=True),
    )


def _last_seen(session: UserSession) -> datetime:
    seen: datetime = session.last_seen_at
    return seen
