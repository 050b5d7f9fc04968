"""What an organisation chooses about its statements."""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid
from tenants.statements.models import StatementSettings

LIMIT_MAX = Decimal(100)


def save_settings(
    *, actor: Actor, variance_limit: Decimal, variance_minimum: Decimal
) -> StatementSettings:
    """From which difference to the last statement a person looks at one before it is sent.

    `variance_limit` is a fraction, `variance_minimum` an amount. Raises Invalid.
    """
    authorize(actor, "organisation.write")
    errors = []
    if not 0 <= variance_limit <= LIMIT_MAX:
        errors.append(FieldError("variance_limit", "range", _("Between 0 and 10,000 %.")))
    if variance_minimum < 0:
        errors.append(FieldError("variance_minimum", "range", _("Zero or more.")))
    if errors:
        raise Invalid(errors=errors)
    with transaction.atomic():
        found, _created = StatementSettings.objects.select_for_update().get_or_create(only_row=True)
        before = {"limit": found.variance_limit, "minimum": found.variance_minimum}
        found.variance_limit, found.variance_minimum = variance_limit, variance_minimum
        found.save_changes("variance_limit", "variance_minimum")
        record(
            actor=actor,
            action="statement_settings.changed",
            target=found,
            before=before,
            after={"limit": variance_limit, "minimum": variance_minimum},
        )
    return found
