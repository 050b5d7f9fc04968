"""Making and changing sites, customers, contacts and territories."""

from tenants.sites.services.contacts import create_contact, remove_contact, update_contact
from tenants.sites.services.customers import (
    add_exemption,
    create_customer,
    end_exemption,
    remove_exemption,
    update_customer,
)
from tenants.sites.services.removing import remove_site, remove_territory
from tenants.sites.services.sites import BillingContact, create_site, update_site
from tenants.sites.services.territories import create_territory, update_territory

__all__ = [
    "BillingContact",
    "add_exemption",
    "create_contact",
    "create_customer",
    "create_site",
    "create_territory",
    "end_exemption",
    "remove_contact",
    "remove_exemption",
    "remove_site",
    "remove_territory",
    "update_contact",
    "update_customer",
    "update_site",
    "update_territory",
]
