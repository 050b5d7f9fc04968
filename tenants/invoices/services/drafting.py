"""Writing the draft of a document that follows from another one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

import msgspec

from billing.holdback import HOLDBACK_CODES
from billing.lines import ChargeLine, LineCode, Trace
from billing.tax import TaxAmount
from shared.kernel.actor import Actor
from shared.kernel.clock import today
from shared.kernel.codes import next_code
from shared.kernel.errors import FieldError, Invalid, NotFound, Text
from shared.kernel.wording import worded as _
from tenants.invoices.dating import DATED_AHEAD_MAX
from tenants.invoices.models import Invoice, InvoiceLine, InvoiceTax
from tenants.ledger.periods import refuse_closed
from tenants.ledger.rates import book_rate

ZERO = Decimal(0)
REASON_MAX = 500


@dataclass(frozen=True)
class DraftLine:
    """A line of a correction; `corrects` is the line it corrects, where there is one."""

    code: str
    component: int | None
    subject: str
    amount: Decimal
    taxable: Any
    trace: Trace
    corrects: UUID | None
    quantity: Decimal | None = None
    rate: Decimal | None = None

    def as_charge(self) -> ChargeLine:
        """The line as the computation of taxes takes it."""
        return ChargeLine(
            code=cast(LineCode, self.code),
            description=self.subject,
            quantity=self.quantity,
            rate=self.rate,
            amount=self.amount,
            taxable=tuple(self.taxable) if isinstance(self.taxable, list) else self.taxable,
            component=self.component,
            trace=self.trace,
        )


@dataclass(frozen=True)
class Correction:
    """What is to be stored, of the invoice `basis` that it follows from."""

    basis: Invoice
    kind: Invoice.Kind
    lines: Sequence[DraftLine]
    taxes: Sequence[TaxAmount]
    invoice_date: date
    due_date: date
    reason: Text
    inputs: Mapping[str, Any]
    digest: str = ""


def lock_invoice(invoice_id: str) -> Invoice:
    """The invoice of that public id, locked until the transaction ends. Raises NotFound."""
    invoice = (
        Invoice.objects.select_for_update(of=("self",))
        .select_related("entity", "site", "customer", "contract")
        .filter(invoice_id=invoice_id)
        .first()
    )
    if invoice is None:
        raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
    return invoice


def checked_reason(reason: str) -> str:
    """The reason without blanks around it. Raises Invalid where there is none."""
    text = reason.strip()
    if not text:
        raise Invalid(errors=[FieldError("reason", "required", _("Say why."))])
    if len(text) > REASON_MAX:
        message = _("At most 500 characters.")
        raise Invalid(errors=[FieldError("reason", "too_long", message)])
    return text


def checked_date(original: Invoice, given: date | None) -> date:
    """The correction's day, today unless given. Raises Invalid, PeriodClosed.

    Not before the invoice that it corrects, and at most a month ahead: it settles at once.
    """
    dated = given or max(today(), original.invoice_date)
    if dated < original.invoice_date:
        message = _("It cannot be dated before the invoice it corrects (%(day)s).")
        text = message % {"day": original.invoice_date}
        raise Invalid(errors=[FieldError("invoice_date", "too_early", text)])
    if dated > max(today() + DATED_AHEAD_MAX, original.invoice_date):
        message = _("It cannot be dated more than a month ahead.")
        raise Invalid(errors=[FieldError("invoice_date", "too_late", message)])
    refuse_closed([(original.entity_id, dated)], field="invoice_date")
    return dated


def store_correction(*, actor: Actor, correction: Correction) -> Invoice:
    """Store the draft with lines and taxes, in the caller's transaction.

    A credit note keeps the exchange rate of what it corrects; any other document has the rate of
    its own day. The caller has authorised the actor, locked the basis and records the act.
    """
    basis, is_credit = correction.basis, correction.kind == Invoice.Kind.CREDIT_NOTE
    subtotal = sum((line.amount for line in correction.lines), ZERO)
    tax_total = sum((tax.amount for tax in correction.taxes), ZERO)
    held = sum((line.amount for line in correction.lines if line.code in HOLDBACK_CODES), ZERO)
    invoice = Invoice(
        invoice_id=next_code(Invoice, "invoice_id"),
        kind=correction.kind,
        contract=basis.contract,
        site=basis.site,
        customer=basis.customer,
        entity=basis.entity,
        corrects=None if correction.kind == Invoice.Kind.HOLDBACK_RELEASE else basis,
        contract_type=basis.contract_type,
        period_start=basis.period_start,
        period_end=basis.period_end,
        invoice_date=correction.invoice_date,
        due_date=correction.due_date,
        currency=basis.currency,
        subtotal=subtotal,
        tax_total=tax_total,
        total=subtotal + tax_total,
        holdback=-held,
        reason=correction.reason,
        inputs=dict(correction.inputs),
        inputs_digest=correction.digest or digest_of(correction.inputs),
        parties=basis.parties,
        document_status=Invoice.DocumentStatus.VALIDATED,
        created_by=actor.label[:200],
        creator=f"{actor.kind}:{actor.id}"[:100],
    )
    _set_rate(invoice, basis if is_credit else None)
    invoice.save(force_insert=True)
    _store_rows(invoice, correction)
    return invoice


def digest_of(value: Mapping[str, Any]) -> str:
    """Equal for equal plain values."""
    return sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def _set_rate(invoice: Invoice, credited: Invoice | None) -> None:
    if credited is not None:
        invoice.exchange_rate = credited.exchange_rate
        invoice.exchange_rate_on = credited.exchange_rate_on
        invoice.exchange_rate_source = credited.exchange_rate_source
        invoice.base_currency = credited.base_currency
        return
    books = book_rate(invoice.currency, invoice.entity.currency, invoice.invoice_date)
    invoice.exchange_rate = books.rate if books.on else None
    invoice.exchange_rate_on, invoice.exchange_rate_source = books.on, books.source
    invoice.base_currency = books.base_currency


def _store_rows(invoice: Invoice, correction: Correction) -> None:
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice,
            corrects_id=line.corrects,
            position=position,
            code=line.code,
            component=line.component,
            subject=line.subject,
            quantity=line.quantity,
            rate=line.rate,
            amount=line.amount,
            taxable=line.taxable,
            trace=line.trace.as_json(),
        )
        for position, line in enumerate(correction.lines, start=1)
    )
    InvoiceTax.objects.bulk_create(
        InvoiceTax(
            invoice=invoice,
            position=position,
            name=tax.name,
            rate=tax.rate,
            base=tax.base,
            amount=tax.amount,
        )
        for position, tax in enumerate(correction.taxes, start=1)
    )
