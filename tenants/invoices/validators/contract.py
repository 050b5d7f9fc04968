"""Rules about the contract and its dates."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from billing.validation import RuleResult, Severity, check_contract_active, check_due_date
from tenants.invoices.validators.base import Subject, Validator


class ContractActive(Validator):
    """There is something to bill for."""

    name = "contract_active"
    label = _("Contract active")
    about = _("The contract is in force on at least one day of the period.")
    severity = Severity.CRITICAL
    fields = ("effective_date", "end_date", "billing_period")
    ends = True

    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """One result."""
        return [check_contract_active(subject.effective_date, subject.end_date, subject.period)]


class DueDate(Validator):
    """The customer has the time to pay that was agreed, and no more."""

    name = "due_date"
    label = _("Due date")
    about = _("It is not before the invoice date and not later than the payment terms say.")
    severity = Severity.ERROR
    fields = ("due_date",)

    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """One result."""
        return [check_due_date(subject.invoice_date, subject.due_date, subject.payment_terms_days)]
