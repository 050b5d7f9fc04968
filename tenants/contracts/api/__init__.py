"""`/api/v1/contracts`, and what a site's billing information and configuration answer."""

from tenants.contracts.api.agreements import agreements_router
from tenants.contracts.api.contracts import contracts_router, site_billing_router

__all__ = ["agreements_router", "contracts_router", "site_billing_router"]
