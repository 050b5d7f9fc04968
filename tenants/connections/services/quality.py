"""The organisation's thresholds, and measuring on demand."""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid
from tenants.connections.models import QualitySettings, QualitySnapshot
from tenants.connections.work.measuring import take_snapshot

MONTHS_MAX = 120
THRESHOLDS = ("completeness_min", "currency_min", "error_rate_max")


def update_quality_settings(
    *,
    actor: Actor,
    completeness_min: Decimal | None = None,
    currency_min: Decimal | None = None,
    error_rate_max: Decimal | None = None,
    log_months: int | None = None,
    expected_revision: int | None = None,
) -> QualitySettings:
    """Change what is given, in percent with two decimals; alerts follow at the next measuring.

    Raises Invalid naming each wrong field, PreconditionFailed when stale.
    """
    authorize(actor, "connections.write")
    given: dict[str, Decimal | int | None] = {
        "completeness_min": completeness_min,
        "currency_min": currency_min,
        "error_rate_max": error_rate_max,
        "log_months": log_months,
    }
    values = {name: value for name, value in given.items() if value is not None}
    _check(values)
    with transaction.atomic():
        QualitySettings.objects.get_or_create(only_row=True)
        settings = QualitySettings.objects.select_for_update().get()
        settings.require_revision(expected_revision)
        before = {name: str(getattr(settings, name)) for name in values}
        for name, value in values.items():
            setattr(settings, name, value)
        settings.save_changes(*values)
        record(
            actor=actor,
            action="quality_settings.changed",
            target=settings,
            before=before,
            after={name: str(value) for name, value in values.items()},
        )
    return settings


def measure_quality_now(*, actor: Actor) -> QualitySnapshot:
    """Today's figures as of now, with what they raise or clear."""
    authorize(actor, "connections.resolve")
    return take_snapshot()


def _check(values: dict[str, Decimal | int]) -> None:
    errors = [
        FieldError(name, "range", _("Between 0 and 100, with at most two decimals."))
        for name in THRESHOLDS
        if name in values and not _is_percent(Decimal(values[name]))
    ]
    if not 1 <= values.get("log_months", 1) <= MONTHS_MAX:
        errors.append(FieldError("log_months", "range", _("Between 1 and 120 months.")))
    if errors:
        raise Invalid(errors=errors)


def _is_percent(value: Decimal) -> bool:
    exponent = value.normalize().as_tuple().exponent
    return 0 <= value <= 100 and isinstance(exponent, int) and exponent >= -2
