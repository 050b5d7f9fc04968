"""Customers and legal entities as their statements name them."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from tenants.invoices.parties import supplier_of
from tenants.sites.models import Contact, Customer, Site
from tenants.structure.models import LegalEntity

Parties = dict[str, Any]


def customer_parties(pks: Collection[UUID]) -> dict[UUID, tuple[Customer, Parties]]:
    """Each customer with the address and the billing contact of its first site. 3 queries.

    An active site goes before one that is not.
    """
    sites = (
        Site.objects.filter(customer_id__in=pks)
        .order_by("customer_id", "-is_active", "site_id")
        .distinct("customer_id")
        .prefetch_related(
            Prefetch(
                "contacts",
                queryset=Contact.objects.filter(is_billing=True),
                to_attr="billing_contacts",
            )
        )
    )
    site_of = {site.customer_id: site for site in sites}
    customers = Customer.objects.filter(pk__in=pks)
    return {one.pk: (one, _customer(one, site_of.get(one.pk))) for one in customers}


def supplier_parties(pks: Collection[UUID]) -> dict[UUID, tuple[LegalEntity, Parties]]:
    """Each entity with its letterhead. Two queries."""
    entities = LegalEntity.objects.filter(pk__in=pks).prefetch_related("tax_registrations")
    return {entity.pk: (entity, {**supplier_of(entity)}) for entity in entities}


def _customer(customer: Customer, site: Site | None) -> Parties:
    contacts: list[Contact] = site.billing_contacts if site else []  # type: ignore[attr-defined]
    contact = contacts[0] if contacts else None
    return {
        "customer_id": customer.customer_id,
        "name": customer.name,
        "language": customer.language,
        "address": dict(site.billing_address) if site else {},
        "contact_name": contact.name if contact else "",
        "contact_email": contact.email if contact else "",
    }
