"""Rules about what an invoice was calculated from."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from billing.validation import (
    RuleResult,
    Severity,
    check_days_covered,
    check_required_inputs,
    check_revenue_variance,
)
from tenants.invoices.corrections import MISSING_DAYS_ARE_ZERO
from tenants.invoices.validators.base import Subject, Validator


class RequiredData(Validator):
    """Revenue, hours and rates that the contract needs are there."""

    name = "required_data"
    label = _("Required data")
    about = _("Everything that the contract is calculated from is there.")
    severity = Severity.ERROR
    fields = ("billing_data",)
    ends = True

    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """One result for each version of the terms and missing field."""
        for part in subject.parts:
            yield from check_required_inputs(part.terms, part.activity)


class EveryDayCovered(Validator):
    """Recorded revenue has no gap."""

    name = "every_day_covered"
    label = _("Revenue of every day")
    about = _(
        "Revenue taken from the records has no day without a report. A single report a month is "
        "taken as the sum of its days."
    )
    severity = Severity.ERROR
    fields = ("billing_data.revenue_amount", "billing_period")
    correction = MISSING_DAYS_ARE_ZERO

    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """One result, where the amount came from the records."""
        if subject.coverage is None:
            return
        result = check_days_covered(subject.coverage.needed, subject.coverage.reported)
        if not result.passed and MISSING_DAYS_ARE_ZERO in subject.corrections:
            result = result._replace(passed=True, explanation="missing_days_are_zero")
        yield result


class RevenueVariance(Validator):
    """What is unusual deserves a look."""

    name = "revenue_variance"
    label = _("Usual amount")
    about = _(
        "Revenue, or the amount of hours and costs billed, is near the mean of up to six former "
        "periods."
    )
    severity = Severity.WARNING
    fields = ("billing_data.revenue_amount",)

    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """One result, for contracts whose amounts depend on what happened."""
        if subject.measured is None:
            return
        yield check_revenue_variance(subject.measured, subject.trailing, subject.variance_limit)
