"""What the API takes and answers about payments and files of payments."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from shared.kernel.api.pagination import Paging
from shared.kernel.api.schemas import Money, Number, Schema, Worded
from tenants.payments.models import Allocation, PaymentFile, PaymentFileLine, Refund
from tenants.payments.selectors.files import counts_of
from tenants.payments.services import Part

InvoiceCode = Annotated[str, Field(max_length=20)]
CurrencyCode = Annotated[str, Field(pattern="^[A-Z]{3}$")]
MethodName = Annotated[str, Field(max_length=20)]
PARTS = Field(min_length=1, max_length=500)


class PartIn(Schema):
    """An invoice and what it takes; without an amount as much as it needs and there is."""

    invoice_id: InvoiceCode
    amount: Money | None = None

    def part(self) -> Part:
        """The same for the service."""
        return Part(self.invoice_id, self.amount)


class PaymentIn(Schema):
    """Money from a customer. Without `invoices` the rules choose, unless `apply` is none."""

    customer_id: Annotated[str, Field(max_length=20)]
    amount: Money
    currency: CurrencyCode | None = None
    received_on: date
    method: MethodName
    reference: Annotated[str, Field(max_length=200)] = ""
    payer: Annotated[str, Field(max_length=200)] = ""
    transaction_id: Annotated[str, Field(max_length=100)] | None = None
    invoices: Annotated[list[PartIn], PARTS] | None = None
    apply: Literal["automatic", "none"] = "automatic"


class ApplyIn(Schema):
    """The invoices to apply to; without any the rules choose."""

    invoices: Annotated[list[PartIn], PARTS] | None = None


class ApplyCreditIn(Schema):
    """The invoices that a credit note is to settle."""

    invoices: Annotated[list[PartIn], PARTS]


class UnapplyIn(Schema):
    """The invoices to take the payment back from; without any all of them."""

    invoice_ids: Annotated[list[InvoiceCode], PARTS] | None = None


class RefundIn(Schema):
    """Money given back; the day is today unless given."""

    amount: Money
    method: MethodName
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    refunded_on: date | None = None
    transaction_id: Annotated[str, Field(max_length=100)] | None = None


class ReverseIn(Schema):
    """Why the payment turned out not to be one."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class UndoRefundIn(Schema):
    """Why the refund is taken back: the bank returned it, or it was recorded by mistake."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class AllocationOut(Schema):
    """A part of a payment that settled an invoice, and what chose it; negative: taken back."""

    invoice_id: str
    invoice_number: str | None
    amount: Money
    applied_on: date
    rule: str
    rule_detail: str

    @staticmethod
    def of(row: Allocation) -> "AllocationOut":
        """The answer about an allocation."""
        return AllocationOut(
            invoice_id=row.invoice.invoice_id,
            invoice_number=row.invoice.number,
            amount=row.amount,
            applied_on=row.applied_on,
            rule=row.rule,
            rule_detail=row.rule_detail,
        )


class RefundOut(Schema):
    """Money given back; `undoes` names the refund that a negative one takes back."""

    refund_id: str
    amount: Money
    currency: str
    refunded_on: date
    method: str
    reason: Worded
    transaction_id: str | None
    undoes: str | None

    @staticmethod
    def of(row: Refund) -> "RefundOut":
        """The answer about a refund."""
        return RefundOut(
            refund_id=row.refund_id,
            amount=row.amount,
            currency=row.currency,
            refunded_on=row.refunded_on,
            method=row.method,
            reason=row.reason,
            transaction_id=row.transaction_id,
            undoes=row.reverses.refund_id if row.reverses else None,
        )


class PaymentRowOut(Schema):
    """A payment in a list."""

    payment_id: str
    customer_id: str
    customer_name: str
    received_on: date
    amount: Money
    currency: str
    method: str
    reference: str
    payer: str
    transaction_id: str | None
    unapplied_amount: Money
    reversed_on: date | None

    @staticmethod
    def values(row: Any) -> dict[str, Any]:
        """The values of an annotated payment."""
        reversal = getattr(row, "reversal", None)
        return {
            "payment_id": row.payment_id,
            "customer_id": row.customer.customer_id,
            "customer_name": row.customer.name,
            "received_on": row.received_on,
            "amount": row.amount,
            "currency": row.currency,
            "method": row.method,
            "reference": row.reference,
            "payer": row.payer,
            "transaction_id": row.transaction_id,
            "unapplied_amount": row.unapplied,
            "reversed_on": reversal.reversed_on if reversal else None,
        }


class PaymentOut(PaymentRowOut):
    """A payment with what it settled and what went back.

    `exchange_rate` turns its currency into `base_currency`, the books'; null where they are one.
    """

    exchange_rate: Number | None
    base_currency: str
    realised_gain: Money
    reversal_reason: Worded
    allocations: list[AllocationOut]
    refunds: list[RefundOut]

    @staticmethod
    def of(row: Any, gains: dict[UUID, Decimal]) -> "PaymentOut":
        """The answer about a payment."""
        reversal = getattr(row, "reversal", None)
        allocations = row.allocations.select_related("invoice").order_by("created_at", "pk")
        return PaymentOut(
            **PaymentRowOut.values(row),
            exchange_rate=row.exchange_rate,
            base_currency=row.base_currency,
            realised_gain=sum(gains.values(), Decimal(0)),
            reversal_reason=reversal.reason if reversal else "",
            allocations=[AllocationOut.of(one) for one in allocations],
            refunds=[RefundOut.of(one) for one in row.refunds.select_related("reverses")],
        )


class PaymentFilters(Paging):
    """Which payments."""

    q: Annotated[str, Field(max_length=100)] = ""
    method: MethodName = ""
    customer_id: Annotated[str, Field(max_length=20)] = ""
    unapplied: bool = False


class ShareOut(Schema):
    """What the rules would apply to an invoice."""

    invoice_id: str
    amount: Money
    rule: str
    rule_detail: str


class CreditNoteOut(Schema):
    """A credit note and what it still gives, as a positive amount."""

    invoice_id: str
    number: str | None
    currency: str
    left: Money


class FileOut(Schema):
    """A file of payments and how many lines are how far."""

    file_id: UUID
    name: str
    format: str
    status: str
    created_at: datetime
    outgoing: int
    lines: dict[str, int]

    @staticmethod
    def of(*files: PaymentFile) -> "list[FileOut]":
        """The answers about files."""
        counts = counts_of(files)
        return [
            FileOut(
                file_id=file.pk,
                name=file.name,
                format=file.format,
                status=file.status,
                created_at=file.created_at,
                outgoing=file.outgoing,
                lines=counts[file.pk],
            )
            for file in files
        ]


class FileLineOut(Schema):
    """A line of a file: `match` says by what its customer was found."""

    line_id: UUID
    position: int
    status: str
    received_on: date | None
    amount: Money | None
    currency: str
    reference: str
    payer: str
    transaction_id: str
    match: str
    customer_id: str | None
    payment_id: str | None
    problem: Worded

    @staticmethod
    def of(line: PaymentFileLine) -> "FileLineOut":
        """The answer about a line; an amount finer than any currency is told as none."""
        fits = line.amount is not None and round(line.amount, 4) == line.amount
        return FileLineOut(
            line_id=line.pk,
            position=line.position,
            status=line.status,
            received_on=line.received_on,
            amount=round(line.amount, 4) if fits and line.amount is not None else None,
            currency=line.currency,
            reference=line.reference,
            payer=line.payer,
            transaction_id=line.transaction_id,
            match=line.match,
            customer_id=line.customer.customer_id if line.customer else None,
            payment_id=line.payment.payment_id if line.payment else None,
            problem=line.problem,
        )


class LineFilters(Paging):
    """Which lines of a file."""

    status: PaymentFileLine.Status | None = None


class AssignIn(Schema):
    """Whose payment a line is."""

    customer_id: Annotated[str, Field(max_length=20)]
