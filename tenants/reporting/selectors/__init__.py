"""What the home page counts and sums, each in a constant number of queries."""

from tenants.reporting.selectors.attention import (
    Attention,
    failed_contracts,
    needs_attention,
)
from tenants.reporting.selectors.closing import Closing, closing
from tenants.reporting.selectors.getting_started import StartingPoint, starting_point
from tenants.reporting.selectors.month import MonthFigures, month_figures
from tenants.reporting.selectors.receivables import Receivables, receivables
from tenants.reporting.selectors.revenue import RevenueByType, revenue_by_type

__all__ = [
    "Attention",
    "Closing",
    "MonthFigures",
    "Receivables",
    "RevenueByType",
    "StartingPoint",
    "closing",
    "failed_contracts",
    "month_figures",
    "needs_attention",
    "receivables",
    "revenue_by_type",
    "starting_point",
]
