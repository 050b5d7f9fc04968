"""People of an organisation: who they are, what they may do, whether they may sign in."""

from uuid import UUID

from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import is_password_usable
from django.db import transaction
from django.utils.translation import gettext as _

from shared.accounts.models import User
from shared.accounts.roles import Role
from shared.accounts.services.authority import (
    authorize_over_role,
    authorize_own_account,
    keep_an_owner,
)
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import (
    Conflict,
    FieldError,
    Invalid,
    NotFound,
    PreconditionFailed,
)


def add_person(
    *,
    actor: Actor,
    email: str,
    name: str,
    role: str,
    password: str | None = None,
    password_hash: str | None = None,
    language: str = "en",
    time_zone: str = "America/Toronto",
    email_verified: bool = True,
) -> User:
    """Make a person who can sign in at once, or after verifying the address.

    For set-up work (sign-up's owner, commands, the demo); people are otherwise invited. Give a
    `password`, or the `password_hash` taken when they chose it elsewhere. Raises Conflict where
    the address is taken, Forbidden by the rules of `authorize_over_role`.
    """
    authorize(actor, "people.write")
    authorize_over_role(actor, role)
    user = User(
        email=email.strip().lower(), name=name, role=role, language=language, time_zone=time_zone
    )
    if password_hash is not None and is_password_usable(password_hash):
        user.password = password_hash
    else:
        user.set_password(password)
    with transaction.atomic():
        User.objects.insert(user, email_verified=email_verified)
        record(actor=actor, action="person.added", target=user, after=describe(user))
    return user


def change_role(*, actor: Actor, user_id: UUID, role: str) -> User:
    """Give a person another role; it counts from their next request on.

    Raises Conflict for the last owner, Invalid for an unknown role, Forbidden where the actor
    does not hold what the old or the new role controls.
    """
    authorize(actor, "people.write")
    if role not in Role.values:
        message = _("Choose one of the roles.")
        raise Invalid(errors=[FieldError("role", "unknown_role", message)])
    with transaction.atomic():
        user = lock_person(user_id)
        authorize_over_role(actor, user.role)
        authorize_over_role(actor, role)
        if role == user.role:
            return user
        if role != Role.OWNER:
            keep_an_owner(user)
        before = describe(user)
        user.role = role
        user.save_changes("role")
        record(
            actor=actor,
            action="person.role_changed",
            target=user,
            before=before,
            after=describe(user),
        )
    return user


def deactivate_person(*, actor: Actor, user_id: UUID) -> User:
    """Bar a person from signing in and end their sessions; what they did stays.

    Raises Conflict for the last owner and for oneself.
    """
    authorize(actor, "people.write")
    if actor.user_id == user_id:
        raise Conflict(_("You cannot deactivate yourself. Ask another administrator."))
    with transaction.atomic():
        user = lock_person(user_id)
        authorize_over_role(actor, user.role)
        if not user.is_active:
            return user
        keep_an_owner(user)
        user.is_active = False
        user.save_changes("is_active")
        end_sessions_of(user)
        record(
            actor=actor,
            action="person.deactivated",
            target=user,
            before={"is_active": True},
            after={"is_active": False},
        )
    return user


def reactivate_person(*, actor: Actor, user_id: UUID) -> User:
    """Let a deactivated person sign in again, with the role they had."""
    authorize(actor, "people.write")
    with transaction.atomic():
        user = lock_person(user_id)
        authorize_over_role(actor, user.role)
        if user.is_active:
            return user
        user.is_active = True
        user.save_changes("is_active")
        record(
            actor=actor,
            action="person.reactivated",
            target=user,
            before={"is_active": False},
            after={"is_active": True},
        )
    return user


def change_person(
    *,
    actor: Actor,
    user_id: UUID,
    role: str | None = None,
    is_active: bool | None = None,
    revision: int | None = None,
) -> User:
    """Change role, activity or both, or neither; raises as the services that do."""
    authorize(actor, "people.write")
    with transaction.atomic():
        user = lock_person(user_id, revision=revision)
        if role is not None:
            user = change_role(actor=actor, user_id=user_id, role=role)
        if is_active is True:
            user = reactivate_person(actor=actor, user_id=user_id)
        if is_active is False:
            user = deactivate_person(actor=actor, user_id=user_id)
    return user


def change_profile(
    *, actor: Actor, name: str, language: str, time_zone: str, revision: int | None = None
) -> User:
    """A person changes how the service addresses them; everybody may, about themselves."""
    own_id = authorize_own_account(actor)
    with transaction.atomic():
        user = lock_person(own_id, revision=revision)
        before = describe(user)
        user.name, user.language, user.time_zone = name.strip(), language, time_zone
        user.save_changes("name", "language", "time_zone")
        record(
            actor=actor,
            action="person.profile_changed",
            target=user,
            before=before,
            after=describe(user),
        )
    return user


def change_language(*, actor: Actor, language: str) -> None:
    """Remember a person's choice of language."""
    own_id = authorize_own_account(actor)
    User.objects.filter(pk=own_id).exclude(language=language).update(language=language)


def end_session(*, actor: Actor, session_id: int) -> None:
    """End one of the actor's own sessions at once. Raises NotFound for any other."""
    own_id = authorize_own_account(actor)
    session = UserSession.objects.filter(pk=session_id, user_id=own_id).first()
    if session is None:
        raise NotFound()
    with transaction.atomic():
        session.end()
        record(
            actor=actor,
            action="session.ended",
            target=session.user,
            before={"ip": session.ip, "user_agent": session.user_agent},
        )


def end_sessions_of(user: User) -> None:
    """End every session of a person."""
    for session in UserSession.objects.filter(user=user):
        session.end()


def lock_person(user_id: UUID, *, revision: int | None = None) -> User:
    """The person, locked. Raises NotFound, or PreconditionFailed where `revision` is stale."""
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise NotFound(_("There is no such person here."))
    if revision is not None and revision != user.revision:
        raise PreconditionFailed()
    return user


def describe(user: User) -> dict[str, object]:
    """What the audit log keeps of a person."""
    return {
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "language": user.language,
        "time_zone": user.time_zone,
        "is_active": user.is_active,
    }
