"""What happens to an organisation after its set-up: pause, new address, end."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shared.audit.services import Target, record
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.tenancy import current_organisation, shared_context
from shared.keyring.services import shred_keys
from shared.organisations import provisioning
from shared.organisations.models import Domain, Organisation, ProvisioningJob
from shared.organisations.selectors import forget_hosts, is_subdomain_free
from shared.organisations.subdomains import clean_subdomain, subdomain_error

REDIRECT = timedelta(days=30)
GRACE = timedelta(days=30)
REASON_LENGTH_MAX = 500
State = Organisation.State
LIVE = (State.ACTIVE, State.SUSPENDED)


def suspend_organisation(*, actor: Actor, organisation_id: UUID, reason: str) -> Organisation:
    """Close an active organisation's pages and API; `reason` is shown to whoever comes.

    Platform staff only. Nothing is lost. Raises Invalid without a reason, Conflict where it is
    not active.
    """
    authorize(actor, "organisations.write")
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        message = _("Say why, in at most %(count)d characters.") % {"count": REASON_LENGTH_MAX}
        raise Invalid(message, errors=[FieldError("reason", "required", message)])
    with shared_context(), transaction.atomic():
        organisation = _lock(organisation_id, State.ACTIVE)
        _change(
            actor, organisation, "suspended", {"state": State.SUSPENDED, "state_reason": reason}
        )
    return organisation


def reactivate_organisation(*, actor: Actor, organisation_id: UUID) -> Organisation:
    """Open a suspended organisation again. Platform staff only. Raises Conflict for others."""
    authorize(actor, "organisations.write")
    with shared_context(), transaction.atomic():
        organisation = _lock(organisation_id, State.SUSPENDED)
        _change(actor, organisation, "reactivated", {"state": State.ACTIVE, "state_reason": ""})
    return organisation


def rename_subdomain(*, actor: Actor, organisation_id: UUID, subdomain: str) -> Organisation:
    """Move an organisation to a new address; the old one redirects for 30 days.

    The schema keeps its name. Sessions and passkeys are bound to the host, so everybody signs in
    again and enrols passkeys anew. Raises Invalid for a name that is not free or not allowed.
    """
    _authorize_own(actor, organisation_id, "organisation.write")
    subdomain = clean_subdomain(subdomain)
    try:
        with shared_context(), transaction.atomic():
            organisation = _lock(organisation_id, *LIVE)
            if subdomain == organisation.subdomain:
                return organisation
            _require_free(organisation, subdomain)
            _move_domains(organisation, subdomain)
            _change(actor, organisation, "renamed", {"subdomain": subdomain})
    except IntegrityError as error:
        raise _taken() from error
    return organisation


def request_deletion(*, actor: Actor, organisation_id: UUID) -> Organisation:
    """Close an organisation now and delete it for good in 30 days; an owner's or staff's right.

    The owner gets a link by e-mail that undoes it until then.
    """
    from shared.organisations.tasks import send_deletion_notice  # it calls our neighbours

    _authorize_own(actor, organisation_id, "organisation.delete")
    with shared_context(), transaction.atomic():
        organisation = _lock(organisation_id, *LIVE)
        enqueue_after_commit(send_deletion_notice, organisation_id=str(organisation.id))
        _change(
            actor,
            organisation,
            "deletion_requested",
            {"state": State.DELETING, "delete_after": now() + GRACE},
        )
    return organisation


def undo_deletion(*, actor: Actor, organisation_id: UUID) -> Organisation:
    """Keep an organisation that was to be deleted, suspended if it was so before.

    For staff, and for the link mailed to the owner (which acts as the system).
    """
    authorize(actor, "organisations.write")
    with shared_context(), transaction.atomic():
        organisation = _lock(organisation_id, State.DELETING)
        # A suspension's reason survives the request to delete, so it tells the state before.
        state = State.SUSPENDED if organisation.state_reason else State.ACTIVE
        _change(actor, organisation, "deletion_undone", {"state": state, "delete_after": None})
    return organisation


def erase_due_organisations() -> int:
    """Delete for good what was to be deleted by now: keys, schema, role, rows. Owner only.

    Each in its own transaction, so a killed worker leaves the others to the next run. Returns
    how many were erased.
    """
    due = Organisation.objects.filter(state=State.DELETING, delete_after__lte=now())
    with shared_context():
        ids = list(due.values_list("id", flat=True))
    return sum(_erase(organisation_id) for organisation_id in ids)


def remove_expired_redirects() -> int:
    """Free former addresses whose 30 days are over; returns how many."""
    with shared_context():
        expired = Domain.objects.filter(redirects_until__lte=now())
        hosts = list(expired.values_list("domain", flat=True))
        expired.delete()
    forget_hosts(*hosts)
    return len(hosts)


def _erase(organisation_id: UUID) -> bool:
    with shared_context(), transaction.atomic():
        organisation = (
            Organisation.objects.select_for_update(skip_locked=True)
            .filter(pk=organisation_id, state=State.DELETING, delete_after__lte=now())
            .first()
        )
        if organisation is None:
            return False
        hosts = _hosts(organisation)
        target = Target(
            type=organisation._meta.label_lower, id=str(organisation.id), label=organisation.name
        )
        shred_keys(organisation.id)
        provisioning.drop_schema(organisation)
        ProvisioningJob.objects.filter(organisation=organisation).delete()
        organisation.delete()
        transaction.on_commit(lambda: forget_hosts(*hosts))
        record(actor=SYSTEM, action="organisation.erased", target=target)
    return True


def _authorize_own(actor: Actor, organisation_id: UUID, permission: str) -> None:
    """Staff for every organisation; a tenant's people, from inside, for their own."""
    inside = current_organisation()
    if inside is None:
        authorize(actor, "organisations.write")
        return
    authorize(actor, permission)
    if inside.id != organisation_id:
        raise NotFound()


def _lock(organisation_id: UUID, *states: Organisation.State) -> Organisation:
    organisation: Organisation | None = (
        Organisation.objects.select_for_update().filter(pk=organisation_id).first()
    )
    if organisation is None or organisation.state in (State.SPARE, State.PROVISIONING):
        raise NotFound(_("There is no such organisation."))
    if organisation.state not in states:
        raise Conflict(
            _("This cannot be done: the organisation is %(state)s.")
            % {"state": organisation.get_state_display()}
        )
    return organisation


def _change(
    actor: Actor,
    organisation: Organisation,
    verb: str,
    values: dict[str, str | datetime | None],
) -> None:
    """Save the values with their audit entry and drop the organisation from the host cache."""
    before = {name: getattr(organisation, name) for name in values}
    for name, value in values.items():
        setattr(organisation, name, value)
    organisation.save(update_fields=list(values))
    hosts = _hosts(organisation)
    transaction.on_commit(lambda: forget_hosts(*hosts))
    record(
        actor=actor,
        action=f"organisation.{verb}",
        target=organisation,
        before=before,
        after=values,
    )


def _hosts(organisation: Organisation) -> list[str]:
    return list(organisation.domains.values_list("domain", flat=True))


def _require_free(organisation: Organisation, subdomain: str) -> None:
    """Free, or this organisation's own former address. Raises Invalid."""
    own = organisation.domains.filter(domain=_host(subdomain)).exists()
    if not (own or subdomain == organisation.schema_name or is_subdomain_free(subdomain)):
        raise _taken()


def _move_domains(organisation: Organisation, subdomain: str) -> None:
    """The new host becomes the primary one, the present one a redirect."""
    organisation.domains.filter(is_primary=True).update(
        is_primary=False, redirects_until=now() + REDIRECT
    )
    Domain.objects.update_or_create(
        domain=_host(subdomain),
        defaults={"tenant": organisation, "is_primary": True, "redirects_until": None},
    )


def _host(subdomain: str) -> str:
    return f"{subdomain}.{settings.BASE_DOMAIN}"


def _taken() -> Invalid:
    return subdomain_error("taken", _("Somebody already has this address. Choose another."))
