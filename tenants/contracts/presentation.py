"""Terms in words and on a timeline."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from shared.kernel.formats import format_day
from tenants.contracts.example import Example
from tenants.contracts.models import Contract, ContractTerms, ContractType
from tenants.contracts.wording import Fact, TermsWording
from tenants.invoices.presentation import LineText, charge_lines

SUMMARY_FACTS = 3

TYPE_TEXTS = {
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
TYPE_ICONS = {
    ContractType.REVENUE_SHARE: "chart-pie",
    ContractType.PER_LABOR_HOUR: "clock",
    ContractType.FIXED_FEE: "calendar-check",
    ContractType.MANAGEMENT_AGREEMENT: "briefcase",
    ContractType.HYBRID: "layers",
}


@dataclass(frozen=True)
class TermsGroup:
    """The facts of one component, or of the whole terms (without a title)."""

    title: str
    facts: list[Fact]


def example_lines(example: Example) -> list[LineText]:
    """The lines of a worked example with their reasons."""
    return charge_lines(example.lines, "CAD")


def contract_facts(contract: Contract, terms: ContractTerms) -> list[tuple[str, Any]]:
    """Site, customer, days and payment of a contract, as a list of terms."""
    language = get_language()
    site_url = reverse("site_detail", args=[contract.site.site_id])
    last_day = contract.end_date
    return [
        (_("Site"), format_html('<a href="{}">{}</a>', site_url, contract.site.name)),
        (_("Customer"), contract.site.customer.name),
        (_("Billed"), terms.get_billing_frequency_display()),
        (_("In force from"), format_day(contract.effective_date, language=language)),
        (
            _("Last day"),
            format_day(last_day, language=language) if last_day else _("Until further notice"),
        ),
        (_("To be paid within"), _("%(days)s days") % {"days": contract.payment_terms_days}),
        (_("Currency"), contract.currency),
    ]


def terms_groups(terms: ContractTerms, currency: str) -> list[TermsGroup]:
    """What the terms say: of a hybrid each component, then what stands over all of them."""
    wording = TermsWording(currency)
    given = terms.billing_configuration
    groups = [
        TermsGroup(
            str(ContractType(part["contract_type"]).label),
            wording.facts(part["contract_type"], part),
        )
        for part in given.get("components", [])
    ]
    title = str(_("Over all components")) if groups else ""
    own = TermsGroup(title, wording.facts(terms.contract_type, given))
    return [*groups, own] if own.facts else groups


def terms_timeline(contract: Contract, on: date) -> list[dict[str, Any]]:
    """Every version of the terms, newest first, for the timeline component."""
    language = get_language()
    items = []
    for terms in reversed(contract.terms.all()):
        is_past = terms.valid_to is not None and terms.valid_to < on
        is_future = terms.valid_from > on
        start = format_day(terms.valid_from, language=language)
        end = format_day(terms.valid_to, language=language) if terms.valid_to else ""
        days = f"{start} – {end}" if end else _("from %(day)s on") % {"day": start}
        items.append(
            {
                "title": f"{terms.get_contract_type_display()}, {days}",
                "note": _summary(terms, contract.currency),
                "state": "done" if is_past else "later" if is_future else "now",
            }
        )
    return items


def _summary(terms: ContractTerms, currency: str) -> str:
    """The first facts in one line, and who recorded them."""
    facts = [fact for group in terms_groups(terms, currency) for fact in group.facts]
    words = [
        _("%(label)s: %(value)s") % {"label": label, "value": value}
        for label, value in facts[:SUMMARY_FACTS]
    ]
    more = len(facts) - SUMMARY_FACTS
    if more > 0:
        words.append(_("%(number)s more") % {"number": more})
    return " · ".join([*words, terms.change_id, terms.created_by])
