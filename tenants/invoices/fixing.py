"""Where a person puts right what kept a contract from being billed."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.contracts.models import Contract

# What the page of a single invoice lets a person choose otherwise.
BY_HAND = frozenset({"terms_change", "period_closed"})


@dataclass(frozen=True)
class Fix:
    """The page that mends it, and what its button says."""

    url: str
    label: str


def fix_for(contract: Contract, *, field: str, code: str) -> Fix:
    """The page for a field at fault and the code of its error or check."""
    if "revenue" in field:
        return Fix(reverse("site_revenue", args=[contract.site.site_id]), _("Enter revenue"))
    if field.startswith("tax_registrations"):
        return Fix(reverse("legal_entity"), _("Enter the number"))
    if field.startswith(("billing_data", "billing_period")) or code in BY_HAND:
        query = urlencode({"contract": contract.contract_id})
        return Fix(f"{reverse('invoice_generate')}?{query}", _("Bill by hand"))
    return Fix(reverse("contract_detail", args=[contract.contract_id]), _("Open the contract"))


def invoice_page(invoice_id: str) -> str:
    """The page of an invoice, from where it can be sent by hand."""
    return reverse("invoice_detail", args=[invoice_id])
