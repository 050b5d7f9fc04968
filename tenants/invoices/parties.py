"""Supplier, buyer and site as they were when the invoice was made.

They are copied into the invoice, since an issued invoice never changes. What they hold is what
the CRA asks of an invoice at each amount. Source: `domain.md` 5 and 6.
"""

from typing import TypedDict, cast

from tenants.sites.models import Site
from tenants.structure.models import LegalEntity


class Address(TypedDict, total=False):
    """A postal address."""

    street1: str
    street2: str
    city: str
    state: str
    zip: str
    country: str


class Supplier(TypedDict):
    """Who bills."""

    name: str
    address: Address
    email: str
    phone: str
    registrations: dict[str, str]
    payment_instructions: str


class Buyer(TypedDict):
    """Who pays."""

    customer_id: str
    name: str
    language: str
    address: Address
    contact_name: str
    contact_email: str


class Place(TypedDict):
    """Where the service was supplied."""

    site_id: str
    name: str
    address: Address


class Parties(TypedDict):
    """Everybody and every place an invoice names."""

    supplier: Supplier
    buyer: Buyer
    site: Place


def parties_of(entity: LegalEntity, site: Site) -> Parties:
    """The parties as of now. `site.billing_contacts` must be prefetched."""
    contact = next(iter(site.billing_contacts), None)  # type: ignore[attr-defined]
    return {
        "supplier": supplier_of(entity),
        "buyer": {
            "customer_id": site.customer.customer_id,
            "name": site.customer.name,
            "language": site.customer.language,
            "address": _address(site.billing_address),
            "contact_name": contact.name if contact else "",
            "contact_email": contact.email if contact else "",
        },
        "site": {
            "site_id": site.site_id,
            "name": site.name,
            "address": _address(site.place_of_supply),
        },
    }


def supplier_of(entity: LegalEntity) -> Supplier:
    """The letterhead of a legal entity."""
    return {
        "name": entity.name,
        "address": {
            "street1": entity.street1,
            "street2": entity.street2,
            "city": entity.city,
            "state": entity.state,
            "zip": entity.zip,
            "country": entity.country,
        },
        "email": entity.email,
        "phone": entity.phone,
        "registrations": {row.component: row.number for row in entity.tax_registrations.all()},
        "payment_instructions": entity.payment_instructions,
    }


def _address(given: dict[str, str]) -> Address:
    return cast(Address, dict(given))
