"""What the API of deliveries takes and answers."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.kernel.api.schemas import Filters, Money, Schema, Text
from tenants.delivery.dunning import DueReminder
from tenants.delivery.models import DunningHold, Reminder, SftpEndpoint, SuppressedAddress


class SendIn(Schema):
    """How to send; without it each recipient's own way."""

    channel: Annotated[str, Field(max_length=8)] = "auto"


class DeliveryFilters(Filters):
    """Filters of the list."""

    q: Annotated[str, Field(max_length=200)] = ""
    status: Annotated[str, Field(max_length=9)] = ""
    kind: Annotated[str, Field(max_length=9)] = ""
    channel: Annotated[str, Field(max_length=8)] = ""


class ResendFailedIn(Schema):
    """Which of the failed ones; all of them without."""

    kind: Annotated[str, Field(max_length=9)] = ""
    channel: Annotated[str, Field(max_length=8)] = ""


class ResentOut(Schema):
    """How many are sent again."""

    resent: int


class DeliveryEventOut(Schema):
    """Something that happened to a delivery."""

    kind: str
    detail: str
    created_at: datetime


class DeliveryOut(Schema):
    """A document on its way to somebody."""

    delivery_id: UUID
    kind: str
    document: str
    customer_id: str
    channel: str
    recipient_name: str
    address: str
    language: str
    status: str
    attempts: int
    error: str
    requested_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None


class DeliveryDetailOut(DeliveryOut):
    """A delivery with its history; `link` leads to the document of a download link."""

    link: str | None
    events: list[DeliveryEventOut]


class RecipientIn(Schema):
    """Who gets what of a customer's documents."""

    name: Annotated[str, Field(max_length=255)]
    email: Annotated[str, Field(max_length=254)] = ""
    language: Annotated[str, Field(max_length=5)] = "en"
    channel: Annotated[str, Field(max_length=8)] = "email"
    kinds: Annotated[list[Text], Field(max_length=10)] = ["invoice", "statement", "reminder"]
    site_id: Annotated[str, Field(max_length=10)] | None = None
    is_active: bool = True


class RecipientOut(Schema):
    """A recipient; `email_stopped` says why its address is not written to, if so."""

    recipient_id: UUID
    customer_id: str
    name: str
    email: str
    language: str
    channel: str
    kinds: list[str]
    site_id: str | None
    is_active: bool
    email_stopped: str | None


class LevelIn(Schema):
    """A level of reminders."""

    days_overdue: Annotated[int, Field(ge=1, le=365)]
    attach_statement: bool = True


class LevelsIn(Schema):
    """All levels, the first one first."""

    levels: Annotated[list[LevelIn], Field(max_length=5)]


class LevelOut(Schema):
    """A level of reminders as it is kept."""

    level: int
    days_overdue: int
    attach_statement: bool


class LevelsOut(Schema):
    """All levels."""

    levels: list[LevelOut]


class HoldIn(Schema):
    """Why a customer is not reminded, and until when."""

    reason: Annotated[str, Field(max_length=500)]
    until: date | None = None


class HoldOut(Schema):
    """A customer that is not reminded."""

    customer_id: str
    reason: str
    until: date | None

    @staticmethod
    def of(hold: DunningHold) -> "HoldOut":
        """The answer about a customer."""
        return HoldOut(customer_id=hold.customer.customer_id, reason=hold.reason, until=hold.until)


class ReminderFilters(Filters):
    """Which letters."""

    customer_id: Annotated[str, Field(max_length=10)] = ""


class ReminderOut(Schema):
    """A letter about the overdue invoices of a customer, legal entity and currency.

    `total` is asked for: what is overdue without the customer's open credit notes and payments
    that nothing has taken.
    """

    reminder_id: str
    customer_id: str
    customer_name: str
    level: int
    dated: date
    overdue: Money
    credits: Money
    unapplied: Money
    total: Money
    currency: str
    with_statement: bool

    @staticmethod
    def of(reminder: Reminder) -> "ReminderOut":
        """The answer about a letter."""
        return ReminderOut(
            reminder_id=reminder.reminder_id,
            customer_id=reminder.customer.customer_id,
            customer_name=reminder.customer.name,
            level=reminder.level,
            dated=reminder.dated,
            overdue=reminder.overdue,
            credits=reminder.credits,
            unapplied=reminder.unapplied,
            total=reminder.total,
            currency=reminder.currency,
            with_statement=reminder.attach_statement,
        )


class DueReminderOut(Schema):
    """A letter that is due, with the invoices that it names."""

    customer_id: str
    customer_name: str
    level: int
    overdue: Money
    credits: Money
    unapplied: Money
    total: Money
    currency: str
    invoices: list[str]

    @staticmethod
    def of(due: DueReminder) -> "DueReminderOut":
        """The answer about a letter."""
        customer = due.invoices[0].invoice.customer
        return DueReminderOut(
            customer_id=customer.customer_id,
            customer_name=customer.name,
            level=due.level.level,
            overdue=due.overdue,
            credits=due.credits,
            unapplied=due.unapplied,
            total=due.total,
            currency=due.currency,
            invoices=[str(one.invoice) for one in due.invoices],
        )


class FileDropIn(Schema):
    """A customer's server; an empty password and key keep those in force."""

    host: Annotated[str, Field(max_length=253)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 22
    username: Annotated[str, Field(max_length=100)]
    password: Annotated[str, Field(max_length=500)] = ""
    private_key: Annotated[str, Field(max_length=10_000)] = ""
    fingerprint: Annotated[
        str, Field(max_length=60, description="SHA256:…, as ssh-keygen -l shows it.")
    ]
    folder: Annotated[str, Field(max_length=255)] = ""
    file_name: Annotated[str, Field(max_length=100)] = "{code}"


class FileDropOut(Schema):
    """A customer's server, without its secrets."""

    customer_id: str
    host: str
    port: int
    username: str
    has_password: bool
    has_private_key: bool
    fingerprint: str
    folder: str
    file_name: str

    @staticmethod
    def of(endpoint: SftpEndpoint) -> "FileDropOut":
        """The answer about a server."""
        return FileDropOut(
            customer_id=endpoint.customer.customer_id,
            host=endpoint.host,
            port=endpoint.port,
            username=endpoint.username,
            has_password=bool(endpoint.password),
            has_private_key=bool(endpoint.private_key),
            fingerprint=endpoint.fingerprint,
            folder=endpoint.folder,
            file_name=endpoint.file_name,
        )


class MailServiceIn(Schema):
    """Which mail service, and the verification key that SendGrid shows."""

    provider: Annotated[str, Field(max_length=8)]
    key: Annotated[str, Field(max_length=1_000)] = ""


class MailServiceOut(Schema):
    """A mail service and the address that it posts its events to."""

    provider: str
    url: str
    is_set_up: bool
    changed_at: datetime | None


class MadeMailServiceOut(Schema):
    """A mail service that was set up; the secret is never shown again."""

    provider: str
    url: str
    secret: str | None


class StoppedAddressOut(Schema):
    """An address that is not written to: `bounced` or `complained`."""

    address_id: UUID
    email: str
    reason: str
    since: datetime

    @staticmethod
    def of(address: SuppressedAddress) -> "StoppedAddressOut":
        """The answer about an address."""
        return StoppedAddressOut(
            address_id=address.pk,
            email=str(address.email),
            reason=address.reason,
            since=address.created_at,
        )
