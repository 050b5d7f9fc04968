"""Pages of territories: what is billed where, and which sites belong together."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.periods import Period, month_period
from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import page_batches, paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import AppError
from shared.kernel.exports import csv_response, in_cents
from shared.kernel.forms import add_errors, form_page
from tenants.sites import selectors, services
from tenants.sites.forms import TerritoryForm
from tenants.sites.lists import SITES
from tenants.sites.models import Territory

ORDERINGS = ("territory_id", "name")


def _this_month() -> Period:
    return month_period(today().year, today().month)


@require_safe
def territory_list(request: ApiRequest) -> HttpResponse:
    """All territories, with their sites, contracts and what was invoiced this month."""
    found = selectors.search_territories(actor=request.actor, text=request.GET.get("q", "")[:100])
    page = paginate(found, paging_of(request), orderings=ORDERINGS, default=ORDERINGS[0])
    context = {
        "page": page,
        "rows": _with_billed(request, page.items),
        "query": request.GET.urlencode(),
        "invoices_shown": request.actor.may("invoices.read"),
        "contracts_shown": request.actor.may("contracts.read"),
        "month": _this_month().start_date,
    }
    return render(request, "territories/list.html", context)


def _with_billed(
    request: ApiRequest, found: Sequence[Territory]
) -> list[tuple[Territory, list[selectors.Billed]]]:
    """Each territory with what was invoiced this month, for who may see invoices. One query."""
    if not request.actor.may("invoices.read"):
        return [(territory, []) for territory in found]
    billed = selectors.invoiced_by_territory(
        actor=request.actor, territories=found, month=_this_month()
    )
    return [(territory, billed.get(territory.pk, [])) for territory in found]


@require_safe
def territory_export(request: ApiRequest) -> StreamingHttpResponse:
    """The territories that the list shows as CSV: a row a currency in which one was billed."""
    found = selectors.search_territories(actor=request.actor, text=request.GET.get("q", "")[:100])
    batches = page_batches(found, paging_of(request), orderings=ORDERINGS, default=ORDERINGS[0])
    header = [_("Id"), _("Territory"), _("Sites")]
    sees_contracts = request.actor.may("contracts.read")
    sees_invoices = request.actor.may("invoices.read")
    header += [_("Active contracts")] if sees_contracts else []
    header += [_("Invoices"), _("Invoiced this month"), _("Currency")] if sees_invoices else []

    def rows(batch: Sequence[Territory]) -> Iterator[tuple[object, ...]]:
        for one, billed in _with_billed(request, batch):
            counted = (one.active_contracts,) if sees_contracts else ()  # type: ignore[attr-defined]
            head = (one.territory_id, one.name, one.site_count, *counted)  # type: ignore[attr-defined]
            if not sees_invoices:
                yield head
                continue
            for part in billed or [selectors.Billed("", Decimal(0), 0)]:
                amount = in_cents(part.invoiced, part.currency) if part.currency else ""
                yield (*head, part.invoices, amount, part.currency)

    return csv_response("territories.csv", header, (list(rows(batch)) for batch in batches))


@require_safe
def territory_detail(request: ApiRequest, territory_id: str) -> HttpResponse:
    """One territory: its sites, what was invoiced this month and what is still open."""
    territory = selectors.territory_by_code(actor=request.actor, territory_id=territory_id)
    sites = selectors.search_sites(actor=request.actor, text="", territory_id=territory_id)
    page = paginate(sites, paging_of(request), orderings=SITES.orderings, default=SITES.default)
    counted = selectors.search_territories(actor=request.actor).get(pk=territory.pk)
    context = {
        "territory": counted,
        "page": page,
        "columns": SITES.usual_columns,
        "invoices_shown": request.actor.may("invoices.read"),
        "contracts_shown": request.actor.may("contracts.read"),
        "month": _this_month().start_date,
        "crumbs": [_above(), (territory.name, None)],
        **(_billing(request, territory) if request.actor.may("invoices.read") else {}),
    }
    return render(request, "territories/detail.html", context)


def _billing(request: ApiRequest, territory: Territory) -> dict[str, Any]:
    billed = selectors.invoiced_by_territory(
        actor=request.actor, territories=[territory], month=_this_month()
    )
    owed = selectors.owed_in_territory(actor=request.actor, territory=territory, as_of=today())
    return {"billed": billed.get(territory.pk, []), "owed": owed}


def territory_new(request: ApiRequest) -> HttpResponse:
    """Make a territory."""
    authorize(request.actor, "sites.write")
    form = TerritoryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            territory = services.create_territory(
                actor=request.actor,
                name=form.cleaned_data["name"],
                territory_id=form.cleaned_data["territory_id"].strip().upper() or None,
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("%(name)s was made.") % {"name": territory.name})
            return redirect("territory_detail", territory_id=territory.territory_id)
    return form_page(
        request, "territories/form.html", form, above=[_above()], title=_("New territory")
    )


def territory_edit(request: ApiRequest, territory_id: str) -> HttpResponse:
    """Rename a territory."""
    authorize(request.actor, "sites.write")
    territory = selectors.territory_by_code(actor=request.actor, territory_id=territory_id)
    form = TerritoryForm(request.POST or None, initial={"name": territory.name}, renames=True)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_territory(
                actor=request.actor, territory_id=territory_id, name=form.cleaned_data["name"]
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Saved."))
            return redirect("territory_detail", territory_id=territory_id)
    above = [_above(), (territory.name, reverse("territory_detail", args=[territory_id]))]
    return form_page(request, "territories/form.html", form, above=above)


def _above() -> tuple[str, str]:
    return (_("Territories"), reverse("territory_list"))
