"""What the API of deliveries takes and answers."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.kernel.api.schemas import Filters, Schema, Text


class SendIn(Schema):
    """How to send; without it each recipient's own way."""

    channel: Annotated[str, Field(max_length=8)] = "auto"


class DeliveryFilters(Filters):
    """Filters of the list."""

    q: Annotated[str, Field(max_length=200)] = ""
    status: Annotated[str, Field(max_length=9)] = ""
    kind: Annotated[str, Field(max_length=9)] = ""
    channel: Annotated[str, Field(max_length=8)] = ""


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
    """A delivery with its history."""

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
    """A recipient."""

    recipient_id: UUID
    customer_id: str
    name: str
    email: str
    language: str
    channel: str
    kinds: list[str]
    site_id: str | None
    is_active: bool


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
