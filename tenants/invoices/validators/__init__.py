"""The rules that a contract invoice is checked against, one small class each."""

from tenants.invoices.validators.base import Coverage, RatedPart, Subject, Validator
from tenants.invoices.validators.choices import RuleChoices
from tenants.invoices.validators.registry import BY_NAME, VALIDATORS, validate

__all__ = [
    "BY_NAME",
    "VALIDATORS",
    "Coverage",
    "RatedPart",
    "RuleChoices",
    "Subject",
    "Validator",
    "validate",
]
