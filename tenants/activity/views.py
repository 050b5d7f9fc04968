"""Pages of revenue."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.periods import Period, month_period
from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize, authorize_form
from shared.kernel.charts import Slice, sparkline
from shared.kernel.clock import today
from shared.kernel.errors import AppError
from shared.kernel.formats import format_money
from shared.kernel.forms import add_errors
from tenants.activity import presentation
from tenants.activity.forms import DEFAULT_CATEGORY, RevenueForm
from tenants.activity.models import RevenueRecord
from tenants.activity.selectors import revenue_by_day, revenue_calendar, revenue_records
from tenants.activity.services import DayRevenue, record_revenue
from tenants.sites.selectors import site_by_code

DAYS_SHOWN = 60


def site_revenue(request: ApiRequest, site_id: str) -> HttpResponse:
    """A site's revenue by day, and a form to enter a day."""
    authorize_form(request, see="activity.read", change="activity.write")
    site = site_by_code(actor=request.actor, site_id=site_id)
    period = Period(today() - timedelta(days=DAYS_SHOWN - 1), today())
    by_day = revenue_by_day(actor=request.actor, site_id=site.pk, period=period)
    missing = [day for day in period if day not in by_day and day < today()]
    records = revenue_records(actor=request.actor, site_id=site_id)[:DAYS_SHOWN]
    form = RevenueForm(request.POST or None, initial=_next_entry(request, records, missing))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        given = DayRevenue(
            day=data["day"],
            gross_amount=data["gross_amount"],
            net_amount=data["net_amount"],
            category=data["category"],
        )
        try:
            record_revenue(actor=request.actor, site_id=site_id, records=[given])
        except AppError as error:
            fields = {f"records[0].{name}": name for name in form.fields}
            add_errors(form, error, fields)
        else:
            messages.success(request, _("The revenue was recorded."))
            return redirect("site_revenue", site_id=site_id)
    context = {
        "site": site,
        "form": form,
        "records": records,
        "missing": missing,
        "chart": sparkline(
            title=_("Net revenue of the last 60 days"),
            points=[Slice(str(day), by_day[day]) for day in sorted(by_day)],
            header=(_("Day"), _("Net")),
            format_value=lambda v: format_money(v, site.currency, language=get_language()),
        )
        if by_day
        else None,
        "crumbs": [
            (_("Sites"), reverse("site_list")),
            (site.name, reverse("site_detail", args=[site_id])),
            (_("Revenue"), None),
        ],
    }
    return render(request, "sites/revenue.html", context, status=422 if form.errors else 200)


@require_safe
def site_calendar(request: ApiRequest, site_id: str) -> HttpResponse:
    """A month of a site: days with revenue, days without, days that are invoiced already."""
    authorize(request.actor, "activity.read")
    present = today()
    period = presentation.month_of(request.GET.get("month", "")) or month_period(
        present.year, present.month
    )
    found = revenue_calendar(actor=request.actor, site_id=site_id, period=period)
    context = {
        "site": found.site,
        "found": found,
        "month_name": presentation.month_name(period),
        "month_value": f"{period.start_date:%Y-%m}",
        "weekdays": presentation.weekday_names(),
        "weeks": presentation.weeks(found),
        "rows": presentation.detail_rows(found.days),
        "completeness": presentation.completeness(found),
        **presentation.neighbours(period),
        "crumbs": [
            (_("Sites"), reverse("site_list")),
            (found.site.name, reverse("site_detail", args=[site_id])),
            (_("Revenue"), reverse("site_revenue", args=[site_id])),
            (_("Calendar"), None),
        ],
    }
    return render(request, "sites/revenue_calendar.html", context)


def _next_entry(
    request: ApiRequest, records: Iterable[RevenueRecord], missing: list[date]
) -> dict[str, object]:
    """What the form starts with: the day asked for, else the latest that is missing."""
    latest = next(iter(records), None)
    usual = missing[-1] if latest and missing else today() - timedelta(days=1)
    return {
        "day": request.GET.get("day") or usual,
        "category": latest.category if latest else DEFAULT_CATEGORY,
    }
