"""Pages of what is owed and when it is expected."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.ageing import Bucket
from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.clock import today
from shared.kernel.errors import NotFound
from shared.kernel.exports import csv_response, xlsx_response
from tenants.payments import presentation, selectors
from tenants.payments.selectors import AgeingRow, GroupBy

ROWS_A_PAGE = 50


@require_safe
def ageing(request: ApiRequest) -> HttpResponse:
    """Who owes how much for how long, at the end of any day."""
    by, on = _asked(request)
    first = int(cursor) if (cursor := request.GET.get("cursor", "")[:6]).isdecimal() else 0
    text = request.GET.get("q", "")[:100]
    rows = selectors.ageing(
        actor=request.actor, by=by, on=on, text=text, first=first, limit=ROWS_A_PAGE + 1
    )
    totals = selectors.ageing_totals(actor=request.actor, on=on)
    context = {
        "by": by.value,
        "on": on,
        "rows": rows[:ROWS_A_PAGE],
        "next": str(first + ROWS_A_PAGE) if len(rows) > ROWS_A_PAGE else None,
        "groups": presentation.group_labels(),
        "group_label": presentation.group_labels()[by.value],
        "buckets": presentation.bucket_labels(),
        "totals": presentation.ageing_summaries(totals),
        "in_books": presentation.in_books({row.currency: row.total for row in totals}, on),
        "query": request.GET.urlencode(),
        "today": today(),
    }
    return render(request, "payments/ageing.html", context)


@require_safe
def ageing_items(request: ApiRequest) -> HttpResponse:
    """The documents behind a row or one of its buckets."""
    by, on = _asked(request)
    name, code = request.GET.get("bucket", ""), request.GET.get("code", "")[:20]
    bucket = Bucket(name) if name in set(Bucket) else None
    found = selectors.open_items(actor=request.actor, by=by, code=code, on=on, bucket=bucket)
    page = paginate(found, paging_of(request), orderings=("due_date",), default="due_date")
    back = f"{reverse('ageing')}?by={by.value}&on={on}"
    context = {
        "page": page,
        "on": on,
        "code": code or _("Everybody"),
        "bucket": presentation.bucket_labels().get(bucket) if bucket else "",
        "crumbs": [(_("Ageing"), back), (code or _("Everybody"), None)],
    }
    return render(request, "payments/ageing_items.html", context)


@require_safe
def ageing_export(request: ApiRequest, form: str) -> HttpResponseBase:
    """All rows of the ageing as CSV or XLSX."""
    by, on = _asked(request)
    rows = selectors.ageing(actor=request.actor, by=by, on=on, text=request.GET.get("q", "")[:100])
    labels = presentation.group_labels()
    header = [labels[by.value], _("Name"), _("Currency")]
    header += [str(label) for label in presentation.bucket_labels().values()]
    header += [_("Credits"), _("Total"), _("Unapplied")]
    name = f"ageing-{by.value}-{on}"
    if form == "csv":
        return csv_response(f"{name}.csv", header, [[_cells(row) for row in rows]])
    if form == "xlsx":
        return xlsx_response(f"{name}.xlsx", header, [_cells(row) for row in rows])
    raise NotFound()


@require_safe
def expected_cash(request: ApiRequest) -> HttpResponse:
    """The cash to expect by week."""
    found = selectors.expected_cash(actor=request.actor, on=today())
    return render(request, "payments/expected.html", presentation.expected_context(found))


def _asked(request: ApiRequest) -> tuple[GroupBy, date]:
    """By what and of which day; what is none of them is the customers of today."""
    by = request.GET.get("by", "")
    try:
        on = date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        on = today()
    return (GroupBy(by) if by in set(GroupBy) else GroupBy.CUSTOMER), on


def _cells(row: AgeingRow) -> Sequence[Any]:
    return (row.code, row.name, row.currency, *row.amounts, row.credits, row.total, row.unapplied)
