"""What the organisation has chosen about its statements."""

from collections.abc import Mapping

from tenants.statements.models import (
    LegalHold,
    RetentionKind,
    RetentionRule,
    StatementSettings,
)
from tenants.statements.models.retention import YEARS_DEFAULT


def statement_settings() -> StatementSettings:
    """The one row, or the defaults."""
    return StatementSettings.objects.first() or StatementSettings()


def retention_years() -> Mapping[str, int]:
    """Years by kind, seven where there is no rule."""
    chosen = dict(RetentionRule.objects.values_list("kind", "years"))
    return {kind: chosen.get(kind, YEARS_DEFAULT) for kind in RetentionKind.values}


def open_holds() -> list[LegalHold]:
    """Holds in force, newest first."""
    found = LegalHold.objects.filter(released_at__isnull=True)
    return list(found.select_related("customer", "statement__customer"))
