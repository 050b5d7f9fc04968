"""What the API takes and answers about invoices. Source: seed 000, `api.md`."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from billing.errors import InvalidPeriod
from billing.periods import Period
from shared.kernel.api.schemas import Fraction, Money, Number, Schema, Worded
from shared.kernel.errors import invalid_fields
from tenants.invoices.json_schema import BillingDataShape

Code = Annotated[str, Field(max_length=20)]
InvoiceStatus = Literal[
    "draft",
    "validated",
    "pending_approval",
    "approved",
    "issued",
    "delivered",
    "partially_paid",
    "unpaid",
    "overdue",
    "paid",
    "credited",
    "void",
]


class PeriodIn(Schema):
    """A billing period, both days included."""

    start_date: date
    end_date: date

    @property
    def period(self) -> Period:
        """The period. Raises Invalid where the end comes before the start."""
        try:
            return Period(self.start_date, self.end_date)
        except InvalidPeriod as error:
            raise invalid_fields(error.problems) from error


class GenerateIn(Schema):
    """Which site and period to bill, and from what; what is left out comes from the records."""

    site_id: Code
    contract_id: Code | None = None
    billing_period: PeriodIn
    billing_data: Annotated[dict[str, Any], BillingDataShape] | None = None
    invoice_date: date | None = None


class LineOut(Schema):
    """One charge, and with `trace` why it is what it is."""

    code: str
    component: int | None = None
    description: str
    quantity: Number | None
    rate: Number | None
    amount: Money
    taxable: bool | list[str]
    trace: dict[str, Any]


class TaxOut(Schema):
    """One tax component."""

    name: str
    rate: Fraction
    base: Money
    amount: Money


class Explanation(Schema):
    """What `?explain=true` adds."""

    currency: str
    subtotal: Money
    lines: list[LineOut]
    taxes: list[TaxOut]


class GeneratedOut(Schema):
    """The invoice, as the integration spec shows it."""

    invoice_id: str
    invoice_number: str | None
    total_amount: Money
    due_date: date
    status: str
    pdf_url: str


class GeneratedExplainedOut(GeneratedOut, Explanation):
    """The invoice with its lines and taxes."""


class InvoiceRow(Schema):
    """An invoice in a list."""

    invoice_id: str
    invoice_number: str | None
    kind: str
    site_id: str
    customer_id: str
    contract_id: str
    status: str
    document_status: str
    payment_status: str
    delivery_status: str
    period_start: date
    period_end: date
    invoice_date: date
    due_date: date
    currency: str
    subtotal: Money
    tax_total: Money
    total_amount: Money
    amount_paid: Money
    amount_credited: Money
    amount_written_off: Money
    balance_due: Money


class RelatedOut(Schema):
    """A document that corrects, releases or replaces another one."""

    invoice_id: str
    invoice_number: str | None
    kind: str
    status: str
    invoice_date: date
    total_amount: Money


class PlacedLineOut(LineOut):
    """A charge with its place on the invoice, by which it is credited."""

    position: int


class InvoiceOut(InvoiceRow):
    """An invoice with lines, taxes, corrections both ways and a link to its PDF."""

    holdback: Money
    amount_disputed: Money
    exchange_rate: Number | None
    exchange_rate_on: date | None
    reason: Worded
    void_reason: str
    voided_on: date | None
    corrects: RelatedOut | None
    corrections: list[RelatedOut]
    lines: list[PlacedLineOut]
    taxes: list[TaxOut]
    pdf_url: str


class PaymentStatusIn(Schema):
    """Money received for an invoice. What it pays follows from the amount."""

    payment_status: Annotated[str, Field(pattern="^(paid|partially_paid|partial)$")]
    payment_date: date
    payment_amount: Money
    payment_method: Annotated[str, Field(max_length=20)]
    transaction_id: Annotated[str, Field(max_length=100)] | None = None


class PaymentStatusOut(Schema):
    """What became of it."""

    status: str
    message: str
    updated_at: datetime
    invoice_id: str
    payment_status: str
    amount_paid: Money
    balance_due: Money
    unapplied_amount: Money


Reason = Annotated[str, Field(max_length=500)]


class LineCreditIn(Schema):
    """What to take back of the line at a position: a quantity, or an amount before tax."""

    position: int
    amount: Money | None = None
    quantity: Number | None = None


class CreditIn(Schema):
    """All that is left, an amount before tax, or chosen lines; issued at once where asked."""

    reason: Reason
    amount: Money | None = None
    lines: Annotated[list[LineCreditIn], Field(max_length=1000)] = []
    invoice_date: date | None = None
    issue: bool = False


class RecalculateIn(Schema):
    """Without `billing_data`, what was billed last, and the revenue of the records."""

    billing_data: Annotated[dict[str, Any], BillingDataShape] | None = None
    invoice_date: date | None = None


class RemakeIn(Schema):
    """Without a date, the draft's own."""

    invoice_date: date | None = None


class ComparedOut(Schema):
    """One charge as it was billed, with corrections, and as it is calculated now."""

    code: str
    component: int | None
    description: str
    billed: Money
    calculated: Money
    difference: Money


class RecalculationOut(Schema):
    """`unchanged`, or the kind of the draft that puts the difference right.

    `credit_kept` is what was credited by hand, before tax: it stays given, and `note` says so.
    """

    result: Literal["unchanged", "adjustment", "credit_note"]
    difference: Money
    credit_kept: Money
    note: str
    lines: list[ComparedOut]
    correction: InvoiceOut | None


class VoidIn(Schema):
    """Why it is void."""

    reason: Reason


class WriteOffIn(Schema):
    """How much is given up (all that is open), when (today) and why."""

    reason: Reason
    amount: Money | None = None
    on: date | None = None


class ReleaseIn(Schema):
    """Of a contract, all that is held back or that of the named invoices."""

    contract_id: Code
    invoice_ids: Annotated[list[Code], Field(max_length=1000)] = []
    on: date | None = None
    early: Annotated[
        bool,
        Field(
            description="Release before the lien period has run; without it that is refused (422)."
        ),
    ] = False
    reason: Annotated[str, Field(max_length=500, description="Why early; kept and audited.")] = ""
    issue: bool = False


class InvoiceActOut(Schema):
    """One act on an invoice."""

    at: datetime
    actor: str
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
