"""Statements of account: frozen once made, corrected by new ones. Source: `domain.md` 10."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import CodeField, MoneyField, RateField
from shared.kernel.models import RevisedRow, Row
from shared.kernel.triggers import Protect
from shared.keyring.fields import EncryptedJSONField
from tenants.contracts.models import BillingFrequency, Contract, ContractType
from tenants.invoices.models import Invoice
from tenants.payments.models import Payment
from tenants.sites.models import Customer, Site
from tenants.statements import triggers
from tenants.statements.models.runs import StatementRun
from tenants.structure.models import LegalEntity

ZERO = Decimal(0)
BUCKETS = ("age_current", "age_1_30", "age_31_60", "age_61_90", "age_over_90")


class Statement(RevisedRow):
    """What a customer owed a legal entity in one currency over a period.

    Movements carry the sign of their effect on the balance: payments and credits are negative.
    Source: `domain.md` 10, seed 002 (StatementRecords).
    """

    class DeliveryStatus(models.TextChoices):
        """Whether it has reached the customer."""

        PENDING = "pending", _("Not sent")
        REQUESTED = "requested", _("Being sent")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    statement_code = CodeField(_("statement"), prefix="STM", digits=9)
    run = models.ForeignKey(StatementRun, on_delete=models.PROTECT, related_name="statements")
    issue = models.PositiveSmallIntegerField(
        default=0, help_text="0 for the first of its period, then counting its corrections."
    )
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="statements")
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="statements")
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, null=True, blank=True, related_name="statements"
    )
    contract_type = models.CharField(max_length=20, choices=ContractType.choices, blank=True)
    billing_cycle = models.CharField(max_length=10, choices=BillingFrequency.choices, blank=True)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=5)

    period_start = models.DateField(_("period from"))
    period_end = models.DateField(_("period to"))
    statement_date = models.DateField(_("statement date"))
    opening_balance = MoneyField()
    invoiced = MoneyField(help_text="Invoices of the period, with tax.")
    credited = MoneyField(help_text="Credit notes; negative.")
    paid = MoneyField(help_text="Payments less reversed ones; negative where money came in.")
    adjusted = MoneyField(help_text="Write-offs, refunds, voided documents.")
    closing_balance = MoneyField()
    total_amount = MoneyField(help_text="Billed in the period: invoiced and credited.")
    age_current = MoneyField(default=ZERO)
    age_1_30 = MoneyField(default=ZERO)
    age_31_60 = MoneyField(default=ZERO)
    age_61_90 = MoneyField(default=ZERO)
    age_over_90 = MoneyField(default=ZERO)
    open_credit = MoneyField(
        default=ZERO, help_text="Payments and credit notes that no invoice has taken; negative."
    )
    line_count = models.PositiveIntegerField()
    is_detailed = models.BooleanField(default=False)
    parties = EncryptedJSONField(
        label="statements.parties",
        help_text="Supplier and customer as they were: names, addresses, registrations.",
    )

    template_version = models.CharField(max_length=20)
    own_version_id = models.UUIDField(null=True, blank=True)
    fell_back = models.BooleanField(default=False)
    previous_total = MoneyField(null=True, blank=True)
    is_unusual = models.BooleanField(
        default=False, help_text="Far from the last statement: looked at before it is sent."
    )
    delivery_method = models.CharField(max_length=10, choices=StatementRun.Delivery.choices)
    delivery_status = models.CharField(
        max_length=9, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-statement_date", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "entity", "currency", "period_start", "period_end", "issue"],
                name="one_statement_a_period_and_issue",
            ),
            models.CheckConstraint(
                condition=Q(period_end__gte=F("period_start")), name="statement_period_in_order"
            ),
            models.CheckConstraint(
                condition=Q(
                    closing_balance=F("opening_balance")
                    + F("invoiced")
                    + F("credited")
                    + F("paid")
                    + F("adjusted")
                ),
                name="statement_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    closing_balance=F("age_current")
                    + F("age_1_30")
                    + F("age_31_60")
                    + F("age_61_90")
                    + F("age_over_90")
                    + F("open_credit")
                ),
                name="statement_ageing_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(issue=0, replaces__isnull=True)
                | Q(issue__gt=0, replaces__isnull=False),
                name="statement_correction_points_back",
            ),
        )
        indexes = (
            models.Index(fields=["-statement_date", "-id"], name="statement_by_date"),
            models.Index(fields=["customer", "-period_end"], name="statement_by_customer"),
            models.Index(
                fields=["period_end"],
                condition=Q(archived_at__isnull=True),
                name="statement_not_archived",
            ),
        )
        triggers = (triggers.STATEMENT_IS_FROZEN, triggers.STATEMENT_STAYS)

    def __str__(self) -> str:
        return str(self.statement_code)

    @property
    def status(self) -> str:
        """The API's one word: archived, else how far its delivery is, else generated."""
        if self.archived_at is not None:
            return "archived"
        moved = self.delivery_status != self.DeliveryStatus.PENDING
        return str(self.delivery_status) if moved else "generated"

    @property
    def status_label(self) -> Any:
        """The status in words."""
        if self.archived_at is not None:
            return _("Archived")
        if self.delivery_status == self.DeliveryStatus.PENDING:
            return _("Generated")
        return self.get_delivery_status_display()

    @property
    def after_period(self) -> date:
        """The day after the period's last."""
        return self.period_end + timedelta(days=1)

    @property
    def buckets(self) -> tuple[Decimal, ...]:
        """What is open of invoices: not due, then by days overdue up to 30, 60, 90 and more."""
        return tuple(Decimal(getattr(self, name)) for name in BUCKETS)


class StatementLine(Row):
    """A movement of the balance, or, below an invoice, one of its charges or taxes.

    Source: seed 002 (StatementLineItems).
    """

    class ItemType(models.TextChoices):
        """What the line is. Charges and taxes explain the document above them."""

        INVOICE = "invoice", _("Invoice")
        CREDIT = "credit", _("Credit note")
        PAYMENT = "payment", _("Payment")
        REVERSAL = "reversal", _("Payment reversed")
        REFUND = "refund", _("Refund")
        WRITE_OFF = "write_off", _("Write-off")
        ADJUSTMENT = "adjustment", _("Adjustment")
        CHARGE = "charge", _("Charge")
        TAX = "tax", _("Tax")

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    sort_order = models.PositiveIntegerField()
    item_type = models.CharField(max_length=10, choices=ItemType.choices)
    code = models.CharField(max_length=40, blank=True, help_text="Of charges: the line's code.")
    reference = models.CharField(max_length=24, blank=True, help_text="Number of the document.")
    service_description = models.CharField(max_length=500)
    service_period_start = models.DateField()
    service_period_end = models.DateField()
    posted_on = models.DateField()
    quantity = RateField(null=True)
    rate = models.DecimalField(max_digits=19, decimal_places=6, null=True)
    amount = MoneyField()
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="+")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="+")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("statement", "sort_order")
        constraints = (
            models.UniqueConstraint(
                fields=["statement", "sort_order"], name="one_statement_line_a_position"
            ),
        )
        triggers = (
            Protect(
                name="statement_lines_are_append_only",
                operation=pgtrigger.Update | pgtrigger.Delete,
            ),
            triggers.NO_LINES_BEYOND_COUNT,
        )

    def __str__(self) -> str:
        return f"{self.sort_order} {self.item_type}"

    @property
    def is_detail(self) -> bool:
        """Whether it explains a document instead of moving the balance."""
        return self.item_type in (self.ItemType.CHARGE, self.ItemType.TAX)
