"""Terms in words and on a timeline."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from shared.kernel.formats import format_day
from tenants.contracts.example import Example
from tenants.contracts.models import Contract, ContractType
from tenants.invoices.presentation import LineText, charge_lines

TYPE_TEXTS: Mapping[str, Promise] = {
    ContractType.REVENUE_SHARE: gettext_lazy(
        "A share of the site's revenue, by one rate or by tiers, with an optional guarantee, "
        "maximum and bonus."
    ),
    ContractType.PER_LABOR_HOUR: gettext_lazy(
        "Hours worked at a rate an hour, with overtime, double time and holidays, by job code."
    ),
    ContractType.FIXED_FEE: gettext_lazy("The same fee each month, prorated by active days."),
    ContractType.MANAGEMENT_AGREEMENT: gettext_lazy(
        "Costs passed on, a management fee, insurance and a share of the profit."
    ),
    ContractType.HYBRID: gettext_lazy(
        "Several of the others together, with a guarantee and a maximum over all of them."
    ),
}


def example_lines(example: Example) -> list[LineText]:
    """The lines of a worked example with their reasons."""
    return charge_lines(example.lines, "CAD")


def terms_timeline(contract: Contract, on: date) -> list[dict[str, Any]]:
    """Every version of the terms, newest first, for the timeline component."""
    language = get_language()
    items = []
    for terms in reversed(contract.terms.all()):
        is_past = terms.valid_to is not None and terms.valid_to < on
        is_future = terms.valid_from > on
        start = format_day(terms.valid_from, language=language)
        end = format_day(terms.valid_to, language=language) if terms.valid_to else _("now on")
        items.append(
            {
                "title": terms.get_contract_type_display(),
                "note": f"{terms.change_id} · {start} – {end} · {terms.created_by}",
                "state": "done" if is_past else "later" if is_future else "now",
            }
        )
    return items
