"""What the API takes and answers about revenue."""

from datetime import date
from typing import Annotated

from pydantic import Field

from shared.kernel.api.schemas import Money, Schema
from tenants.activity.models import RevenueRecord


class RevenueIn(Schema):
    """One day's revenue of one category."""

    day: date
    category: Annotated[str, Field(max_length=60)] = "general"
    gross_amount: Money
    net_amount: Money | None = None


class RevenueBatchIn(Schema):
    """Revenue of a site; the same day and category again replaces the first report."""

    site_id: Annotated[str, Field(max_length=20)]
    records: Annotated[list[RevenueIn], Field(min_length=1, max_length=1000)]


class RevenueOut(Schema):
    """One stored revenue record."""

    site_id: str
    day: date
    category: str
    gross_amount: Money
    net_amount: Money

    @staticmethod
    def of(row: RevenueRecord) -> "RevenueOut":
        """The answer about a record."""
        return RevenueOut(
            site_id=row.site.site_id,
            day=row.day,
            category=row.category,
            gross_amount=row.gross_amount,
            net_amount=row.net_amount,
        )
