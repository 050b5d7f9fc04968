"""Reading what an organisation chose about the rules of its invoices."""

from billing.validation import Severity
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.invoices.corrections import MISSING_DAYS_ARE_ZERO
from tenants.invoices.models import ValidationSettings
from tenants.invoices.validators import RuleChoices


def validation_settings(*, actor: Actor) -> ValidationSettings:
    """The choices; unsaved defaults where none were made yet."""
    authorize(actor, "organisation.read")
    return ValidationSettings.objects.first() or ValidationSettings()


def rule_choices() -> RuleChoices:
    """The choices as a calculation takes them, in one query."""
    kept = ValidationSettings.objects.first()
    if kept is None:
        return RuleChoices()
    return RuleChoices(
        variance_limit=kept.variance_limit,
        off=frozenset(kept.off),
        severities={rule: Severity(severity) for rule, severity in kept.severities.items()},
        allowed_corrections=frozenset(
            {MISSING_DAYS_ARE_ZERO} if kept.missing_days_are_zero else ()
        ),
    )
