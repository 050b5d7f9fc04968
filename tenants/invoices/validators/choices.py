"""What a tenant chose about the rules; the defaults are the domain's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from billing.validation import DEFAULT_VARIANCE_LIMIT, Severity


@dataclass(frozen=True)
class RuleChoices:
    """Tolerance, severity and switch by rule, and which corrections may be made unasked."""

    variance_limit: Decimal = DEFAULT_VARIANCE_LIMIT
    off: frozenset[str] = frozenset()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    allowed_corrections: frozenset[str] = frozenset()
