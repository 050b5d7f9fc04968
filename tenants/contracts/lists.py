"""The list of contracts: what it can be asked for."""

from django.utils.translation import gettext_lazy as _

from tenants.lists.specs import ListColumn, ListSpec

CONTRACTS = ListSpec(
    name="contracts",
    url_name="contract_list",
    permission="contracts.read",
    filters=("q", "status", "type"),
    orderings=("contract_id", "effective_date", "end_date"),
    default="contract_id",
    columns=(
        ListColumn("customer", _("Customer"), is_usual=False),
        ListColumn("type", _("Type")),
        ListColumn("frequency", _("Billed")),
        ListColumn("effective_date", _("In force from")),
        ListColumn("end_date", _("Last day"), is_usual=False),
        ListColumn("entity", _("Billing company"), is_usual=False),
        ListColumn("department", _("Department"), is_usual=False),
        ListColumn("purchase_order", _("Purchase order"), is_usual=False),
        ListColumn("status", _("Status")),
    ),
)
