"""Choosing how strict the rules of invoices are."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.validation import Severity
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.wording import worded as _
from tenants.invoices.models import ValidationSettings
from tenants.invoices.validators import BY_NAME

LIMIT_MAX = 100  # ten thousand percent
CHOICES = (Severity.ERROR, Severity.WARNING)
FIELDS = ("variance_limit", "severities", "off", "missing_days_are_zero")


def change_validation_settings(
    *,
    actor: Actor,
    variance_limit: Decimal,
    severities: Mapping[str, str],
    off: Collection[str],
    missing_days_are_zero: bool,
    expected_revision: int | None = None,
) -> ValidationSettings:
    """Replace the choices. `variance_limit` is a fraction: 0.25 allows a quarter up or down.

    Critical rules can be neither softened nor switched off. Raises Invalid naming each field,
    PreconditionFailed when stale.
    """
    authorize(actor, "organisation.write")
    _check(variance_limit, severities, off)
    wanted: dict[str, Any] = {
        "variance_limit": variance_limit,
        "severities": {
            rule: str(chosen)
            for rule, chosen in sorted(severities.items())
            if chosen != BY_NAME[rule].severity
        },
        "off": sorted(set(off)),
        "missing_days_are_zero": missing_days_are_zero,
    }
    with transaction.atomic():
        ValidationSettings.objects.bulk_create([ValidationSettings()], ignore_conflicts=True)
        kept = ValidationSettings.objects.select_for_update().get()
        kept.require_revision(expected_revision)
        before = {name: getattr(kept, name) for name in FIELDS}
        for name, value in wanted.items():
            setattr(kept, name, value)
        kept.save_changes(*FIELDS)
        record(
            actor=actor,
            action="validation_settings.changed",
            target=kept,
            before={name: str(before[name]) for name in FIELDS if before[name] != wanted[name]},
            after={name: str(wanted[name]) for name in FIELDS if before[name] != wanted[name]},
        )
    return kept


def _check(limit: Decimal, severities: Mapping[str, str], off: Collection[str]) -> None:
    errors = []
    if not 0 <= limit <= LIMIT_MAX:
        errors.append(FieldError("variance_limit", "range", _("Between 0 and 100.")))
    for rule, chosen in severities.items():
        errors += _check_rule(f"severities.{rule}", rule)
        if chosen not in CHOICES:
            message = _("Use one of: %(choices)s.") % {"choices": ", ".join(CHOICES)}
            errors.append(FieldError(f"severities.{rule}", "choice", message))
    for rule in off:
        errors += _check_rule("off", rule)
    if errors:
        raise Invalid(errors=errors)


def _check_rule(field: str, rule: str) -> list[FieldError]:
    if rule not in BY_NAME:
        message = _("There is no rule %(name)s.") % {"name": rule}
        return [FieldError(field, "unknown", message)]
    if BY_NAME[rule].is_critical:
        message = _("The rule %(name)s always holds.") % {"name": rule}
        return [FieldError(field, "critical", message)]
    return []
