"""Releasing holdback: an invoice over what customers still keep back. Source: `domain.md` 5, 9."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction

from billing.lines import Step, Trace
from billing.periods import Period
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import FieldError, Invalid, NotFound
from shared.kernel.wording import Wording
from shared.kernel.wording import worded as _
from tenants.contracts.construction import construction_book
from tenants.contracts.models import Contract
from tenants.invoices.calculation import BillingContext, due_date_of
from tenants.invoices.dating import DATED_AHEAD_MAX
from tenants.invoices.errors import NothingHeld
from tenants.invoices.models import Invoice
from tenants.invoices.selectors import load_contexts
from tenants.invoices.selectors.creditable import CreditableLine, held_lines
from tenants.invoices.services.drafting import (
    Correction,
    DraftLine,
    checked_reason,
    store_correction,
)
from tenants.invoices.services.recalculation import taxes_of_lines
from tenants.ledger.periods import refuse_closed

INVOICES_MAX = 1_000
HOLDING = (Invoice.Kind.REGULAR, Invoice.Kind.ADJUSTMENT)


def release_holdback(
    *,
    actor: Actor,
    contract_id: str,
    invoice_ids: Sequence[str] = (),
    on: date | None = None,
    early: bool = False,
    reason: str = "",
) -> Invoice:
    """Draft the invoice of what a contract's invoices still hold back, or the named ones.

    Dated `on` (today where not given): tax is charged at that day's rates by place of supply.
    A line for each line held back, which points at it; nothing can be released twice. Before
    the lien period has run only `early`, with a reason. Raises NotFound, NothingHeld, Invalid,
    PeriodClosed.
    """
    authorize(actor, "invoices.generate")
    contract_pk = Contract.objects.filter(contract_id=contract_id).values_list("pk", flat=True)
    if not contract_pk:
        raise NotFound(_("There is no contract %(id)s.") % {"id": contract_id})
    dated = on or today()
    if dated > today() + DATED_AHEAD_MAX:
        message = _("It cannot be dated more than a month ahead.")
        raise Invalid(errors=[FieldError("on", "too_late", message)])
    with transaction.atomic():
        (context,) = load_contexts([contract_pk[0]], Period(dated, dated), on=dated)
        invoices = _locked_invoices(context.contract, invoice_ids, dated)
        refuse_closed([(invoices[0].entity_id, dated)], field="on")
        held = held_lines(invoices)
        if not held:
            raise NothingHeld(_("Nothing is held back on these invoices."))
        waits = wait_of(context.contract, held, dated)
        why = _reason_of_early(waits, reason, early=early) if waits else ""
        correction = _correction(context, invoices, held, dated, why)
        release = store_correction(actor=actor, correction=correction)
        record(
            actor=actor,
            action="invoice.release_drafted",
            target=release,
            after={
                "contract": contract_id,
                "total": str(release.total),
                **({"early": True, "reason": why} if why else {}),
            },
        )
    return release


def _correction(
    context: BillingContext,
    invoices: Sequence[Invoice],
    held: Sequence[CreditableLine],
    dated: date,
    early: str,
) -> Correction:
    lines = [_line(one) for one in held]
    if sum(line.amount for line in lines) <= 0:
        raise NothingHeld(_("Nothing is held back on these invoices."))
    latest = max(invoices, key=lambda one: (one.period_end, one.invoice_id))
    latest.period_start = min(one.period_start for one in invoices)
    inputs: dict[str, Any] = {"releases": sorted({one.line.invoice.invoice_id for one in held})}
    return Correction(
        basis=latest,
        kind=Invoice.Kind.HOLDBACK_RELEASE,
        lines=lines,
        taxes=taxes_of_lines(context, lines, dated),
        invoice_date=dated,
        due_date=due_date_of(context.contract, dated),
        reason="",  # why it is early is not the customer's to read
        inputs={**inputs, "early": early} if early else inputs,
    )


def wait_of(contract: Contract, held: Sequence[CreditableLine], on: date) -> Wording | None:
    """Why what is held may not be asked for on a day yet; None where it may.

    The lien period of construction work begins with its completion; of other contracts nothing
    is known but what the rules say. Source: `domain.md` 9.
    """
    book = construction_book()
    for invoice in {one.line.invoice.pk: one.line.invoice for one in held}.values():
        first = book.earliest_release(contract, invoice.period_end)
        if first is not None and on < first:
            return _("The holdback of %(invoice)s may be asked for from %(day)s.") % {
                "invoice": invoice,
                "day": first,
            }
        if first is None and contract.is_construction:
            return _("The holdback may be asked for once the contract has ended.")
    return None


def _reason_of_early(waits: Wording, reason: str, *, early: bool) -> str:
    """Raise Invalid, which says what is passed over, where that is not meant or has no reason."""
    if not early:
        raise Invalid(errors=[FieldError("early", "too_early", waits)])
    if not reason.strip():
        message = _("%(waits)s Say why it is released now.") % {"waits": waits}
        raise Invalid(errors=[FieldError("reason", "required", message)])
    return checked_reason(reason)


def _locked_invoices(contract: Contract, invoice_ids: Sequence[str], dated: date) -> list[Invoice]:
    found = Invoice.objects.select_for_update(of=("self",)).filter(
        contract=contract, kind__in=HOLDING, document_status=Invoice.DocumentStatus.ISSUED
    )
    if invoice_ids:
        found = found.filter(invoice_id__in=list(invoice_ids)[:INVOICES_MAX])
    else:
        found = found.exclude(holdback=0)
    related = found.select_related("entity", "site", "customer", "contract")
    invoices = list(related.order_by("pk")[:INVOICES_MAX])
    missing = set(invoice_ids) - {one.invoice_id for one in invoices}
    if missing:
        message = _("No issued invoices of this contract: %(ids)s.") % {
            "ids": ", ".join(sorted(missing))
        }
        raise Invalid(errors=[FieldError("invoice_ids", "unknown", message)])
    later = [one for one in invoices if one.invoice_date > dated]
    if later:
        message = _("%(id)s is dated later.") % {"id": later[0]}
        raise Invalid(errors=[FieldError("on", "too_early", message)])
    if not invoices:
        raise NothingHeld(_("Nothing is held back on these invoices."))
    if len({(one.entity_id, one.currency) for one in invoices}) > 1:
        message = _("They were billed by different companies or in different currencies.")
        raise Invalid(errors=[FieldError("invoice_ids", "mixed", message)])
    return invoices


def _line(one: CreditableLine) -> DraftLine:
    line = one.line
    values = {"invoice": str(line.invoice)}
    return DraftLine(
        code="holdback_release",
        component=None,
        subject=str(line.invoice),
        amount=one.held,
        taxable=line.taxable,
        trace=Trace("holdback_release", values, (Step("held_back", values, one.held),)),
        corrects=line.pk,
    )
