"""One contract, one period, one invoice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction

from billing.periods import Frequency, Period, calendar_period
from shared.audit.services import record, record_many
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from tenants.contracts.models import Contract
from tenants.contracts.selectors import current_terms, resolve_contract
from tenants.invoices.calculation import BillingContext, Calculation, calculate
from tenants.invoices.dating import (
    check_aligned,
    check_far_ahead,
    several_stretches,
    usual_date,
)
from tenants.invoices.errors import AlreadyInvoiced, NotIssuable
from tenants.invoices.explanation import check_sentence
from tenants.invoices.models import Invoice
from tenants.invoices.selectors import live_invoices_of, load_contexts
from tenants.invoices.selectors.runs import DueContract, unbilled_stretches
from tenants.invoices.services.issuing import issue_calculated
from tenants.invoices.services.recovery import close_reviews
from tenants.invoices.services.storing import generated_acts, store_invoices
from tenants.ledger.periods import refuse_closed


@dataclass(frozen=True)
class GeneratedInvoice:
    """The invoice, and whether this call made it."""

    invoice: Invoice
    created: bool


def generate_invoice(
    *,
    actor: Actor,
    site_id: str,
    period: Period,
    contract_id: str | None = None,
    billing_data: Mapping[str, object] | None = None,
    invoice_date: date | None = None,
    issue: bool = True,
    render: bool = True,
) -> GeneratedInvoice:
    """Calculate, check, store and (unless told otherwise) issue the invoice of a period.

    Its PDF is rendered by a worker; without `render` when somebody first opens it.

    The same inputs again give the same invoice; different ones raise AlreadyInvoiced, which
    points at it. The invoice date is the period's last day unless given, at most a month ahead;
    the period lies inside one of the contract's frequency. Raises NotFound, Conflict,
    PeriodClosed or Invalid, and then nothing was stored. Source: `domain.md` 3 and 6.
    """
    authorize(actor, "invoices.generate")
    if issue:
        authorize(actor, "invoices.issue")
    contract_pk = resolve_contract(site_id=site_id, contract_id=contract_id).pk
    with transaction.atomic():
        context = _locked(contract_pk, period, invoice_date)
        existing = live_invoices_of([contract_pk], period).get(contract_pk)
        if existing is None:
            _check_period(context, period, invoice_date)
        calculation = calculate(
            context, period, billing_data=billing_data, invoice_date=invoice_date
        )
        if existing is not None:
            return GeneratedInvoice(_same_or_refuse(existing, calculation), created=False)
        refuse_blocked(calculation)
        company = calculation.context.entity.pk
        refuse_closed([(company, calculation.invoice_date)], field="invoice_date")
        if issue:
            (invoice,), acts = issue_calculated(
                actor=actor, calculations=[calculation], render=render
            )
        else:
            (invoice,) = store_invoices(actor=actor, calculations=[calculation])
            acts = generated_acts([invoice])
        close_reviews(actor=actor, billed=_settled(context, period))
        record_many(actor=actor, acts=acts)
    return GeneratedInvoice(invoice, created=True)


def preview_invoice(
    *,
    actor: Actor,
    site_id: str,
    period: Period,
    contract_id: str | None = None,
    billing_data: Mapping[str, object] | None = None,
    invoice_date: date | None = None,
) -> Calculation:
    """What generate_invoice would store; nothing is written. Raises as it does."""
    authorize(actor, "invoices.generate")
    contract_pk = resolve_contract(site_id=site_id, contract_id=contract_id).pk
    with transaction.atomic():
        context = _locked(contract_pk, period, invoice_date)
        is_new = not live_invoices_of([contract_pk], period)
        if is_new:
            _check_period(context, period, invoice_date)
        calculation = calculate(
            context, period, billing_data=billing_data, invoice_date=invoice_date
        )
        if is_new:
            refuse_closed([(context.entity.pk, calculation.invoice_date)], field="invoice_date")
        return calculation


def discard_draft(*, actor: Actor, invoice_id: str, expected_revision: int | None = None) -> None:
    """Delete an invoice that was never issued, which frees its period.

    Raises NotFound, NotIssuable for one that has its number, PreconditionFailed when stale.
    """
    authorize(actor, "invoices.generate")
    with transaction.atomic():
        invoice = Invoice.objects.select_for_update().filter(invoice_id=invoice_id).first()
        if invoice is None:
            raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
        invoice.require_revision(expected_revision)
        if invoice.number is not None:
            raise NotIssuable(
                _("%(number)s is issued and stays; correct it with a credit note.")
                % {"number": invoice.number}
            )
        reference = invoice.invoice_id
        invoice.delete()
        record(
            actor=actor,
            action="invoice.discarded",
            target=invoice,
            before={"invoice_id": reference, "total": str(invoice.total)},
        )


def calculate_open(context: BillingContext, stretches: tuple[Period, ...]) -> Calculation:
    """What a run bills a contract: the one stretch of days that no invoice bills yet.

    Raises Invalid where there are several, which only a person can bill, and where a check failed.
    """
    if len(stretches) > 1:
        raise several_stretches(stretches)
    (period,) = stretches
    calculation = calculate(context, period, invoice_date=usual_date(period))
    refuse_blocked(calculation)
    return calculation


def refuse_blocked(calculation: Calculation) -> None:
    """Raise Invalid where a check failed that stands in the way of an issue."""
    failed = calculation.blocking_checks
    if failed:
        currency = calculation.context.contract.currency
        raise Invalid(
            _("The invoice failed a check and was not stored."),
            errors=[
                FieldError(
                    next(iter(check.fields), "invoice"),
                    check.name,
                    check_sentence(check, currency),
                )
                for check in failed
            ],
        )


def _locked(contract_pk: UUID, period: Period, invoice_date: date | None) -> BillingContext:
    (context,) = load_contexts([contract_pk], period, on=invoice_date or period.end_date)
    if context.contract.status == Contract.Status.DRAFT:
        raise Conflict(
            _("The contract %(id)s is a draft. Activate it first.")
            % {"id": context.contract.contract_id}
        )
    return context


def _check_period(context: BillingContext, period: Period, invoice_date: date | None) -> None:
    check_aligned(context.contract, period)
    check_far_ahead(period, invoice_date or period.end_date)


def _settled(context: BillingContext, period: Period) -> list[tuple[UUID, Period]]:
    """The period, and that of the calendar which it may have been the last open part of."""
    contract = context.contract
    frequency = Frequency(current_terms(contract, period.end_date).billing_frequency)
    whole = calendar_period(frequency, period.end_date)
    due = DueContract(contract.pk, frequency, contract.effective_date, contract.end_date)
    settled = [] if whole == period or unbilled_stretches([due], whole)[contract.pk] else [whole]
    return [(contract.pk, one) for one in (period, *settled)]


def _same_or_refuse(existing: Invoice, calculation: Calculation) -> Invoice:
    same_period = (existing.period_start, existing.period_end) == (
        calculation.period.start_date,
        calculation.period.end_date,
    )
    if same_period and existing.inputs_digest == calculation.inputs_digest:
        return Invoice.objects.select_related("site", "entity").get(pk=existing.pk)
    values = {
        "id": existing.number or existing.invoice_id,
        "start": existing.period_start,
        "end": existing.period_end,
    }
    if same_period:
        message = _(
            "%(id)s already bills %(start)s to %(end)s from other inputs. "
            "Recalculate it to correct it."
        )
    else:
        message = _("%(id)s already bills %(start)s to %(end)s, which overlaps.")
    raise AlreadyInvoiced(
        message % values,
        errors=[FieldError("billing_period", "already_invoiced", message % values)],
        extra={
            "invoice_id": existing.invoice_id,
            "recalculate": f"/api/v1/billing/invoices/{existing.invoice_id}/recalculate",
        },
    )
