"""Rules about taxes."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from billing.validation import RuleResult, Severity, check_tax_registrations
from tenants.invoices.validators.base import Subject, Validator


class TaxRegistrationPresent(Validator):
    """Who charges a tax shows the number it is registered under.

    A warning while the company has no number at all: a new organisation must be able to bill
    while its numbers are on their way. From its first number on, one that lacks is a slip.
    """

    name = "tax_registration_present"
    label = _("Tax registration numbers")
    about = _(
        "Each tax charged has its registration number. Only a warning until the billing company "
        "has entered its first one."
    )
    severity = Severity.ERROR
    fields = ("tax_registrations",)

    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """One result."""
        result = check_tax_registrations(subject.totals.taxes, subject.registered)
        yield result if subject.registered else result._replace(severity=Severity.WARNING)
