"""Pages of sites."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from shared.kernel.exports import csv_response
from shared.kernel.forms import add_errors, form_page
from tenants.lists.exporting import list_file
from tenants.lists.page import open_list
from tenants.sites import selectors, services
from tenants.sites.forms import SERVICE_FIELDS, NewSiteForm, SiteForm
from tenants.sites.lists import SITES
from tenants.sites.models import Site, Territory
from tenants.sites.presentation import place_text, site_facts
from tenants.structure.selectors import default_entity

CONTRACTS_SHOWN = 50
INVOICES_SHOWN = 12
TERRITORIES_SHOWN = 500


@require_safe
def site_list(request: ApiRequest) -> HttpResponse:
    """All sites by name, or as a kept view wants them."""
    shown = open_list(request, SITES)
    if shown.redirect_to:
        return redirect(shown.redirect_to)
    page = paginate(
        _search(request), paging_of(request), orderings=SITES.orderings, default=SITES.default
    )
    territories = [(one.territory_id, one.name) for one in _territories(request)]
    context = {"page": page, "list": shown, "territories": territories}
    return render(request, "sites/list.html", context)


def _search(request: ApiRequest) -> "QuerySet[Site]":
    return selectors.search_sites(
        actor=request.actor,
        text=request.GET.get("q", "")[:100],
        territory_id=request.GET.get("territory", ""),
    )


@require_safe
def site_export(request: ApiRequest) -> StreamingHttpResponse:
    """The sites that the list shows, all of them, as CSV."""
    file = list_file(
        request,
        SITES,
        _search(request),
        always=((_("Id"), lambda row: row.site_id), (_("Site"), lambda row: row.name)),
        cells={
            "customer": lambda row: row.customer.name,
            "territory": lambda row: row.territory.name if row.territory else "",
            "place": place_text,
            "contact": lambda row: next((one.name for one in row.billing_contacts), ""),
            "currency": lambda row: row.currency,
            "active_contracts": lambda row: row.active_contracts,
        },
    )
    return csv_response(*file)


def site_new(request: ApiRequest) -> HttpResponse:
    """Make a site."""
    authorize(request.actor, "sites.write")
    form = NewSiteForm(
        request.POST or None,
        territories=_territories(request),
        initial={"currency": default_entity().currency},
    )
    if request.method == "POST" and form.is_valid():
        try:
            site = services.create_site(
                actor=request.actor,
                site_name=form.cleaned_data["site_name"],
                territory_id=form.cleaned_data["territory_id"] or None,
                billing_address=form.address,
                billing_contact=form.contact,
                currency=form.cleaned_data["currency"],
            )
        except AppError as error:
            add_errors(form, error, SERVICE_FIELDS)
        else:
            messages.success(request, _("%(site)s was made.") % {"site": site.name})
            return redirect("site_detail", site_id=site.site_id)
    return form_page(request, "sites/form.html", form, above=[_above()], title=_("New site"))


def site_edit(request: ApiRequest, site_id: str) -> HttpResponse:
    """Change a site; issued invoices keep what they were issued with."""
    authorize(request.actor, "sites.write")
    site = selectors.site_by_code(actor=request.actor, site_id=site_id)
    form = SiteForm(
        request.POST or None,
        initial=SiteForm.initial_of(site),
        territories=_territories(request),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.update_site(
                actor=request.actor,
                site_id=site_id,
                site_name=form.cleaned_data["site_name"],
                territory_id=form.cleaned_data["territory_id"],
                billing_address=form.address,
                billing_contact=form.contact,
            )
        except AppError as error:
            add_errors(form, error, SERVICE_FIELDS)
        else:
            messages.success(request, _("Saved."))
            return redirect("site_detail", site_id=site_id)
    above = [_above(), (site.name, reverse("site_detail", args=[site_id]))]
    return form_page(request, "sites/form.html", form, above=above)


def _territories(request: ApiRequest) -> list[Territory]:
    return list(selectors.territories(actor=request.actor).order_by("name")[:TERRITORIES_SHOWN])


def _above() -> tuple[str, str]:
    return (_("Sites"), reverse("site_list"))


@require_safe
def site_detail(request: ApiRequest, site_id: str) -> HttpResponse:
    """One site with its contracts, revenue and invoices."""
    site = selectors.site_by_code(actor=request.actor, site_id=site_id)
    return render(request, "sites/detail.html", detail_context(request, site))


def detail_context(request: ApiRequest, site: Site) -> dict[str, Any]:
    """What the site's page shows of the site itself, as far as the reader may see it."""
    contracts = site.contracts.prefetch_related("terms").order_by("contract_id")
    invoices = site.invoices.order_by("-invoice_date", "-pk").defer("parties", "inputs", "checks")
    return {
        "site": site,
        "facts": site_facts(site),
        "contracts_shown": request.actor.may("contracts.read"),
        "contracts": contracts[:CONTRACTS_SHOWN],
        "invoices_shown": request.actor.may("invoices.read"),
        "invoices": invoices[:INVOICES_SHOWN],
        "invoices_link": f"{reverse('invoice_list')}?{urlencode({'q': site.name})}",
        "crumbs": [_above(), (site.name, None)],
    }
