"""What the API takes and answers about invoices. Source: seed 000, `api.md`."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from billing.errors import InvalidPeriod
from billing.periods import Period
from shared.kernel.api.schemas import Fraction, Money, Number, Schema
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
    balance_due: Money


class InvoiceOut(InvoiceRow):
    """An invoice with lines, taxes and a link to its PDF."""

    lines: list[LineOut]
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
