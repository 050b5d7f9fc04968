"""What the API shows of the record."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from shared.kernel.api import Filters, Schema


class EntryOut(Schema):
    """One act."""

    sequence: int
    at: datetime
    action: str = Field(examples=["invoice.issued"])
    actor_kind: str
    actor_id: str
    actor_label: str
    object_type: str
    object_id: str
    object_label: str
    ip: str
    request_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    digest: str = Field(description="SHA-256 in hex, over this entry and the one before it.")


class EntryFilters(Filters):
    """Each narrows the list; days are those of the caller's time zone."""

    who: str = Field("", max_length=254)
    action: str = Field("", max_length=80)
    object: str = Field("", max_length=254)
    text: str = Field("", max_length=200)
    from_day: date | None = None
    to_day: date | None = None
