"""`/api/v1/customers` with their tax exemptions, `/api/v1/tax-exemptions`, `/api/v1/contacts`."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import expected_revision, require_fresh, set_etag
from shared.kernel.api.pagination import Page, Paging, paginate
from tenants.sites import selectors, services
from tenants.sites.schemas import (
    ContactPersonOut,
    CustomerExemptionOut,
    CustomerIn,
    CustomerOut,
    CustomerPatch,
    ExemptionEnd,
    ExemptionIn,
    ExemptionOut,
    PersonIn,
    PersonPatch,
)

customers_router = Router(tags=["Customers"])
contacts_router = Router(tags=["Contacts"])
exemptions_router = Router(tags=["Taxes"])


class CustomerFilters(Paging):
    """Which customers."""

    q: str = ""


class ContactFilters(Paging):
    """Whose contacts."""

    site_id: str = ""


@customers_router.get("", response=Page[CustomerOut])
def list_customers(request: ApiRequest, filters: Query[CustomerFilters]) -> Any:
    """Customers by name; `q` looks into id and name."""
    found = selectors.customers(actor=request.actor, text=filters.q)
    page = paginate(found, filters, orderings=("name", "customer_id"), default="name")
    return {"items": [CustomerOut.of(row) for row in page.items], "next": page.next}


@customers_router.post("", response={201: CustomerOut})
def create_customer(request: ApiRequest, response: HttpResponse, body: CustomerIn) -> Any:
    """Make a billed party; give its id to the sites it pays for."""
    customer = services.create_customer(actor=request.actor, **body.model_dump())
    set_etag(response, customer)
    return Status(201, CustomerOut.of(customer))


@customers_router.get("/{customer_id}", response=CustomerOut)
def get_customer(request: ApiRequest, response: HttpResponse, customer_id: str) -> Any:
    """One customer."""
    customer = selectors.customer_by_code(actor=request.actor, customer_id=customer_id)
    require_fresh(request, response, customer)
    return CustomerOut.of(customer)


@customers_router.patch("/{customer_id}", response=CustomerOut)
def update_customer(
    request: ApiRequest, response: HttpResponse, customer_id: str, body: CustomerPatch
) -> Any:
    """Change a customer; issued invoices keep what they were issued with."""
    services.update_customer(
        actor=request.actor,
        customer_id=customer_id,
        changes=body.model_dump(exclude_unset=True),
        expected_revision=expected_revision(request),
    )
    customer = selectors.customer_by_code(actor=request.actor, customer_id=customer_id)
    set_etag(response, customer)
    return CustomerOut.of(customer)


@customers_router.get("/{customer_id}/exemptions", response=list[ExemptionOut])
def list_exemptions(request: ApiRequest, customer_id: str) -> Any:
    """The customer's certificates, one a tax."""
    found = selectors.exemptions_of(actor=request.actor, customer_id=customer_id)
    return [ExemptionOut.of(row) for row in found]


@customers_router.post("/{customer_id}/exemptions", response={201: ExemptionOut})
def add_exemption(request: ApiRequest, customer_id: str, body: ExemptionIn) -> Any:
    """Record a certificate: the tax is not charged to its last day."""
    exemption = services.add_exemption(
        actor=request.actor, customer_id=customer_id, **body.model_dump()
    )
    return Status(201, ExemptionOut.of(exemption))


@customers_router.post("/{customer_id}/exemptions/{uuid:exemption_id}/end", response=ExemptionOut)
def end_exemption(
    request: ApiRequest, customer_id: str, exemption_id: UUID, body: ExemptionEnd
) -> Any:
    """Set the last day of a certificate."""
    exemption = services.end_exemption(
        actor=request.actor,
        customer_id=customer_id,
        exemption_id=exemption_id,
        expires_on=body.expires_on,
    )
    return ExemptionOut.of(exemption)


@customers_router.delete("/{customer_id}/exemptions/{uuid:exemption_id}", response={204: None})
def remove_exemption(request: ApiRequest, customer_id: str, exemption_id: UUID) -> Any:
    """Take a certificate away; what is invoiced keeps its taxes."""
    services.remove_exemption(
        actor=request.actor, customer_id=customer_id, exemption_id=exemption_id
    )
    return Status(204, None)


class ExemptionFilters(Paging):
    """Which certificates."""

    expires_by: date | None = None


@exemptions_router.get("", response=Page[CustomerExemptionOut])
def list_all_exemptions(request: ApiRequest, filters: Query[ExemptionFilters]) -> Any:
    """The certificates of all customers, or those that end by a day."""
    found = selectors.exemptions(actor=request.actor, expires_by=filters.expires_by)
    page = paginate(found, filters, orderings=("component",), default="component")
    return {"items": [CustomerExemptionOut.of(row) for row in page.items], "next": page.next}


@contacts_router.get("", response=Page[ContactPersonOut])
def list_contacts(request: ApiRequest, filters: Query[ContactFilters]) -> Any:
    """The people at all sites, or at one."""
    found = selectors.contacts(actor=request.actor, site_id=filters.site_id)
    page = paginate(found, filters, orderings=("name",), default="name")
    return {"items": [ContactPersonOut.of(row) for row in page.items], "next": page.next}


@contacts_router.post("", response={201: ContactPersonOut})
def create_contact(request: ApiRequest, response: HttpResponse, body: PersonIn) -> Any:
    """Add a person to a site."""
    contact = services.create_contact(actor=request.actor, **body.model_dump())
    set_etag(response, contact)
    return Status(201, ContactPersonOut.of(contact))


@contacts_router.get("/{uuid:contact_id}", response=ContactPersonOut)
def get_contact(request: ApiRequest, response: HttpResponse, contact_id: UUID) -> Any:
    """One person."""
    contact = selectors.contact_by_id(actor=request.actor, contact_id=contact_id)
    require_fresh(request, response, contact)
    return ContactPersonOut.of(contact)


@contacts_router.patch("/{uuid:contact_id}", response=ContactPersonOut)
def update_contact(
    request: ApiRequest, response: HttpResponse, contact_id: UUID, body: PersonPatch
) -> Any:
    """Change a person, or make one the billing contact."""
    contact = services.update_contact(
        actor=request.actor,
        contact_id=contact_id,
        changes=body.model_dump(exclude_unset=True),
        expected_revision=expected_revision(request),
    )
    set_etag(response, contact)
    return ContactPersonOut.of(contact)


@contacts_router.delete("/{uuid:contact_id}", response={204: None})
def remove_contact(request: ApiRequest, contact_id: UUID) -> Any:
    """Take a person away who is not the billing contact."""
    services.remove_contact(actor=request.actor, contact_id=contact_id)
    return Status(204, None)
