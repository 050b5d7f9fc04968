"""Checking a stored invoice again, by what is known now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.lines import ChargeLine
from billing.periods import Period
from billing.validation import RuleResult, Severity
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError, NotFound
from shared.kernel.wording import worded as _
from tenants.invoices.calculation import BLOCKING, BillingContext, Calculation, calculate
from tenants.invoices.explanation import check_as_json
from tenants.invoices.models import Invoice
from tenants.invoices.selectors import load_contexts
from tenants.invoices.services.recovery import reason_of
from tenants.invoices.stored import stored_inputs, stored_line, stored_totals
from tenants.invoices.validators import RatedPart, Subject, validate

# Corrections follow the invoice they correct; these rules hold for every document.
OF_EVERY_DOCUMENT = ("lines_add_up", "tax_registration_present")
Status = Invoice.DocumentStatus
OPEN = (Status.DRAFT, Status.VALIDATED)
KEPT = (Status.ISSUED, Status.VOID)


def validate_invoice(*, actor: Actor, invoice_id: str) -> Invoice:
    """Check the invoice by its terms, records and registrations as they are now.

    The results are kept with one that is not issued; before approval it becomes a draft where
    an error stands in its way, and validated again where none does. Of an issued one they are
    only answered: the invoice returned carries them. Raises NotFound. Source: `domain.md` 7.
    """
    authorize(actor, "invoices.generate")
    with transaction.atomic():
        invoice = (
            Invoice.objects.select_for_update(of=("self",))
            .select_related("entity", "site", "customer", "contract")
            .filter(invoice_id=invoice_id)
            .first()
        )
        if invoice is None:
            raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
        results = _results(invoice)
        before = [_outcome(check) for check in invoice.checks]
        invoice.checks = [check_as_json(result) for result in results]
        if invoice.document_status not in KEPT:
            changed = [_outcome(check) for check in invoice.checks] != before
            _keep(invoice, results, actor, changed=changed)
    return invoice


def _outcome(check: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a rule found, whatever the digits that its amounts were written with."""
    return (check["name"], check["severity"], check["passed"], check["explanation"])


def _keep(invoice: Invoice, results: Sequence[RuleResult], actor: Actor, *, changed: bool) -> None:
    status = invoice.document_status
    if status in OPEN:
        blocked = any(not one.passed and one.severity in BLOCKING for one in results)
        status = Status.DRAFT if blocked else Status.VALIDATED
    if not changed and status == invoice.document_status:
        return
    before, invoice.document_status = invoice.document_status, status
    invoice.save_changes("checks", "document_status")
    record(
        actor=actor,
        action="invoice.validated",
        target=invoice,
        before={"document_status": before},
        after={
            "document_status": str(status),
            "failed": [one.name for one in results if not one.passed],
        },
    )


def _results(invoice: Invoice) -> tuple[RuleResult, ...]:
    period = Period(invoice.period_start, invoice.period_end)
    (context,) = load_contexts([invoice.contract_id], period, on=invoice.invoice_date, lock=False)
    lines = [stored_line(line) for line in invoice.lines.all()]
    if invoice.kind != Invoice.Kind.REGULAR:
        return validate(_of_correction(invoice, context, lines), only=OF_EVERY_DOCUMENT)
    try:
        again = _calculate_again(invoice, context, period)
    except AppError as error:
        return (_not_calculable(error),)
    choices = context.choices
    subject = _of_invoice(invoice, again, lines)
    return validate(subject, off=choices.off, severities=choices.severities)


def _calculate_again(invoice: Invoice, context: BillingContext, period: Period) -> Calculation:
    """From the same inputs, and from the records where the revenue is what they say."""
    inputs = stored_inputs(invoice.inputs["billing_data"])
    billed, recorded = inputs["revenue_amount"], context.revenue
    if billed is not None and recorded and Decimal(str(billed)) == recorded.net_amount:
        inputs = {name: value for name, value in inputs.items() if name != "revenue_amount"}
    return calculate(context, period, billing_data=inputs, invoice_date=invoice.invoice_date)


def _of_invoice(invoice: Invoice, again: Calculation, lines: Sequence[ChargeLine]) -> Subject:
    """What was calculated again, with the lines and amounts that are kept."""
    parts: list[RatedPart] = []
    start = 0
    for part in again.subject.parts:
        parts.append(replace(part, lines=lines[start : start + len(part.lines)]))
        start += len(part.lines)
    return replace(
        again.subject,
        parts=parts,
        lines=lines,
        totals=stored_totals(invoice),
        due_date=invoice.due_date,
    )


def _of_correction(
    invoice: Invoice, context: BillingContext, lines: Sequence[ChargeLine]
) -> Subject:
    contract = context.contract
    return Subject(
        parts=(),
        lines=lines,
        totals=stored_totals(invoice),
        currency=invoice.currency,
        period=Period(invoice.period_start, invoice.period_end),
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        payment_terms_days=contract.net_days,
        effective_date=contract.effective_date,
        end_date=contract.end_date,
        registered=frozenset(context.registered),
    )


def _not_calculable(error: AppError) -> RuleResult:
    fields = tuple(problem.field for problem in error.errors) or ("billing_data",)
    values: dict[str, Any] = {"reason": reason_of(error).as_json()}
    return RuleResult(
        "calculation_agrees",
        Severity.CRITICAL,
        fields,
        passed=False,
        explanation="not_calculable",
        values=values,
    )
