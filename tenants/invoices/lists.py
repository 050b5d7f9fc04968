"""The list of invoices: what it can be asked for."""

from django.utils.translation import gettext_lazy as _

from tenants.lists.specs import ListColumn, ListSpec

INVOICES = ListSpec(
    name="invoices",
    url_name="invoice_list",
    permission="invoices.read",
    filters=("q", "status"),
    orderings=("invoice_date", "due_date", "total"),
    default="-invoice_date",
    columns=(
        ListColumn("customer", _("Customer"), is_usual=False),
        ListColumn("contract", _("Contract"), is_usual=False),
        ListColumn("kind", _("Kind"), is_usual=False),
        ListColumn("period", _("Period")),
        ListColumn("invoice_date", _("Dated")),
        ListColumn("due_date", _("Due")),
        ListColumn("total", _("Total")),
        ListColumn("balance", _("Outstanding"), is_usual=False),
        ListColumn("status", _("Status")),
    ),
)
