"""Rules about amounts: that they add up, agree and follow the contract."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from billing.totals import sum_amounts
from billing.validation import (
    RuleResult,
    Severity,
    check_guarantee_and_cap,
    check_lines_add_up,
    check_rates,
    check_recomputation,
    check_total_not_negative,
    check_total_not_zero,
)
from tenants.invoices.validators.base import Subject, Validator


class LinesAddUp(Validator):
    """Subtotal, taxes and total are the sums they say they are."""

    name = "lines_add_up"
    label = _("Lines add up")
    about = _("The subtotal is the sum of the lines, the total that of subtotal and taxes.")
    severity = Severity.CRITICAL
    fields = ("lines", "subtotal", "taxes", "total")

    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """One result."""
        return [check_lines_add_up(subject.lines, subject.totals, subject.currency)]


class CalculationAgrees(Validator):
    """A second calculation, written apart from the first, gives the same."""

    name = "calculation_agrees"
    label = _("Second calculation agrees")
    about = _("An independent calculation from the same inputs gives the same to the cent.")
    severity = Severity.CRITICAL
    fields = ("lines", "subtotal")

    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """One result for each version of the terms."""
        for part in subject.parts:
            subtotal = sum_amounts((line.amount for line in part.lines), subject.currency)
            yield check_recomputation(subtotal, part.recomputation.subtotal())


class GuaranteeAndCap(Validator):
    """Minimum and maximum of the contract are kept."""

    name = "guarantee_and_cap"
    label = _("Guarantee and maximum")
    about = _("What lies under a guarantee or maximum is within it.")
    severity = Severity.CRITICAL
    fields = ("minimum_guarantee", "maximum_cap", "lines")

    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """One result for each part of the contract that has them."""
        for part in subject.parts:
            yield from check_guarantee_and_cap(part.lines, part.recomputation.limits())


class RatesEqualContract(Validator):
    """The rates are those agreed for these days."""

    name = "rates_equal_contract"
    label = _("Rates of the contract")
    about = _("Each rate by the hour and each flat share is the contract's on that date.")
    severity = Severity.CRITICAL
    fields = ("lines.rate",)

    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """One result for each line that has such a rate."""
        for part in subject.parts:
            yield from check_rates(part.terms, part.lines, part.recomputation)


class TotalNotNegative(Validator):
    """What the customer is owed is a credit note, not an invoice."""

    name = "total_not_negative"
    label = _("Total not below zero")
    about = _("An invoice below zero is refused: credit an earlier invoice instead.")
    severity = Severity.ERROR
    fields = ("total",)

    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """One result."""
        return [check_total_not_negative(subject.totals.total)]


class TotalNotZero(Validator):
    """An invoice of nothing is rarely meant."""

    name = "total_not_zero"
    label = _("Total not zero")
    about = _("An invoice of 0.00 asks for a look.")
    severity = Severity.WARNING
    fields = ("total",)

    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """One result."""
        return [check_total_not_zero(subject.totals.total)]
