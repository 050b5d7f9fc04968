"""Documents on their way to customers: to whom, how, how far, and everything that happened."""

from decimal import Decimal
from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import CodeField, MoneyField
from shared.kernel.models import RevisedRow, Row
from shared.kernel.triggers import Protect
from shared.keyring.blind_index import BlindIndexField
from shared.keyring.fields import EncryptedTextField
from shared.keyring.managers import EncryptedManager
from tenants.delivery import triggers
from tenants.invoices.models import Invoice
from tenants.sites.models import Customer, Site
from tenants.structure.models import LegalEntity

COMPLAINT_KIND = "mail_complaint"  # the review item about an address that marked us as spam


class Channel(models.TextChoices):
    """How a document reaches a customer."""

    EMAIL = "email", _("E-mail")
    PORTAL = "portal", _("Customer portal")
    DOWNLOAD = "download", _("Download link")
    SFTP = "sftp", _("File drop (SFTP)")


class DocumentKind(models.TextChoices):
    """What is delivered."""

    INVOICE = "invoice", _("Invoices and credit notes")
    STATEMENT = "statement", _("Statements")
    REMINDER = "reminder", _("Reminders")


class Recipient(RevisedRow):
    """Who gets which documents of a customer, how, and in which language.

    A customer without any is written to at the billing contact of the document.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="recipients")
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, null=True, blank=True, related_name="recipients"
    )
    name = models.CharField(_("name"), max_length=255)
    email = EncryptedTextField(_("e-mail"), label="delivery.recipient.email", blank=True)
    email_index = BlindIndexField(source="email", label="delivery.recipient.email")
    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default="en"
    )
    channel = models.CharField(
        _("channel"), max_length=8, choices=Channel.choices, default=Channel.EMAIL
    )
    kinds: "models.JSONField[Any, Any]" = models.JSONField(_("documents"), default=list)
    is_active = models.BooleanField(_("active"), default=True)

    objects = EncryptedManager()

    class Meta:
        ordering = ("customer", "name", "id")

    def __str__(self) -> str:
        return self.name

    @property
    def kinds_text(self) -> str:
        """The documents it gets, in the reader's language."""
        return ", ".join(str(one.label) for one in DocumentKind if one.value in self.kinds)


class Delivery(Row):
    """One document to one recipient by one channel. A worker holds it by a lease."""

    class Status(models.TextChoices):
        """How far it is."""

        PENDING = "pending", _("Waiting")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(max_length=9, choices=DocumentKind.choices)
    object_id = models.UUIDField()
    object_code = models.CharField(max_length=24)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="deliveries")
    site_code = models.CharField(max_length=10, blank=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    recipient_name = models.CharField(max_length=255, blank=True)
    address = EncryptedTextField(label="delivery.address", blank=True, default="")
    address_index = BlindIndexField(source="address", label="delivery.recipient.email")
    language = models.CharField(max_length=5, default="en")
    request_key = models.CharField(
        max_length=80, help_text="Asking again under the same key delivers nothing twice."
    )
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField(max_length=120, blank=True)
    error = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.CharField(max_length=200, blank=True)

    objects = EncryptedManager()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name_plural = "deliveries"
        constraints = (
            models.UniqueConstraint(
                fields=["object_id", "channel", "address_index", "request_key"],
                nulls_distinct=False,
                name="delivered_once_a_request",
            ),
        )
        indexes = (
            models.Index(fields=["-created_at", "-id"], name="delivery_by_time"),
            models.Index(fields=["object_id"], name="delivery_by_object"),
            models.Index(fields=["customer", "-created_at"], name="delivery_by_customer"),
            models.Index(
                fields=["next_attempt_at"], condition=Q(status="pending"), name="delivery_waiting"
            ),
            models.Index(
                fields=["message_id"], condition=~Q(message_id=""), name="delivery_by_message"
            ),
        )

    def __str__(self) -> str:
        return f"{self.object_code} {self.channel}"


class DeliveryEvent(Row):
    """What happened to a delivery. `provider_id` keeps a webhook's event from counting twice."""

    class Kind(models.TextChoices):
        """What happened."""

        QUEUED = "queued", _("Queued")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        OPENED = "opened", _("Opened")
        BOUNCED = "bounced", _("Bounced")
        COMPLAINED = "complained", _("Marked as spam")
        FAILED = "failed", _("Failed")
        RESENT = "resent", _("Sent again")
        CANCELLED = "cancelled", _("Cancelled")
        DEFERRED = "deferred", _("Delayed on the way")

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    detail = models.CharField(max_length=500, blank=True)
    provider_id = models.CharField(max_length=200, null=True, blank=True, unique=True)

    class Meta:
        ordering = ("created_at", "id")
        triggers = (
            Protect(name="delivery_events_stay", operation=pgtrigger.Delete),
            triggers.EVENT_IS_FROZEN,
        )

    def __str__(self) -> str:
        return self.kind


class SuppressedAddress(Row):
    """An address that is not written to any more, since it bounced or complained."""

    email = EncryptedTextField(label="delivery.suppressed.email")
    email_index = BlindIndexField(source="email", label="delivery.recipient.email", unique=True)
    reason = models.CharField(max_length=10, choices=DeliveryEvent.Kind.choices)

    objects = EncryptedManager()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name_plural = "suppressed addresses"

    def __str__(self) -> str:
        return self.get_reason_display()


class MailProvider(models.TextChoices):
    """Who tells what became of e-mails."""

    GENERIC = "generic", _("Your own mail server")
    SENDGRID = "sendgrid", _("Twilio SendGrid")


class WebhookSecret(RevisedRow):
    """What a mail service's signatures are checked with: a shared secret or its public key."""

    provider = models.CharField(max_length=8, choices=MailProvider.choices, unique=True)
    secret = EncryptedTextField(label="delivery.webhook.secret")

    objects = EncryptedManager()

    class Meta:
        ordering = ("provider",)

    def __str__(self) -> str:
        return self.get_provider_display()


class SftpEndpoint(RevisedRow):
    """A customer's server that documents are put on; its host key is pinned."""

    customer = models.OneToOneField(
        Customer, on_delete=models.CASCADE, related_name="sftp_endpoint"
    )
    host = models.CharField(_("host"), max_length=253)
    port = models.PositiveIntegerField(_("port"), default=22)
    username = models.CharField(_("user"), max_length=100)
    password = EncryptedTextField(
        _("password"), label="delivery.sftp.password", blank=True, default=""
    )
    private_key = EncryptedTextField(
        _("private key"), label="delivery.sftp.private_key", blank=True, default=""
    )
    fingerprint = models.CharField(_("host key fingerprint"), max_length=60)
    folder = models.CharField(_("folder"), max_length=255, blank=True)
    file_name = models.CharField(_("file name"), max_length=100, default="{code}")

    objects = EncryptedManager()

    class Meta:
        ordering = ("customer",)

    def __str__(self) -> str:
        return f"{self.username}@{self.host}"


class DunningLevel(RevisedRow):
    """A reminder that goes out once an invoice is so many days overdue."""

    level = models.PositiveSmallIntegerField(_("level"), unique=True)
    days_overdue = models.PositiveSmallIntegerField(_("days overdue"), unique=True)
    attach_statement = models.BooleanField(_("attach a statement of account"), default=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ("level",)

    def __str__(self) -> str:
        return f"{self.level}: {self.days_overdue}"


class DunningHold(Row):
    """A customer that is not reminded until a day, or until somebody lifts it."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="dunning_hold")
    until = models.DateField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500)
    placed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("customer",)

    def __str__(self) -> str:
        return self.reason


class Reminder(Row):
    """One letter to a customer about its overdue invoices of a legal entity and currency."""

    reminder_id = CodeField(_("reminder"), prefix="REM", digits=9)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="reminders")
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="reminders")
    currency = models.CharField(max_length=3)
    level = models.PositiveSmallIntegerField()
    dated = models.DateField()
    total = MoneyField(help_text="What is asked for.")
    credits = MoneyField(default=0, help_text="Open credit notes, taken off what is overdue.")
    unapplied = MoneyField(
        default=0, help_text="Payments that nothing has taken, taken off what is overdue."
    )
    attach_statement = models.BooleanField(default=True)

    class Meta:
        ordering = ("-dated", "-id")
        indexes = (models.Index(fields=["customer", "-dated"], name="reminder_by_customer"),)

    def __str__(self) -> str:
        return str(self.reminder_id)

    @property
    def overdue(self) -> Decimal:
        """What was overdue and not disputed."""
        return Decimal(self.total + self.credits + self.unapplied)


class RemindedInvoice(Row):
    """An invoice is reminded of once a level; the amount is what was undisputed and open."""

    reminder = models.ForeignKey(Reminder, on_delete=models.CASCADE, related_name="invoices")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reminders")
    level = models.PositiveSmallIntegerField()
    days_overdue = models.PositiveIntegerField()
    amount = MoneyField()

    class Meta:
        ordering = ("invoice", "level")
        constraints = (
            models.UniqueConstraint(fields=["invoice", "level"], name="reminded_once_a_level"),
        )

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.level}"
