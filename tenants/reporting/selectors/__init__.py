"""What the home page counts and sums, each in a constant number of queries."""

from tenants.reporting.selectors.attention import (
    Attention,
    failed_contracts,
    needs_attention,
)
from tenants.reporting.selectors.getting_started import StartingPoint, starting_point
from tenants.reporting.selectors.missing_days import MissingDays, SiteGap, missing_revenue_days
from tenants.reporting.selectors.month import MonthFigures, month_figures
from tenants.reporting.selectors.receivables import Receivables, receivables
from tenants.reporting.selectors.revenue import RevenueByType, revenue_by_type

__all__ = [
    "Attention",
    "MissingDays",
    "MonthFigures",
    "Receivables",
    "RevenueByType",
    "SiteGap",
    "StartingPoint",
    "failed_contracts",
    "missing_revenue_days",
    "month_figures",
    "needs_attention",
    "receivables",
    "revenue_by_type",
    "starting_point",
]
