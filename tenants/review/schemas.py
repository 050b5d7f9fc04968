"""What the API takes and answers about manual review."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from shared.kernel.api.pagination import Paging
from shared.kernel.api.schemas import Schema, Worded
from tenants.review.kinds import kind_of
from tenants.review.models import ReviewItem
from tenants.review.services import NOTE_MAX


class ReviewFilters(Paging):
    """Which items; the open ones unless told otherwise."""

    status: Literal["open", "resolved", "dismissed", "all"] = "open"
    kind: Annotated[str, Field(max_length=30)] = ""


class ReviewResolveIn(Schema):
    """What was done about it."""

    note: Annotated[str, Field(max_length=NOTE_MAX)] = ""


class ReviewDismissIn(Schema):
    """Why it needs nothing."""

    reason: Annotated[str, Field(min_length=1, max_length=NOTE_MAX)]


class ReviewItemOut(Schema):
    """One thing that needs a person, with its cause and the page that mends it."""

    review_id: UUID
    kind: str
    kind_label: str
    target_type: str
    target_id: UUID
    target_label: str
    cause: Worded
    field: str
    link: str
    details: dict[str, Any]
    status: str
    raised_at: datetime
    closed_by: str
    closed_at: datetime | None
    note: Worded

    @staticmethod
    def of(item: ReviewItem) -> "ReviewItemOut":
        """The answer about an item."""
        return ReviewItemOut(
            review_id=item.pk,
            kind=item.kind,
            kind_label=str(kind_of(item.kind).label),
            target_type=item.target_type,
            target_id=item.target_id,
            target_label=item.target_label,
            cause=item.cause,
            field=item.field,
            link=item.link,
            details=item.details,
            status=item.status,
            raised_at=item.created_at,
            closed_by=item.closed_by,
            closed_at=item.closed_at,
            note=item.closing_note,
        )
