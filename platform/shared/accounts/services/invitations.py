"""Invitations: the only way into an organisation."""

from datetime import timedelta
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from shared.accounts.models import Invitation, User
from shared.accounts.roles import Role
from shared.accounts.services.authority import authorize_over_role, keep_an_owner
from shared.accounts.services.people import describe, lock_person
from shared.accounts.tasks import send_invitation
from shared.accounts.tokens import hash_secret, invitation_token
from shared.audit.services import record
from shared.kernel import clock
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, FieldError, Forbidden, Gone, Invalid, NotFound
from shared.kernel.tasks import enqueue_after_commit

VALID_FOR = timedelta(days=7)


def invite_person(*, actor: Actor, email: str, role: str) -> Invitation:
    """Offer a role by e-mail; the link works once, for 7 days.

    Raises Invalid for a bad address or role, Conflict where the address already belongs to
    somebody here or waits for an answer, Forbidden where the role controls more than the actor.
    """
    authorize(actor, "people.write")
    email = email.strip().lower()
    _check_offer(email, role)
    authorize_over_role(actor, role)
    _refuse_known_address(email)
    invitation = Invitation(id=uuid4(), email=email, role=role, invited_by_id=actor.user_id)
    _renew_token(invitation)
    with transaction.atomic():
        invitation.save(force_insert=True)
        enqueue_after_commit(send_invitation, invitation_id=str(invitation.pk))
        record(
            actor=actor,
            action="invitation.sent",
            target=invitation,
            after={"email": email, "role": role},
        )
    return invitation


def resend_invitation(*, actor: Actor, invitation_id: UUID) -> Invitation:
    """Send a fresh link for another 7 days; every earlier link stops working."""
    authorize(actor, "people.write")
    with transaction.atomic():
        invitation = _lock_open(invitation_id)
        authorize_over_role(actor, invitation.role)
        invitation.sent_count += 1
        _renew_token(invitation)
        invitation.save(update_fields=["sent_count", "token_hash", "expires_at"])
        enqueue_after_commit(send_invitation, invitation_id=str(invitation.pk))
        record(
            actor=actor,
            action="invitation.sent_again",
            target=invitation,
            after={"email": invitation.email, "sent_count": invitation.sent_count},
        )
    return invitation


def revoke_invitation(*, actor: Actor, invitation_id: UUID) -> Invitation:
    """Withdraw an offer; its link stops working at once."""
    authorize(actor, "people.write")
    with transaction.atomic():
        invitation = _lock_open(invitation_id)
        authorize_over_role(actor, invitation.role)
        invitation.revoked_at = clock.now()
        invitation.save(update_fields=["revoked_at"])
        record(
            actor=actor,
            action="invitation.revoked",
            target=invitation,
            before={"email": invitation.email, "role": invitation.role},
        )
    return invitation


def find_invitation(token: str, *, lock: bool = False) -> Invitation:
    """The open invitation behind a link.

    Raises NotFound for an unknown token, Gone where it was used, withdrawn or has expired.
    """
    rows = Invitation.objects.select_for_update(of=("self",)) if lock else Invitation.objects
    invitation = rows.select_related("invited_by").filter(token_hash=hash_secret(token)).first()
    if invitation is None:
        raise NotFound(_("This invitation link is not known here. Ask for a new one."))
    if not invitation.is_open:
        raise Gone(_("This invitation was used or withdrawn. Sign in, or ask for another."))
    if invitation.is_expired:
        raise Gone(_("This invitation has expired. Ask whoever invited you to send it again."))
    return invitation


def accept_invitation(
    *, actor: Actor, token: str, name: str, password: str, language: str, time_zone: str
) -> User:
    """Make the invited person's account: the link proves the address.

    `password` has passed the validators. Raises NotFound or Gone for the link, Conflict where
    the address has an account by now (they sign in and join instead).
    """
    with transaction.atomic():
        invitation = find_invitation(token, lock=True)
        user = User(
            email=invitation.email,
            name=name.strip(),
            role=invitation.role,
            language=language,
            time_zone=time_zone,
        )
        user.set_password(password)
        User.objects.insert(user, email_verified=True)
        _close(invitation, user)
        record(
            actor=_as_person(user, actor),
            action="invitation.accepted",
            target=user,
            after=describe(user),
        )
    return user


def join_by_invitation(*, actor: Actor, token: str) -> User:
    """Somebody with an account here takes the role they were offered.

    Raises Forbidden where the invitation is for another address, Conflict for the last owner.
    """
    with transaction.atomic():
        invitation = find_invitation(token, lock=True)
        user = lock_person(actor.user_id) if actor.user_id else None
        if user is None or user.email.lower() != invitation.email.lower():
            raise Forbidden(_("This invitation is for another e-mail address."))
        if invitation.role != Role.OWNER:
            keep_an_owner(user)
        before = describe(user)
        user.role = invitation.role
        user.save_changes("role")
        _close(invitation, user)
        record(
            actor=actor,
            action="invitation.accepted",
            target=user,
            before=before,
            after=describe(user),
        )
    return user


def _check_offer(email: str, role: str) -> None:
    errors = []
    try:
        validate_email(email)
    except ValidationError:
        message = _("Enter an e-mail address like name@example.com.")
        errors.append(FieldError("email", "invalid_email", message))
    if role not in Role.values:
        errors.append(FieldError("role", "unknown_role", _("Choose one of the roles.")))
    if errors:
        raise Invalid(errors=errors)


def _refuse_known_address(email: str) -> None:
    user = User.objects.filter(email__iexact=email).first()
    if user and user.is_active:
        raise Conflict(_("This person is already a member. Change their role instead."))
    if user:
        raise Conflict(_("This person was deactivated. Reactivate them instead."))
    open_ones = Invitation.objects.filter(accepted_at=None, revoked_at=None)
    if open_ones.filter(email__iexact=email).exists():
        raise Conflict(_("This address is already invited. Send that invitation again instead."))


def _renew_token(invitation: Invitation) -> None:
    invitation.token_hash = hash_secret(invitation_token(invitation.pk, invitation.sent_count))
    invitation.expires_at = clock.now() + VALID_FOR


def _lock_open(invitation_id: UUID) -> Invitation:
    invitation = Invitation.objects.select_for_update().filter(pk=invitation_id).first()
    if invitation is None:
        raise NotFound(_("There is no such invitation."))
    if not invitation.is_open:
        raise Conflict(_("This invitation was already accepted or withdrawn."))
    return invitation


def _close(invitation: Invitation, user: User) -> None:
    invitation.accepted_at = clock.now()
    invitation.accepted_by = user
    invitation.save(update_fields=["accepted_at", "accepted_by"])


def _as_person(user: User, actor: Actor) -> Actor:
    """Who the audit log names: the account that was just made, seen where the visitor was."""
    return Actor(
        kind="user",
        id=str(user.pk),
        label=str(user),
        role=user.role,
        user_id=user.pk,
        ip=actor.ip,
        request_id=actor.request_id,
    )
