"""Terms in words and on a timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from shared.kernel.errors import Text
from shared.kernel.formats import format_day, format_percentage
from tenants.contracts.example import Example
from tenants.contracts.models import BillingFrequency, Contract, ContractTerms, ContractType
from tenants.contracts.versions import Version
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
    return charge_lines(example.lines, example.currency)


def contract_facts(contract: Contract, terms: ContractTerms) -> list[tuple[str, Any]]:
    """Site, customer, days and payment of a contract, as a list of terms."""
    language = get_language()
    site_url = reverse("site_detail", args=[contract.site.site_id])
    last_day = contract.end_date
    return [
        (_("Site"), format_html('<a href="{}">{}</a>', site_url, contract.site.name)),
        (
            _("Customer"),
            format_html(
                '<a href="{}">{}</a>',
                reverse("customer_detail", args=[contract.site.customer.customer_id]),
                contract.site.customer.name,
            ),
        ),
        (_("Billed"), terms.get_billing_frequency_display()),
        (_("In force from"), format_day(contract.effective_date, language=language)),
        (
            _("Last day"),
            format_day(last_day, language=language) if last_day else _("Until further notice"),
        ),
        (_("To be paid within"), _("%(days)s days") % {"days": contract.payment_terms_days}),
        (_("Currency"), contract.currency),
        *_details(contract),
    ]


def _details(contract: Contract) -> list[tuple[str, Any]]:
    """What stands around the terms, as far as it is told."""
    rate, months = contract.holdback_rate, contract.auto_renew_months
    facts: list[tuple[str, Any]] = [
        (_("Billed by"), contract.entity.name if contract.entity else ""),
        (_("Department"), contract.department),
        (_("Kind of service"), contract.get_service_category_display()),
        (_("Purchase order"), contract.purchase_order),
        (_("Construction contract"), _construction(contract)),
        (
            _("Holdback"),
            "" if rate is None else format_percentage(rate, language=get_language()),
        ),
        (
            _("Renews by itself for"),
            _("%(number)s months") % {"number": months} if months else "",
        ),
    ]
    return [(term, value) for term, value in facts if value]


def _construction(contract: Contract) -> str:
    if contract.is_federal:
        return _("Yes, federal work")
    return _("Yes") if contract.is_construction else ""


def terms_groups(contract_type: str, given: Mapping[str, Any], currency: str) -> list[TermsGroup]:
    """What the terms say: of a hybrid each component, then what stands over all of them."""
    wording = TermsWording(currency)
    groups = [
        TermsGroup(
            str(ContractType(part["contract_type"]).label),
            wording.facts(part["contract_type"], part),
        )
        for part in given.get("components", [])
    ]
    title = str(_("Over all components")) if groups else ""
    own = TermsGroup(title, wording.facts(contract_type, given))
    return [*groups, own] if own.facts else groups


@dataclass(frozen=True)
class ChangeText:
    """One fact of the terms before and after, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class VersionText:
    """A version of the terms as the page tells it. `state` is the timeline's."""

    title: str
    days: str
    summary: str
    reason: Text
    made_by: str
    made_at: datetime
    change_id: str
    state: str
    is_replaced: bool
    changes: list[ChangeText]


def version_texts(contract: Contract, versions: Sequence[Version], on: date) -> list[VersionText]:
    """Every version of the terms, newest first."""
    return [_version_text(contract, version, on) for version in reversed(versions)]


def _version_text(contract: Contract, version: Version, on: date) -> VersionText:
    is_past = version.is_replaced or (version.valid_to is not None and version.valid_to < on)
    state = "done" if is_past else "later" if version.valid_from > on else "now"
    facts = _facts(version.contract_type, version.billing_configuration, contract.currency)
    return VersionText(
        title=str(ContractType(version.contract_type).label),
        days=_days(version),
        summary=_summary(facts),
        reason=version.reason,
        made_by=version.made_by,
        made_at=version.made_at,
        change_id=version.change_id,
        state=state,
        is_replaced=version.is_replaced,
        changes=_change_texts(version, facts, contract.currency),
    )


def _days(version: Version) -> str:
    language = get_language()
    start = format_day(version.valid_from, language=language)
    if version.valid_to is None:
        return _("from %(day)s on") % {"day": start}
    return f"{start} – {format_day(version.valid_to, language=language)}"


def _facts(contract_type: str, given: Mapping[str, Any], currency: str) -> list[Fact]:
    groups = terms_groups(contract_type, given, currency)
    return [
        (f"{group.title} · {label}" if group.title else label, value)
        for group in groups
        for label, value in group.facts
    ]


def _change_texts(version: Version, facts: list[Fact], currency: str) -> list[ChangeText]:
    """What is told otherwise than of the terms before; empty for the first version."""
    before = version.before
    if before is None:
        return []
    types, frequencies = dict(ContractType.choices), dict(BillingFrequency.choices)
    pairs: list[tuple[str, Any, Any]] = [
        (_("Type"), types[before["contract_type"]], types[version.contract_type]),
        (
            _("Billed"),
            frequencies[before["billing_frequency"]],
            frequencies[version.billing_frequency],
        ),
    ]
    old = dict(_facts(before["contract_type"], before["billing_configuration"], currency))
    new = dict(facts)
    pairs += [(label, old.get(label, ""), new.get(label, "")) for label in {**old, **new}]
    return [
        ChangeText(label, str(was), str(now)) for label, was, now in pairs if str(was) != str(now)
    ]


def _summary(facts: list[Fact]) -> str:
    """The first facts in one line."""
    words = [
        _("%(label)s: %(value)s") % {"label": label, "value": value}
        for label, value in facts[:SUMMARY_FACTS]
    ]
    more = len(facts) - SUMMARY_FACTS
    if more > 0:
        words.append(_("%(number)s more") % {"number": more})
    return " · ".join(words)
