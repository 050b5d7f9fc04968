"""Negotiated adjustments: proposed by one person, decided by another, then never changed."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet

from billing.money import round_money
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.codes import next_code
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.contracts.models import Contract, ContractAdjustment
from tenants.contracts.services.locking import (
    already_invoiced,
    ask_for_recalculation,
    live_invoices_from,
    lock_contract,
    reference,
)

if TYPE_CHECKING:  # invoices stand above contracts
    from tenants.invoices.models import Invoice

TEXT_MAX = 500
MONTHS_MAX = 120
AMOUNT_LIMIT = Decimal(10) ** 15


def propose_adjustment(
    *,
    actor: Actor,
    contract_id: str,
    amount: Decimal,
    reason: str,
    valid_from: date,
    valid_to: date | None = None,
    is_monthly: bool = False,
) -> ContractAdjustment:
    """An amount beside the terms, billed once somebody else approves it.

    Once, on the invoice of the period that `valid_from` lies in; or, `is_monthly`, every month
    from then to `valid_to`, prorated by days. Raises Invalid naming each wrong field, NotFound,
    Conflict for a terminated contract.
    """
    authorize(actor, "contracts.write")
    with transaction.atomic():
        contract = lock_contract(contract_id)
        _check_proposal(contract, amount, reason, valid_from, valid_to, is_monthly)
        if contract.status == Contract.Status.TERMINATED:
            raise Conflict(_("The contract is terminated and can no longer be changed."))
        adjustment = ContractAdjustment.objects.create(
            adjustment_id=next_code(ContractAdjustment, "adjustment_id"),
            contract=contract,
            amount=amount,
            is_monthly=is_monthly,
            valid_from=valid_from,
            valid_to=valid_to,
            reason=reason.strip(),
            proposed_by=actor.label[:200],
            proposer=_identity(actor),
        )
        record(
            actor=actor,
            action="adjustment.proposed",
            target=adjustment,
            after={
                "contract": contract.contract_id,
                "amount": str(amount),
                "is_monthly": is_monthly,
                "valid_from": str(valid_from),
                "valid_to": str(valid_to) if valid_to else None,
                "reason": adjustment.reason,
            },
        )
    return adjustment


def approve_adjustment(
    *,
    actor: Actor,
    contract_id: str,
    adjustment_id: str,
    note: str = "",
    allow_invoiced: bool = False,
    expected_revision: int | None = None,
) -> ContractAdjustment:
    """Let a proposed adjustment be billed; from here on it stays as it is.

    Where days of it are invoiced, `allow_invoiced` approves it all the same and asks a person
    to have those invoices recalculated; without it the Conflict's `invoices` names them. Raises
    NotFound, Conflict for whoever proposed it and where it is decided already.
    """
    authorize(actor, "contracts.approve")
    with transaction.atomic():
        adjustment, contract = _lock(contract_id, adjustment_id, actor, expected_revision)
        invoices = list(_touched_invoices(contract, adjustment))
        if invoices and not allow_invoiced:
            raise already_invoiced(invoices, "valid_from")
        _decide(adjustment, contract, ContractAdjustment.Status.APPROVED, note, actor)
        ask_for_recalculation(
            contract,
            invoices,
            _("The adjustment %(id)s was approved after this was invoiced: %(reason)s")
            % {"id": adjustment.adjustment_id, "reason": adjustment.reason},
        )
    return adjustment


def reject_adjustment(
    *,
    actor: Actor,
    contract_id: str,
    adjustment_id: str,
    note: str,
    expected_revision: int | None = None,
) -> ContractAdjustment:
    """Refuse a proposed adjustment, with a reason. Raises as `approve_adjustment`, and Invalid."""
    authorize(actor, "contracts.approve")
    if not note.strip():
        raise Invalid(errors=[FieldError("note", "required", _("Say why it is rejected."))])
    with transaction.atomic():
        adjustment, contract = _lock(contract_id, adjustment_id, actor, expected_revision)
        _decide(adjustment, contract, ContractAdjustment.Status.REJECTED, note, actor)
    return adjustment


def _check_proposal(
    contract: Contract,
    amount: Decimal,
    reason: str,
    valid_from: date,
    valid_to: date | None,
    is_monthly: bool,
) -> None:
    errors: list[FieldError] = []
    if not amount or abs(amount) >= AMOUNT_LIMIT:
        errors.append(FieldError("amount", "range", _("Enter an amount other than zero.")))
    elif round_money(amount, contract.currency) != amount:
        message = _("The currency has no such small part.")
        errors.append(FieldError("amount", "too_precise", message))
    if not reason.strip():
        errors.append(FieldError("reason", "required", _("This field is required.")))
    elif len(reason) > TEXT_MAX:
        message = _("At most %(number)s characters.") % {"number": TEXT_MAX}
        errors.append(FieldError("reason", "too_long", message))
    errors += _check_days(contract, valid_from, valid_to, is_monthly)
    if errors:
        raise Invalid(errors=errors)


def _check_days(
    contract: Contract, valid_from: date, valid_to: date | None, is_monthly: bool
) -> list[FieldError]:
    if valid_from < contract.effective_date or (
        contract.end_date and valid_from > contract.end_date
    ):
        message = _("The contract runs from %(start)s to %(end)s.") % {
            "start": contract.effective_date,
            "end": contract.end_date or _("further notice"),
        }
        return [FieldError("valid_from", "outside_contract", message)]
    if not is_monthly:
        if valid_to is None:
            return []
        return [FieldError("valid_to", "unexpected", _("Only an amount a month has a last day."))]
    if valid_to is None:
        return [FieldError("valid_to", "required", _("This field is required."))]
    if valid_to < valid_from:
        return [FieldError("valid_to", "before_start", _("Ends before it starts."))]
    months = (valid_to.year - valid_from.year) * 12 + valid_to.month - valid_from.month + 1
    if months > MONTHS_MAX:
        message = _("At most %(number)s months.") % {"number": MONTHS_MAX}
        return [FieldError("valid_to", "too_long", message)]
    return []


def _lock(
    contract_id: str, adjustment_id: str, actor: Actor, expected_revision: int | None
) -> tuple[ContractAdjustment, Contract]:
    """The contract first, as generating an invoice locks it, then the adjustment."""
    contract = lock_contract(contract_id)
    adjustment = (
        ContractAdjustment.objects.select_for_update()
        .filter(contract=contract, adjustment_id=adjustment_id)
        .first()
    )
    if adjustment is None:
        raise NotFound(_("There is no adjustment %(id)s.") % {"id": adjustment_id})
    adjustment.require_revision(expected_revision)
    if adjustment.status != ContractAdjustment.Status.PROPOSED:
        raise Conflict(_("The adjustment is decided already."))
    if is_proposer(actor, adjustment):
        raise Conflict(_("You proposed it; somebody else decides about it."))
    return adjustment, contract


def _touched_invoices(contract: Contract, adjustment: ContractAdjustment) -> "QuerySet[Invoice]":
    last = adjustment.valid_to or adjustment.valid_from
    return live_invoices_from(contract, adjustment.valid_from).filter(period_start__lte=last)


def _decide(
    adjustment: ContractAdjustment, contract: Contract, status: str, note: str, actor: Actor
) -> None:
    if len(note) > TEXT_MAX:
        message = _("At most %(number)s characters.") % {"number": TEXT_MAX}
        raise Invalid(errors=[FieldError("note", "too_long", message)])
    adjustment.status, adjustment.decision_note = status, note.strip()
    adjustment.decided_by, adjustment.decider = actor.label[:200], _identity(actor)
    adjustment.decided_at = now()
    adjustment.save_changes("status", "decision_note", "decided_by", "decider", "decided_at")
    publish(topic="contract.changed", key=contract.site.site_id, payload=reference(contract))
    record(
        actor=actor,
        action=f"adjustment.{status}",
        target=adjustment,
        before={"status": ContractAdjustment.Status.PROPOSED},
        after={"status": status, "note": adjustment.decision_note},
    )


def is_proposer(actor: Actor, adjustment: ContractAdjustment) -> bool:
    """Whether the actor proposed it, and therefore does not decide about it."""
    return bool(adjustment.proposer == _identity(actor))


def _identity(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"[:100]
