"""The list of sites: what it can be asked for."""

from django.utils.translation import gettext_lazy as _

from tenants.lists.specs import ListColumn, ListSpec

SITES = ListSpec(
    name="sites",
    url_name="site_list",
    permission="sites.read",
    filters=("q", "territory"),
    orderings=("name", "site_id"),
    default="name",
    columns=(
        ListColumn("customer", _("Customer")),
        ListColumn("territory", _("Territory"), is_usual=False),
        ListColumn("place", _("Place")),
        ListColumn("contact", _("Billing contact"), is_usual=False),
        ListColumn("currency", _("Currency"), is_usual=False),
        ListColumn("active_contracts", _("Active contracts")),
    ),
)
