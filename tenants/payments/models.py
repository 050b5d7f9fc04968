"""Money received and what it pays. Both are append-only: a correction is a new row."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import CodeField, MoneyField
from shared.kernel.models import Row
from shared.kernel.triggers import Protect
from tenants.invoices.models import Invoice
from tenants.sites.models import Customer


class Payment(Row):
    """What a customer paid. The part that no invoice takes is unapplied credit."""

    class Method(models.TextChoices):
        """How it was paid."""

        ACH = "ACH", _("Bank transfer (ACH, EFT)")
        CHEQUE = "cheque", _("Cheque")
        CARD = "card", _("Card")
        CASH = "cash", _("Cash")
        INTERAC = "interac", _("Interac e-Transfer")
        WIRE = "wire", _("Wire")
        OTHER = "other", _("Other")

    payment_id = CodeField(_("payment"), prefix="PAY", digits=9)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payments")
    received_on = models.DateField(_("received on"))
    amount = MoneyField(_("amount"))
    currency = models.CharField(max_length=3)
    method = models.CharField(_("method"), max_length=10, choices=Method.choices)
    transaction_id = models.CharField(
        _("transaction number"), max_length=100, null=True, blank=True, unique=True
    )
    recorded_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-received_on", "-payment_id")
        indexes = (models.Index(fields=["-received_on", "-id"], name="payment_by_day"),)
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_is_positive"),
        )
        triggers = (
            Protect(name="payments_are_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return str(self.payment_id)


class PaymentAllocation(Row):
    """The part of a payment that pays an invoice."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    amount = MoneyField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="allocation_is_positive"),
            models.UniqueConstraint(
                fields=["payment", "invoice"], name="one_allocation_an_invoice"
            ),
        )
        triggers = (
            Protect(
                name="allocations_are_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        )

    def __str__(self) -> str:
        return f"{self.payment_id} {self.amount}"
