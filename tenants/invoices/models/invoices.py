"""Invoices: calculated, explained, numbered once, then frozen by the database.

Three things move on after the issue and have their own fields: document, delivery and payment
status; the API's one `status` is derived from them. Source: `domain.md` 6, `architecture.md` 8.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from shared.kernel.clock import today
from shared.kernel.fields import (
    CodeField,
    ExactJSONField,
    FractionField,
    MoneyField,
    RateField,
    WordingField,
)
from shared.kernel.models import RevisedRow, Row
from shared.keyring.fields import EncryptedJSONField
from tenants.contracts.models import Contract
from tenants.invoices import triggers
from tenants.invoices.standing import derive_status, status_label
from tenants.sites.models import Customer, Site
from tenants.structure.models import LegalEntity


class NumberSeries(Row):
    """The last number given out for a prefix and year.

    The row is locked by the transaction that issues, so a rollback gives the number back:
    the series has no gap. Source: `domain.md` 1.
    """

    prefix = models.CharField(max_length=9)
    year = models.PositiveSmallIntegerField()
    last_sequence = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["prefix", "year"], name="one_series_a_year"),
        )
        triggers = (triggers.NUMBERS_ONLY_GROW,)

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}"


class Invoice(RevisedRow):
    """A contract billed for a period, or a correction that points at the original."""

    class Kind(models.TextChoices):
        """What the document is."""

        REGULAR = "regular", _("Invoice")
        ADJUSTMENT = "adjustment", _("Adjustment invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")
        HOLDBACK_RELEASE = "holdback_release", _("Holdback release")

    class DocumentStatus(models.TextChoices):
        """How far the document itself is."""

        DRAFT = "draft", _("Draft")
        VALIDATED = "validated", _("Validated")
        PENDING_APPROVAL = "pending_approval", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        ISSUED = "issued", _("Issued")
        VOID = "void", _("Void")

    class PaymentStatus(models.TextChoices):
        """How much of it is settled; `credited` where credit notes alone settled it."""

        UNPAID = "unpaid", _("Unpaid")
        PARTIALLY_PAID = "partially_paid", _("Partly paid")
        PAID = "paid", _("Paid")
        CREDITED = "credited", _("Credited")

    class DeliveryStatus(models.TextChoices):
        """Whether it has reached the customer."""

        PENDING = "pending", _("Not sent")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    invoice_id = CodeField(_("invoice"), prefix="INV", digits=9)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.REGULAR)
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="invoices", db_index=False
    )
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, related_name="invoices", db_index=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="invoices", db_index=False
    )
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="invoices")
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    contract_type = models.CharField(max_length=20)

    number = models.CharField(_("number"), max_length=24, null=True, blank=True, unique=True)
    number_prefix = models.CharField(max_length=9, blank=True)
    number_year = models.PositiveSmallIntegerField(null=True)
    number_sequence = models.PositiveIntegerField(null=True)

    period_start = models.DateField(_("period from"))
    period_end = models.DateField(_("period to"))
    invoice_date = models.DateField(_("invoice date"))
    due_date = models.DateField(_("due date"))
    currency = models.CharField(max_length=3)
    subtotal = MoneyField()
    tax_total = MoneyField()
    total = MoneyField()
    holdback = MoneyField(
        default=Decimal(0), help_text="Kept back of this invoice, before tax; not in the total."
    )
    exchange_rate = models.DecimalField(
        max_digits=18,
        decimal_places=8,
        null=True,
        blank=True,
        help_text="One unit of the currency in the entity's; empty where it is the same.",
    )
    exchange_rate_on = models.DateField(null=True, blank=True)
    exchange_rate_source = models.CharField(max_length=40, blank=True)
    base_currency = models.CharField(
        max_length=3, blank=True, help_text="The currency its journal entries are kept in."
    )
    reason = WordingField(max_length=500, blank=True, help_text="Why a correction was made.")
    inputs = ExactJSONField(help_text="The billing data that the lines were calculated from.")
    inputs_digest = models.CharField(max_length=64)
    parties = EncryptedJSONField(
        label="invoices.parties",
        help_text="Supplier, buyer and site as they were: names, addresses, registrations.",
    )
    checks: "models.JSONField[Any, Any]" = models.JSONField(default=list)

    document_status = models.CharField(
        max_length=16, choices=DocumentStatus.choices, default=DocumentStatus.DRAFT
    )
    payment_status = models.CharField(
        max_length=16, choices=PaymentStatus.choices, default=PaymentStatus.UNPAID
    )
    delivery_status = models.CharField(
        max_length=12, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING
    )
    amount_paid = MoneyField(default=Decimal(0))
    amount_credited = MoneyField(default=Decimal(0))
    amount_written_off = MoneyField(default=Decimal(0))
    amount_disputed = MoneyField(default=Decimal(0))
    voided_on = models.DateField(null=True, blank=True)
    void_reason = models.CharField(max_length=500, blank=True)
    created_by = models.CharField(max_length=200, blank=True)
    creator = models.CharField(
        max_length=100, blank=True, help_text="Kind and id of who made it; a run's by its key."
    )
    issued_by = models.CharField(max_length=200, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-invoice_date", "-invoice_id")
        indexes = (
            models.Index(fields=["-invoice_date", "-id"], name="invoice_by_date"),
            # These three begin with a foreign key, which has no index of its own therefore.
            models.Index(fields=["contract", "-period_end"], name="invoice_by_contract"),
            models.Index(fields=["customer", "-invoice_date"], name="invoice_by_customer"),
            models.Index(fields=["site", "-invoice_date"], name="invoice_by_site"),
            models.Index(
                fields=["due_date"],
                condition=Q(document_status="issued")
                & Q(payment_status__in=("unpaid", "partially_paid")),
                name="invoice_open_by_due_date",
            ),
            # The home page sums twelve months and one month from these alone.
            models.Index(
                fields=["invoice_date"],
                include=["currency", "contract_type", "subtotal"],
                condition=Q(document_status="issued"),
                name="invoice_revenue_by_date",
            ),
            models.Index(
                fields=["period_end"],
                include=[
                    "contract",
                    "period_start",
                    "kind",
                    "document_status",
                    "payment_status",
                    "currency",
                    "total",
                    "amount_paid",
                    "amount_credited",
                    "amount_written_off",
                ],
                name="invoice_by_period",
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(
                    document_status__in=("draft", "validated", "pending_approval", "approved")
                ),
                name="invoice_unissued",
            ),
            models.Index(
                fields=["voided_on"],
                condition=Q(document_status="void"),
                name="invoice_void_by_day",
            ),
            models.Index(
                fields=["issued_at"],
                condition=Q(issued_at__isnull=False),
                name="invoice_by_issue",
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(period_end__gte=F("period_start")), name="invoice_period_in_order"
            ),
            models.CheckConstraint(
                condition=Q(total=F("subtotal") + F("tax_total")), name="invoice_total_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(total__gte=0, amount_paid__gte=0, amount_credited__gte=0)
                & Q(amount_written_off__gte=0)
                & Q(total__gte=F("amount_paid") + F("amount_credited") + F("amount_written_off"))
                | Q(total__lt=0, amount_paid__lte=0, amount_credited__lte=0)
                & Q(amount_written_off=0)
                & Q(total__lte=F("amount_paid") + F("amount_credited")),
                name="invoice_never_settled_twice",
            ),
            models.CheckConstraint(
                condition=Q(document_status="issued")
                | Q(amount_paid=0, amount_credited=0, amount_written_off=0),
                name="invoice_settled_once_issued",
            ),
            models.CheckConstraint(
                condition=Q(amount_disputed__gte=0), name="invoice_disputed_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(document_status="void", voided_on__isnull=False)
                | Q(document_status="void", number__isnull=True)
                | ~Q(document_status="void") & Q(voided_on__isnull=True),
                name="invoice_void_has_day",
            ),
            models.CheckConstraint(
                condition=Q(kind="regular")
                | Q(corrects__isnull=False)
                | Q(kind="holdback_release"),
                name="invoice_correction_points_back",
            ),
            models.CheckConstraint(
                condition=Q(document_status__in=("issued", "void"), number__isnull=False)
                | Q(document_status="void", number__isnull=True)
                | (~Q(document_status__in=("issued", "void")) & Q(number__isnull=True)),
                name="invoice_number_when_issued",
            ),
            models.UniqueConstraint(
                fields=["number_prefix", "number_year", "number_sequence"],
                condition=Q(number__isnull=False),
                name="invoice_number_once",
            ),
            ExclusionConstraint(
                name="one_live_invoice_a_period",
                condition=Q(kind="regular") & ~Q(document_status="void"),
                expressions=[
                    (Func("contract", "contract", Value("[]"), function="uuid_range"), "&&"),
                    (
                        Func(
                            "period_start",
                            "period_end",
                            RangeBoundary(inclusive_lower=True, inclusive_upper=True),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
            ),
        )
        triggers = (triggers.ISSUED_INVOICE_IS_FROZEN, triggers.ISSUED_INVOICE_STAYS)

    def __str__(self) -> str:
        return self.number or self.invoice_id

    @property
    def status(self) -> str:
        """The API's one word, derived from document, payment and delivery status."""
        return derive_status(self.document_status, self.payment_status, self.delivery_status)

    @property
    def status_label(self) -> Any:
        """The derived status in words."""
        return status_label(self)

    @property
    def balance_due(self) -> Decimal:
        """What is still open; of a credit note what is still to be given, a negative amount."""
        settled = (self.amount_paid, self.amount_credited, self.amount_written_off)
        return Decimal(self.total) - sum(map(Decimal, settled), Decimal(0))

    @property
    def undisputed_due(self) -> Decimal:
        """What the customer is asked for: the open amount they do not object to, never below 0."""
        return max(self.balance_due - Decimal(self.amount_disputed), Decimal(0))

    def derive_payment_status(self) -> str:
        """The payment status that the settled amounts add up to."""
        status = Invoice.PaymentStatus
        if self.balance_due == self.total and self.total:
            return status.UNPAID
        if self.balance_due:
            return status.PARTIALLY_PAID
        return status.CREDITED if self.amount_credited == self.total and self.total else status.PAID

    def is_overdue(self, on: date) -> bool:
        """Issued, not paid, and past its due date."""
        open_to_pay = self.payment_status in OPEN_PAYMENT and self.kind != self.Kind.CREDIT_NOTE
        issued = self.document_status == self.DocumentStatus.ISSUED
        return issued and open_to_pay and self.due_date < on

    @property
    def is_overdue_today(self) -> bool:
        """The same, as of the organisation's present day."""
        return self.is_overdue(today())


OPEN_PAYMENT = (Invoice.PaymentStatus.UNPAID, Invoice.PaymentStatus.PARTIALLY_PAID)
# Issued and not settled: the index of open invoices is by exactly this.
IS_OPEN = Q(document_status=Invoice.DocumentStatus.ISSUED, payment_status__in=OPEN_PAYMENT)
OPEN_AMOUNT = F("total") - F("amount_paid") - F("amount_credited") - F("amount_written_off")


class InvoiceLine(Row):
    """One charge with the trace that explains it."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    position = models.PositiveIntegerField()
    code = models.CharField(max_length=40)
    component = models.PositiveSmallIntegerField(null=True)
    subject = models.CharField(
        max_length=500, blank=True, help_text="What people named it: job code, cost, charge."
    )
    quantity = RateField(null=True)
    rate = models.DecimalField(max_digits=19, decimal_places=6, null=True)
    amount = MoneyField()
    taxable: "models.JSONField[Any, Any]" = models.JSONField(default=bool)
    trace: "models.JSONField[Any, Any]" = models.JSONField()

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["invoice", "position"], name="one_line_a_position"),
        )
        triggers = (triggers.LINES_OF_ISSUED_ARE_FROZEN, triggers.NO_LINES_ADDED_TO_ISSUED)

    def __str__(self) -> str:
        return f"{self.position} {self.code}"


class InvoiceTax(Row):
    """One tax component: its rate, what it was charged on and how much it is."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="taxes")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=10)
    rate = FractionField()
    base = MoneyField()
    amount = MoneyField()

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["invoice", "name"], name="one_row_a_component"),
        )
        triggers = (triggers.TAXES_OF_ISSUED_ARE_FROZEN, triggers.NO_TAXES_ADDED_TO_ISSUED)

    def __str__(self) -> str:
        return self.name
