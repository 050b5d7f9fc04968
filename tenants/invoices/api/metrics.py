"""`/api/v1/billing/reports/generation`. Source: seed 001, reporting."""

from datetime import date
from typing import Any

from ninja import Query, Router

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.schemas import Filters, Fraction, Money, Schema
from tenants.invoices.forms import last_full_month
from tenants.invoices.schemas import PeriodIn
from tenants.invoices.selectors.generation_metrics import generation_metrics

metrics_router = Router(tags=["Reports"])


class RangeIn(Filters):
    """Billing periods that end within these days; the last full month unless given."""

    start_date: date | None = None
    end_date: date | None = None


class CurrencyAmountOut(Schema):
    """Invoices of one currency together."""

    currency: str
    invoices: int
    subtotal: Money
    tax: Money
    total: Money


class NamedAmountOut(Schema):
    """What was billed before tax under one name, in one currency."""

    name: str
    label: str
    currency: str
    amount: Money


class GenerationMetricsOut(Schema):
    """Numbers about making invoices; a rate is null where there is nothing to divide by.

    `top_customers_by_revenue` are the ten largest of each currency, one after the other.
    """

    start_date: date
    end_date: date
    total_invoices_generated: int
    average_generation_ms: int | None
    success_rate: Fraction | None
    amounts: list[CurrencyAmountOut]
    revenue_by_contract_type: list[NamedAmountOut]
    top_customers_by_revenue: list[NamedAmountOut]
    validation_error_rate: Fraction | None
    manual_review_rate: Fraction | None
    delivery_success_rate: Fraction | None


@metrics_router.get("/reports/generation", response=GenerationMetricsOut)
def get_generation_metrics(request: ApiRequest, wanted: Query[RangeIn]) -> Any:
    """How many invoices were made, how fast and how well, and what they came to."""
    usual = last_full_month()
    period = PeriodIn(
        start_date=wanted.start_date or wanted.end_date or usual.start_date,
        end_date=wanted.end_date or wanted.start_date or usual.end_date,
    ).period
    found = generation_metrics(actor=request.actor, period=period)
    return {
        "start_date": period.start_date,
        "end_date": period.end_date,
        "total_invoices_generated": found.total_invoices,
        "average_generation_ms": found.average_generation_ms,
        "success_rate": found.success_rate,
        "amounts": found.amounts,
        "revenue_by_contract_type": found.revenue_by_contract_type,
        "top_customers_by_revenue": found.top_customers,
        "validation_error_rate": found.validation_error_rate,
        "manual_review_rate": found.manual_review_rate,
        "delivery_success_rate": found.delivery_success_rate,
    }
