"""`/api/v1/customer-sites`, `/territories`, `/customers` and `/contacts`."""

from tenants.sites.api.customers import contacts_router, customers_router, exemptions_router
from tenants.sites.api.sites import sites_router, territories_router

__all__ = [
    "contacts_router",
    "customers_router",
    "exemptions_router",
    "sites_router",
    "territories_router",
]
