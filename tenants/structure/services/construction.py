"""Holdback and lien periods of the organisation's own. What is invoiced keeps what was held."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from billing.construction import FEDERAL
from billing.tax import PROVINCES
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.wording import worded as _
from tenants.structure.models import ConstructionRule
from tenants.structure.services.rules import add_rule, check_basis, end_rule, remove_rule

RATE_MAX = Decimal("0.25")
DAYS_MAX = 730
JURISDICTIONS = (*sorted(PROVINCES), FEDERAL)


def add_construction_rule(
    *,
    actor: Actor,
    jurisdiction: str,
    holdback_rate: Decimal,
    starts_on: date,
    source: str,
    release_days: int | None = None,
    is_yearly: bool = False,
    ends_on: date | None = None,
) -> ConstructionRule:
    """Hold back another share than the table's, or release it after other days, from a day on.

    `holdback_rate` is a fraction; `release_days` run from the completion, where `is_yearly` also
    from each anniversary of the contract; None leaves the release to the table. Raises Invalid
    naming each wrong field, Conflict where a rule of the same jurisdiction starts on the day.
    """
    authorize(actor, "organisation.write")
    errors = _check(jurisdiction, holdback_rate, release_days, is_yearly=is_yearly)
    errors += check_basis(source, starts_on, ends_on)
    if errors:
        raise Invalid(errors=errors)
    return add_rule(
        actor=actor,
        rule=ConstructionRule(
            jurisdiction=jurisdiction,
            holdback_rate=holdback_rate,
            release_days=release_days,
            is_yearly=is_yearly,
            starts_on=starts_on,
            ends_on=ends_on,
            source=source.strip(),
        ),
        action="construction_rule.added",
        state=_state,
        taken=_("A rule of this jurisdiction starts on that day already."),
    )


def end_construction_rule(
    *, actor: Actor, rule_id: UUID, ends_on: date, expected_revision: int | None = None
) -> ConstructionRule:
    """The last day of a rule. Raises NotFound, Invalid, PreconditionFailed when stale."""
    return end_rule(
        actor=actor,
        model=ConstructionRule,
        rule_id=rule_id,
        ends_on=ends_on,
        action="construction_rule.ended",
        state=_state,
        expected_revision=expected_revision,
    )


def remove_construction_rule(*, actor: Actor, rule_id: UUID) -> None:
    """Take a rule away; invoices keep what they hold back. Raises NotFound."""
    remove_rule(
        actor=actor,
        model=ConstructionRule,
        rule_id=rule_id,
        action="construction_rule.removed",
        state=_state,
    )


def _check(
    jurisdiction: str, rate: Decimal, release_days: int | None, *, is_yearly: bool
) -> list[FieldError]:
    errors: list[FieldError] = []
    if jurisdiction not in JURISDICTIONS:
        message = _("Use one of: %(choices)s.") % {"choices": ", ".join(JURISDICTIONS)}
        errors.append(FieldError("jurisdiction", "choice", message))
    if not 0 <= rate <= RATE_MAX:
        errors.append(FieldError("holdback_rate", "range", _("Between 0 and 25 %.")))
    if release_days is not None and not 1 <= release_days <= DAYS_MAX:
        message = _("Between %(low)s and %(high)s.") % {"low": 1, "high": DAYS_MAX}
        errors.append(FieldError("release_days", "range", message))
    if is_yearly and release_days is None:
        message = _("Say after how many days it is released.")
        errors.append(FieldError("release_days", "required", message))
    return errors


def _state(rule: ConstructionRule) -> dict[str, object]:
    return {
        "jurisdiction": rule.jurisdiction,
        "holdback_rate": str(rule.holdback_rate),
        "release_days": rule.release_days,
        "is_yearly": rule.is_yearly,
        "starts_on": str(rule.starts_on),
        "ends_on": str(rule.ends_on) if rule.ends_on else None,
        "source": rule.source,
    }
