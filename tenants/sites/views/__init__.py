"""Pages of sites, territories and customers."""

from tenants.sites.views.customers import (
    customer_detail,
    customer_edit,
    customer_list,
    customer_new,
    exemption_add,
    exemption_end,
)
from tenants.sites.views.exemptions import exemption_list
from tenants.sites.views.sites import site_detail, site_edit, site_export, site_list, site_new
from tenants.sites.views.territories import (
    territory_detail,
    territory_edit,
    territory_export,
    territory_list,
    territory_new,
)

__all__ = [
    "customer_detail",
    "customer_edit",
    "customer_list",
    "customer_new",
    "exemption_add",
    "exemption_end",
    "exemption_list",
    "site_detail",
    "site_edit",
    "site_export",
    "site_list",
    "site_new",
    "territory_detail",
    "territory_edit",
    "territory_export",
    "territory_list",
    "territory_new",
]
