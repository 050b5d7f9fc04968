"""The organisation's own taxes and what it leaves untaxed. What is invoiced keeps its taxes."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from billing.lines import LINE_CODES
from billing.tax import PROVINCES
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.wording import worded as _
from tenants.structure.models import ServiceCategory, TaxExclusion, TaxRule
from tenants.structure.services.rules import add_rule, check_basis, end_rule, remove_rule

HOME_COUNTRY = "CA"
COUNTRY = re.compile(r"[A-Z]{2}\Z")
COMPONENT = re.compile(r"[A-Za-z][A-Za-z0-9]{0,9}\Z")
PROVINCE_MAX = 50


def add_tax_rule(
    *,
    actor: Actor,
    component: str,
    rate: Decimal,
    starts_on: date,
    source: str,
    country: str = HOME_COUNTRY,
    province: str = "",
    ends_on: date | None = None,
) -> TaxRule:
    """A tax of the organisation's own, or another rate than the table's, from a day on.

    `rate` is a fraction; an empty province means all of the country. Raises Invalid naming each
    wrong field, Conflict where a rule of the same tax and place starts on the day.
    """
    authorize(actor, "organisation.write")
    errors = _check_place(country, province, component, source, starts_on, ends_on)
    if not 0 <= rate <= 1:
        errors.append(FieldError("rate", "range", _("Between 0 and 100 %.")))
    if errors:
        raise Invalid(errors=errors)
    return add_rule(
        actor=actor,
        rule=TaxRule(
            country=country,
            province=province,
            component=component,
            rate=rate,
            starts_on=starts_on,
            ends_on=ends_on,
            source=source.strip(),
        ),
        action="tax_rule.added",
        state=_rule_state,
        taken=_("A rule of this tax and place starts on that day already."),
    )


def remove_tax_rule(*, actor: Actor, rule_id: UUID) -> None:
    """Take a rule away; what is invoiced keeps its taxes. Raises NotFound."""
    remove_rule(
        actor=actor, model=TaxRule, rule_id=rule_id, action="tax_rule.removed", state=_rule_state
    )


def end_tax_rule(
    *, actor: Actor, rule_id: UUID, ends_on: date, expected_revision: int | None = None
) -> TaxRule:
    """The last day of a rule. Raises NotFound, Invalid, PreconditionFailed when stale."""
    return end_rule(
        actor=actor,
        model=TaxRule,
        rule_id=rule_id,
        ends_on=ends_on,
        action="tax_rule.ended",
        state=_rule_state,
        expected_revision=expected_revision,
    )


def add_tax_exclusion(
    *,
    actor: Actor,
    component: str,
    starts_on: date,
    source: str,
    country: str = HOME_COUNTRY,
    province: str = "",
    line_codes: Sequence[str] = (),
    service_category: str = "",
    ends_on: date | None = None,
) -> TaxExclusion:
    """Leave a tax out of some lines from a day on, where an input does not say otherwise.

    No line codes: every line; no category: every contract. Raises Invalid naming each field.
    """
    authorize(actor, "organisation.write")
    errors = _check_place(country, province, component, source, starts_on, ends_on)
    errors += [
        FieldError(f"line_codes[{number}]", "choice", _("There is no such line."))
        for number, code in enumerate(line_codes)
        if code not in LINE_CODES
    ]
    if service_category and service_category not in ServiceCategory.values:
        choices = ", ".join(ServiceCategory.values)
        message = _("Use one of: %(choices)s.") % {"choices": choices}
        errors.append(FieldError("service_category", "choice", message))
    if errors:
        raise Invalid(errors=errors)
    return add_rule(
        actor=actor,
        rule=TaxExclusion(
            country=country,
            province=province,
            component=component,
            line_codes=sorted(set(line_codes)),
            service_category=service_category,
            starts_on=starts_on,
            ends_on=ends_on,
            source=source.strip(),
        ),
        action="tax_exclusion.added",
        state=_exclusion_state,
    )


def remove_tax_exclusion(*, actor: Actor, exclusion_id: UUID) -> None:
    """Tax those lines again; what is invoiced keeps its taxes. Raises NotFound."""
    remove_rule(
        actor=actor,
        model=TaxExclusion,
        rule_id=exclusion_id,
        action="tax_exclusion.removed",
        state=_exclusion_state,
    )


def _check_place(
    country: str,
    province: str,
    component: str,
    source: str,
    starts_on: date,
    ends_on: date | None,
) -> list[FieldError]:
    errors: list[FieldError] = []
    if not COUNTRY.match(country):
        message = _("Use the two-letter country code.")
        errors.append(FieldError("country", "not_a_country", message))
    if country == HOME_COUNTRY and province and province not in PROVINCES:
        message = _("Use the two-letter code of a province or territory, such as ON.")
        errors.append(FieldError("province", "not_a_province", message))
    elif len(province) > PROVINCE_MAX:
        message = _("At most %(number)s characters.") % {"number": PROVINCE_MAX}
        errors.append(FieldError("province", "too_long", message))
    if not COMPONENT.match(component):
        errors.append(FieldError("component", "form", _("One to ten letters and digits.")))
    return [*errors, *check_basis(source, starts_on, ends_on)]


def _rule_state(rule: TaxRule) -> dict[str, object]:
    return {
        "place": f"{rule.country} {rule.province}".strip(),
        "component": rule.component,
        "rate": str(rule.rate),
        "starts_on": str(rule.starts_on),
        "ends_on": str(rule.ends_on) if rule.ends_on else None,
        "source": rule.source,
    }


def _exclusion_state(exclusion: TaxExclusion) -> dict[str, object]:
    return {
        "place": f"{exclusion.country} {exclusion.province}".strip(),
        "component": exclusion.component,
        "line_codes": exclusion.line_codes,
        "service_category": exclusion.service_category,
        "starts_on": str(exclusion.starts_on),
        "ends_on": str(exclusion.ends_on) if exclusion.ends_on else None,
        "source": exclusion.source,
    }
