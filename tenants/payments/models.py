"""Money received and what settles invoices. All append-only: a correction is a new row."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import CodeField, MoneyField
from shared.kernel.models import Row
from shared.kernel.triggers import Protect
from tenants.invoices.models import Invoice
from tenants.sites.models import Customer
from tenants.structure.models import LegalEntity


def _append_only(name: str) -> Protect:
    return Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


class Method(models.TextChoices):
    """How money moves."""

    ACH = "ACH", _("Bank transfer (ACH, EFT)")
    CHEQUE = "cheque", _("Cheque")
    CARD = "card", _("Card")
    CASH = "cash", _("Cash")
    INTERAC = "interac", _("Interac e-Transfer")
    WIRE = "wire", _("Wire")
    PAD = "pad", _("Pre-authorised debit")
    OTHER = "other", _("Other")


class Payment(Row):
    """What a customer paid. The part that no invoice takes is unapplied credit."""

    Method = Method

    payment_id = CodeField(_("payment"), prefix="PAY", digits=9)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payments")
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="payments")
    received_on = models.DateField(_("received on"))
    amount = MoneyField(_("amount"))
    currency = models.CharField(max_length=3)
    exchange_rate = models.DecimalField(max_digits=18, decimal_places=8, null=True, blank=True)
    base_currency = models.CharField(max_length=3, blank=True)
    method = models.CharField(_("method"), max_length=10, choices=Method.choices)
    reference = models.CharField(
        _("reference"), max_length=200, blank=True, help_text=_("What the payer wrote on it.")
    )
    payer = models.CharField(_("payer"), max_length=200, blank=True)
    transaction_id = models.CharField(
        _("transaction number"), max_length=100, null=True, blank=True, unique=True
    )
    natural_key = models.CharField(
        max_length=160,
        null=True,
        blank=True,
        unique=True,
        help_text="Invoice, day, amount and method of a payment that came without a number.",
    )
    recorded_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-received_on", "-payment_id")
        indexes = (
            models.Index(fields=["-received_on", "-id"], name="payment_by_day"),
            models.Index(fields=["customer", "-received_on"], name="payment_by_customer"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_is_positive"),
        )
        triggers = (_append_only("payments_are_append_only"),)

    def __str__(self) -> str:
        return str(self.payment_id)


class WriteOff(Row):
    """What of an invoice is given up."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="write_offs")
    amount = MoneyField()
    written_off_on = models.DateField()
    reason = models.CharField(max_length=500)
    recorded_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-written_off_on", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="write_off_is_positive"),
        )
        triggers = (_append_only("write_offs_are_append_only"),)

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.amount}"


class Allocation(Row):
    """What settles an invoice: a part of a payment, of a credit note, or a write-off.

    The amount is positive; the row that undoes another is negative and points at it. `rule`
    says who or what chose the invoice, `rule_detail` by what: codes found, amounts, a due date.
    """

    class Rule(models.TextChoices):
        """Who or what chose the invoice."""

        GIVEN = "given", _("Chosen by hand")
        REFERENCE = "reference", _("The reference names the invoice")
        EXACT = "exact", _("The amount is exactly what is open")
        OLDEST = "oldest", _("The oldest due date first")

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="allocations"
    )
    credit_note = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="credit_given"
    )
    write_off = models.ForeignKey(
        WriteOff, on_delete=models.PROTECT, null=True, blank=True, related_name="allocations"
    )
    amount = MoneyField()
    applied_on = models.DateField()
    rule = models.CharField(max_length=10, choices=Rule.choices, default=Rule.GIVEN)
    rule_detail = models.CharField(max_length=300, blank=True)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )
    recorded_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("applied_on", "created_at", "id")
        indexes = (models.Index(fields=["applied_on"], name="allocation_by_day"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gt=0, reverses__isnull=True)
                | Q(amount__lt=0, reverses__isnull=False),
                name="allocation_negative_when_undoing",
            ),
            models.CheckConstraint(
                condition=Q(payment__isnull=False, credit_note__isnull=True, write_off__isnull=True)
                | Q(payment__isnull=True, credit_note__isnull=False, write_off__isnull=True)
                | Q(payment__isnull=True, credit_note__isnull=True, write_off__isnull=False),
                name="allocation_has_one_source",
            ),
        )
        triggers = (_append_only("allocations_are_append_only"),)

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.amount}"


class Refund(Row):
    """Money given back: of a payment's unapplied part, or of a credit note's open part."""

    refund_id = CodeField(_("refund"), prefix="REF", digits=9)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="refunds"
    )
    credit_note = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="refunds"
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="refunds")
    refunded_on = models.DateField()
    amount = MoneyField()
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=10, choices=Method.choices)
    transaction_id = models.CharField(max_length=100, null=True, blank=True, unique=True)
    reason = models.CharField(max_length=500)
    recorded_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-refunded_on", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_is_positive"),
            models.CheckConstraint(
                condition=Q(payment__isnull=False, credit_note__isnull=True)
                | Q(payment__isnull=True, credit_note__isnull=False),
                name="refund_has_one_source",
            ),
        )
        triggers = (_append_only("refunds_are_append_only"),)

    def __str__(self) -> str:
        return str(self.refund_id)


class Reversal(Row):
    """A payment that turned out not to be one: bounced, charged back, recorded by mistake."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="reversal")
    reversed_on = models.DateField()
    reason = models.CharField(max_length=500)
    recorded_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-reversed_on", "-id")
        triggers = (_append_only("reversals_are_append_only"),)

    def __str__(self) -> str:
        return f"{self.payment_id} {self.reversed_on}"
