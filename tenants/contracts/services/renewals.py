"""The end of a term: notice that it comes, and the next one. Source: `domain.md` 4, life."""

from calendar import monthrange
from datetime import date, timedelta

from django.db import transaction
from django.db.models import DateField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Cast

from shared.audit.services import record
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import Conflict, FieldError, Invalid
from shared.kernel.wording import Wording, trimmed
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.contracts.models import IN_FORCE, Contract, ContractRenewal
from tenants.contracts.services.locking import lock_contract, reference

REASON_MAX = 500
SWEEP_MAX = 500
YEAR_MAX = 9000  # far from the calendar's own end


def add_months(day: date, months: int) -> date:
    """The same day that many months later, or that month's last day: 31 January + 1 is 28."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def next_term_end(last: date, months: int) -> date:
    """The last day of a term of that many months that starts on the day after `last`."""
    return add_months(last + timedelta(days=1), months) - timedelta(days=1)


def renew_contract(
    *,
    actor: Actor,
    contract_id: str,
    ends_on: date | None = None,
    reason: str = "",
    expected_revision: int | None = None,
) -> Contract:
    """Go on with a contract for a further term from the day after its last one.

    Without `ends_on` it goes on until further notice. The terms stay; change them before or
    after. Raises NotFound, Invalid for a day before the next term starts, Conflict where the
    contract is a draft, terminated or has no last day, PreconditionFailed when stale.
    """
    authorize(actor, "contracts.activate")
    if len(reason) > REASON_MAX:
        message = _("At most %(number)s characters.") % {"number": REASON_MAX}
        raise Invalid(errors=[FieldError("reason", "too_long", message)])
    with transaction.atomic():
        contract = lock_contract(contract_id)
        contract.require_revision(expected_revision)
        if contract.status not in IN_FORCE:
            raise Conflict(_("Only a contract in force can be renewed."))
        if contract.end_date is None:
            raise Conflict(_("The contract runs until further notice; it needs no renewal."))
        if max(contract.end_date, ends_on or contract.end_date).year > YEAR_MAX:
            message = _("That is too far in the future.")
            raise Invalid(errors=[FieldError("end_date", "range", message)])
        if ends_on is not None and ends_on <= contract.end_date:
            message = _("The next term starts on %(day)s; choose a later last day.") % {
                "day": contract.end_date + timedelta(days=1)
            }
            raise Invalid(errors=[FieldError("end_date", "before_start", message)])
        _renew(contract, ends_on, trimmed(reason), actor, is_automatic=False)
    return contract


def _renew(
    contract: Contract, ends_on: date | None, reason: Wording, actor: Actor, *, is_automatic: bool
) -> None:
    assert contract.end_date is not None  # the callers have looked
    before = {"status": contract.status, "end_date": str(contract.end_date)}
    ContractRenewal.objects.create(
        contract=contract,
        starts_on=contract.end_date + timedelta(days=1),
        ends_on=ends_on,
        is_automatic=is_automatic,
        reason=reason,
        renewed_by=actor.label[:200],
    )
    contract.end_date, contract.status = ends_on, Contract.Status.RENEWED
    contract.save_changes("end_date", "status")
    publish(topic="contract.renewed", key=contract.site.site_id, payload=reference(contract))
    record(
        actor=actor,
        action="contract.renewed",
        target=contract,
        before=before,
        after={
            "status": contract.status,
            "end_date": str(ends_on) if ends_on else None,
            "automatic": is_automatic,
            "reason": str(reason),
        },
    )


def sweep_renewals(*, on: date | None = None) -> int:
    """Mark contracts whose notice begins, renew those that renew by themselves; how many.

    Looks at SWEEP_MAX contracts at most; each is done in its own transaction, and doing it
    twice changes nothing.
    """
    day = on or today()
    notice = ExpressionWrapper(
        Cast(Value(day), DateField()) + F("renewal_notice_days"), output_field=DateField()
    )
    ending = Contract.objects.filter(status__in=IN_FORCE).filter(
        Q(auto_renew_months__isnull=False, end_date__lte=day)
        | (Q(end_date__gte=day, end_date__lte=notice) & ~Q(status=Contract.Status.RENEWAL_DUE))
    )
    codes = list(ending.order_by("end_date").values_list("contract_id", flat=True)[:SWEEP_MAX])
    return sum(_look_after(code, day) for code in codes)


def _look_after(contract_id: str, day: date) -> bool:
    """Renew or mark one contract, if it still is to be when it is locked."""
    with transaction.atomic():
        contract = lock_contract(contract_id)
        last = contract.end_date
        if contract.status not in IN_FORCE or last is None:
            return False
        if contract.auto_renew_months and last <= day:
            ends_on = next_term_end(last, contract.auto_renew_months)
            if ends_on.year > YEAR_MAX:
                return False
            reason = _("It renews by itself.")
            _renew(contract, ends_on, reason, SYSTEM, is_automatic=True)
            return True
        due = day <= last <= day + timedelta(days=contract.renewal_notice_days)
        if not due or contract.status == Contract.Status.RENEWAL_DUE:
            return False
        before = {"status": contract.status}
        contract.status = Contract.Status.RENEWAL_DUE
        contract.save_changes("status")
        publish(
            topic="contract.renewal_due",
            key=contract.site.site_id,
            payload={**reference(contract), "end_date": last.isoformat()},
        )
        record(
            actor=SYSTEM,
            action="contract.renewal_due",
            target=contract,
            before=before,
            after={"status": contract.status, "end_date": str(last)},
        )
    return True
