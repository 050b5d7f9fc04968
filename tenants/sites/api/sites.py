"""`/api/v1/customer-sites` and `/api/v1/territories`."""

from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import expected_revision, require_fresh, set_etag
from shared.kernel.api.pagination import Page, Paging, paginate
from tenants.sites import selectors, services
from tenants.sites.models import Site
from tenants.sites.schemas import (
    ContactIn,
    SiteIn,
    SiteOut,
    SitePatch,
    TerritoryIn,
    TerritoryOut,
    TerritoryPatch,
)

sites_router = Router(tags=["Customer sites"])
territories_router = Router(tags=["Territories"])


class SiteFilters(Paging):
    """Which sites."""

    q: str = ""


@sites_router.get("", response=Page[SiteOut])
def list_sites(request: ApiRequest, filters: Query[SiteFilters]) -> Any:
    """Sites by name; `q` looks into id, name and customer."""
    found = selectors.search_sites(actor=request.actor, text=filters.q)
    page = paginate(found, filters, orderings=("name", "site_id", "updated_at"), default="name")
    return {"items": [SiteOut.of(site) for site in page.items], "next": page.next}


@sites_router.post("", response={201: SiteOut})
def create_site(request: ApiRequest, response: HttpResponse, body: SiteIn) -> Any:
    """Make a site with its billing contact; its customer too where none is named."""
    site = services.create_site(
        actor=request.actor,
        site_id=body.site_id,
        site_name=body.site_name,
        customer_id=body.customer_id,
        territory_id=body.territory_id,
        billing_address=body.billing_address.model_dump(),
        site_address=body.site_address.model_dump() if body.site_address else None,
        billing_contact=_contact(body.billing_contact),
        currency=body.currency,
    )
    return Status(201, _changed(response, site))


@sites_router.get("/{site_id}", response=SiteOut)
def get_site(request: ApiRequest, response: HttpResponse, site_id: str) -> Any:
    """One site."""
    site = selectors.site_by_code(actor=request.actor, site_id=site_id)
    require_fresh(request, response, site)
    return SiteOut.of(site)


@sites_router.patch("/{site_id}", response=SiteOut)
def update_site(request: ApiRequest, response: HttpResponse, site_id: str, body: SitePatch) -> Any:
    """Change a site; issued invoices keep what they were issued with."""
    site = services.update_site(
        actor=request.actor,
        site_id=site_id,
        site_name=body.site_name,
        territory_id=body.territory_id,
        billing_address=body.billing_address.model_dump() if body.billing_address else None,
        site_address=body.site_address.model_dump() if body.site_address else None,
        billing_contact=_contact(body.billing_contact) if body.billing_contact else None,
        is_active=body.is_active,
        remove_site_address="site_address" in body.model_fields_set and body.site_address is None,
        expected_revision=expected_revision(request),
    )
    return _changed(response, site)


@sites_router.delete("/{site_id}", response={204: None})
def remove_site(request: ApiRequest, site_id: str) -> Any:
    """Delete a site that nothing uses. Others are made inactive."""
    services.remove_site(
        actor=request.actor, site_id=site_id, expected_revision=expected_revision(request)
    )
    return Status(204, None)


@territories_router.get("", response=Page[TerritoryOut])
def list_territories(request: ApiRequest, paging: Query[Paging]) -> Any:
    """Territories by id."""
    found = selectors.territories(actor=request.actor)
    page = paginate(found, paging, orderings=("territory_id", "name"), default="territory_id")
    return {"items": [TerritoryOut.of(row) for row in page.items], "next": page.next}


@territories_router.post("", response={201: TerritoryOut})
def create_territory(request: ApiRequest, response: HttpResponse, body: TerritoryIn) -> Any:
    """Make a territory."""
    territory = services.create_territory(
        actor=request.actor, name=body.name, territory_id=body.territory_id
    )
    set_etag(response, territory)
    return Status(201, TerritoryOut.of(territory))


@territories_router.get("/{territory_id}", response=TerritoryOut)
def get_territory(request: ApiRequest, response: HttpResponse, territory_id: str) -> Any:
    """One territory."""
    territory = selectors.territory_by_code(actor=request.actor, territory_id=territory_id)
    require_fresh(request, response, territory)
    return TerritoryOut.of(territory)


@territories_router.patch("/{territory_id}", response=TerritoryOut)
def update_territory(
    request: ApiRequest, response: HttpResponse, territory_id: str, body: TerritoryPatch
) -> Any:
    """Rename a territory."""
    territory = services.update_territory(
        actor=request.actor,
        territory_id=territory_id,
        name=body.name,
        expected_revision=expected_revision(request),
    )
    set_etag(response, territory)
    return TerritoryOut.of(territory)


@territories_router.delete("/{territory_id}", response={204: None})
def remove_territory(request: ApiRequest, territory_id: str) -> Any:
    """Delete a territory without sites."""
    services.remove_territory(
        actor=request.actor,
        territory_id=territory_id,
        expected_revision=expected_revision(request),
    )
    return Status(204, None)


def _changed(response: HttpResponse, site: Site) -> SiteOut:
    """The answer to whoever just wrote the site, who need not be allowed to read others."""
    prefetch_related_objects([site], selectors.billing_contact())
    set_etag(response, site)
    return SiteOut.of(site)


def _contact(given: ContactIn) -> services.BillingContact:
    return services.BillingContact(name=given.name, email=given.email, phone=given.phone or "")
