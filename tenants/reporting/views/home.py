"""The home page: where the month stands and what waits."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from billing.periods import Frequency, Period, month_period, next_period, previous_period
from shared.accounts.roles import DESCRIPTIONS, Role
from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import Unauthenticated
from shared.kernel.formats import format_day
from tenants.activity.selectors import missing_revenue_days
from tenants.invoices.forms import last_full_month
from tenants.ledger.selectors import company_books
from tenants.reporting import presentation, selectors
from tenants.reporting.open_points import closing_items
from tenants.reporting.selectors.amounts import main_currency
from tenants.reporting.waiting import waiting_rows

ROWS_OF_A_KIND = 4
FIRST_YEAR = 2000


@require_safe
def home(request: ApiRequest) -> HttpResponse:
    """The cockpit of the last full month, or what somebody without the books can do."""
    if request.actor.kind == "anonymous":
        raise Unauthenticated()
    if request.actor.role == Role.CUSTOMER:
        return redirect("portal")
    if not request.actor.may("invoices.read"):
        return render(request, "reporting/welcome.html", {"role_text": _role_text(request)})
    authorize(request.actor, "reports.read")
    period = _month(request.GET.get("month", "")) or last_full_month()
    return render(request, "reporting/home.html", _cockpit(request, period))


def _role_text(request: ApiRequest) -> str:
    role = request.actor.role or ""
    return str(DESCRIPTIONS[Role(role)]) if role in Role.values else ""


def _month(given: str) -> Period | None:
    """The month of YYYY-MM in the years that can be billed; None for anything else."""
    try:
        first = date.fromisoformat(f"{given}-01")
    except ValueError:
        return None
    return month_period(first.year, first.month) if FIRST_YEAR <= first.year < 9999 else None


def _cockpit(request: ApiRequest, period: Period) -> dict[str, Any]:
    actor = request.actor
    start = selectors.starting_point(actor=actor)
    missing = missing_revenue_days(actor=actor, period=period, limit=ROWS_OF_A_KIND)
    figures = selectors.month_figures(actor=actor, period=period)
    owed = selectors.receivables(actor=actor, as_of=today())
    revenue = selectors.revenue_by_type(actor=actor, last=period)
    attention = selectors.needs_attention(
        actor=actor, period=period, as_of=today(), limit=ROWS_OF_A_KIND
    )
    currencies = {*owed.buckets, *owed.credits, *revenue.amounts}
    asked = request.GET.get("currency", "")
    currency = asked if asked in currencies else main_currency(currencies)
    is_complete = not attention.contracts_unbilled and not figures.drafts.count
    return {
        **_months(period),
        "checklist": [] if start.is_over else presentation.checklist(start, actor),
        "has_contract": start.has_active_contract,
        "figures": figures,
        "unbilled": attention.contracts_unbilled,
        "steps": presentation.pipeline_steps(
            missing=missing, attention=attention, figures=figures, owed=owed, actor=actor
        ),
        "closing": [
            *presentation.warned_items(attention),
            *closing_items(selectors.closing(actor=actor, period=period)),
        ],
        "books": presentation.book_items(company_books(actor=actor), period.end_date, actor),
        "revenue_chart": presentation.revenue_chart(revenue, currency, is_complete=is_complete),
        "ageing_chart": presentation.ageing_chart(owed, currency),
        "outstanding": owed.outstanding(currency),
        "credits": owed.credits.get(currency),
        "due_soon": owed.due_soon.get(currency),
        "currency": currency,
        "currencies": sorted(currencies) if len(currencies) > 1 else [],
        "waiting": waiting_rows(attention, missing, today(), actor=actor),
        "waiting_count": owed.overdue.count
        + attention.contracts_unbilled
        + figures.drafts.count
        + missing.sites,
        "may_generate": actor.may("invoices.generate"),
    }


def _months(period: Period) -> dict[str, Any]:
    """The month shown, and the ones before and after it."""
    language = get_language()
    before = previous_period(Frequency.MONTHLY, period)
    after = next_period(Frequency.MONTHLY, period)
    return {
        "month_name": format_day(period.start_date, "month", language=language),
        "month_value": f"{period.start_date:%Y-%m}",
        "before_value": f"{before.start_date:%Y-%m}",
        "before_name": format_day(before.start_date, "month", language=language),
        "after_value": f"{after.start_date:%Y-%m}" if after.start_date <= today() else "",
        "after_name": format_day(after.start_date, "month", language=language),
    }
