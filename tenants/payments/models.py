"""Money received and what settles invoices. All append-only: a correction is a new row."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import CodeField, MoneyField, WordingField
from shared.kernel.models import RevisedRow, Row
from shared.kernel.triggers import Protect
from shared.keyring.fields import EncryptedTextField
from tenants.invoices.models import Invoice
from tenants.payments import triggers
from tenants.sites.models import Customer
from tenants.structure.models import LegalEntity


def _append_only(name: str) -> Protect:
    return Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


def _negative_when_undoing(name: str) -> models.CheckConstraint:
    undoing = Q(amount__lt=0, reverses__isnull=False)
    return models.CheckConstraint(
        condition=Q(amount__gt=0, reverses__isnull=True) | undoing, name=name
    )


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
            _negative_when_undoing("allocation_negative_when_undoing"),
            models.CheckConstraint(
                condition=Q(payment__isnull=False, credit_note__isnull=True, write_off__isnull=True)
                | Q(payment__isnull=True, credit_note__isnull=False, write_off__isnull=True)
                | Q(payment__isnull=True, credit_note__isnull=True, write_off__isnull=False),
                name="allocation_has_one_source",
            ),
        )
        triggers = (
            _append_only("allocations_are_append_only"),
            triggers.ALLOCATION_IS_COVERED,
        )

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.amount}"


class Refund(Row):
    """What of a payment's unapplied or a credit note's open part went back; negative: came back."""

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
    reason = WordingField(max_length=500)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )
    recorded_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-refunded_on", "-id")
        constraints = (
            _negative_when_undoing("refund_negative_when_undoing"),
            models.CheckConstraint(
                condition=Q(payment__isnull=False, credit_note__isnull=True)
                | Q(payment__isnull=True, credit_note__isnull=False),
                name="refund_has_one_source",
            ),
        )
        triggers = (_append_only("refunds_are_append_only"), triggers.REFUND_IS_COVERED)

    def __str__(self) -> str:
        return str(self.refund_id)


class Reversal(Row):
    """A payment that turned out not to be one: bounced, charged back, recorded by mistake."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="reversal")
    reversed_on = models.DateField()
    reason = WordingField(max_length=500)
    recorded_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-reversed_on", "-id")
        triggers = (
            _append_only("reversals_are_append_only"),
            triggers.REVERSED_ONCE_TAKEN_BACK,
        )

    def __str__(self) -> str:
        return f"{self.payment_id} {self.reversed_on}"


class PaymentFile(RevisedRow):
    """A file of payments: read and shown first, applied when somebody says so. Once by digest."""

    class Status(models.TextChoices):
        """How far it is."""

        PREVIEW = "preview", _("Preview")
        APPLYING = "applying", _("Being applied")
        APPLIED = "applied", _("Applied")

    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, unique=True)
    format = models.CharField(max_length=10)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PREVIEW)
    outgoing = models.PositiveIntegerField(default=0, help_text="Lines of money that went out.")
    uploaded_by = models.CharField(max_length=200, blank=True)
    applied_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["status", "updated_at"], name="payment_file_by_status"),)

    def __str__(self) -> str:
        return self.name


class PaymentFileLine(Row):
    """One amount of a file, what it was matched with; `returned` may be that payment, gone."""

    class Status(models.TextChoices):
        """What becomes of it."""

        MATCHED = "matched", _("Matched")
        UNMATCHED = "unmatched", _("Not matched")
        DUPLICATE = "duplicate", _("Recorded before")
        WRONG = "wrong", _("Cannot be read")
        APPLIED = "applied", _("Recorded")
        DISMISSED = "dismissed", _("Left out")
        RETURNED = "returned", _("Went out")

    class Match(models.TextChoices):
        """By what the customer was found."""

        REFERENCE = "reference", _("The reference names an invoice")
        PAYER = "payer", _("The payer is a customer of that name")
        HISTORY = "history", _("The same payer has paid for this customer before")
        AMOUNT = "amount", _("Only one open invoice has this amount")
        PERSON = "person", _("Chosen by hand")

    file = models.ForeignKey(PaymentFile, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField()
    received_on = models.DateField(null=True, blank=True)
    amount = models.DecimalField(max_digits=30, decimal_places=10, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    payer = models.CharField(max_length=200, blank=True)
    transaction_id = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices)
    problem = WordingField(max_length=300, blank=True)
    match = models.CharField(max_length=10, choices=Match.choices, blank=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="file_lines"
    )

    class Meta:
        ordering = ("file", "position")
        constraints = (
            models.UniqueConstraint(fields=["file", "position"], name="one_file_line_a_position"),
            models.CheckConstraint(
                condition=~Q(status="applied") | Q(payment__isnull=False),
                name="applied_line_has_payment",
            ),
        )
        indexes = (models.Index(fields=["file", "status", "position"], name="file_line_by_status"),)

    def __str__(self) -> str:
        return f"{self.file_id} {self.position}"


class OnlineAccount(RevisedRow):
    """The organisation's own account at Stripe, through which its customers pay online.

    `is_linked` where its owner gave the platform access to it: then no secret of it is kept.
    """

    is_linked = models.BooleanField(default=False)
    account_id = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=2, blank=True)
    is_live = models.BooleanField(default=True, help_text="Whether it takes real money.")
    charges_enabled = models.BooleanField(default=True)
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text="When Stripe said so, of a linked account."
    )
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text="When the access was found withdrawn at Stripe."
    )
    secret_key = EncryptedTextField(label="payments.online.secret_key", blank=True)
    webhook_id = models.CharField(max_length=60, blank=True)
    webhook_secret = EncryptedTextField(label="payments.online.webhook_secret", blank=True)
    card = models.BooleanField(default=True)
    bank_debit = models.BooleanField(default=True)
    only = models.BooleanField(default=True, unique=True, editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(only=True), name="one_online_account"),
            models.CheckConstraint(
                condition=Q(is_linked=False) | ~Q(account_id=""), name="linked_account_has_id"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.account_id or "Stripe"

    @property
    def is_linked_now(self) -> bool:
        """Whether its owner's access still stands, as far as we heard."""
        return self.is_linked and self.withdrawn_at is None


class OnlinePayment(RevisedRow):
    """A customer's attempt to pay invoices online."""

    class Status(models.TextChoices):
        """How far it is."""

        STARTED = "started", _("Started")
        PROCESSING = "processing", _("On its way")
        SUCCEEDED = "succeeded", _("Paid")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    amount = MoneyField()
    currency = models.CharField(max_length=3)
    parts: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(
        help_text="What is paid of each invoice, by its id."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.STARTED)
    session_id = models.CharField(max_length=100, null=True, blank=True, unique=True)
    intent_id = models.CharField(max_length=100, null=True, blank=True, unique=True)
    url = models.CharField(max_length=2_000, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="online"
    )

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["status", "updated_at"], name="online_by_status"),)

    def __str__(self) -> str:
        return self.intent_id or str(self.pk)


class StripeEvent(Row):
    """Something happened at Stripe: kept once, looked up there, and then dealt with."""

    event_id = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=100)
    object_id = models.CharField(max_length=100)
    attempts = models.PositiveSmallIntegerField(default=0)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(
                fields=["created_at"],
                condition=Q(processed_at__isnull=True),
                name="stripe_event_waiting",
            ),
        )

    def __str__(self) -> str:
        return self.event_id
