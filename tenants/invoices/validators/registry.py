"""All rules of a contract invoice in their order, and how a tenant's choices change them."""

from collections.abc import Collection, Mapping

from billing.validation import RuleResult, Severity
from tenants.invoices.validators.amounts import (
    CalculationAgrees,
    GuaranteeAndCap,
    LinesAddUp,
    RatesEqualContract,
    TotalNotNegative,
    TotalNotZero,
)
from tenants.invoices.validators.base import Subject, Validator
from tenants.invoices.validators.contract import ContractActive, DueDate
from tenants.invoices.validators.inputs import EveryDayCovered, RequiredData, RevenueVariance
from tenants.invoices.validators.taxes import TaxRegistrationPresent

VALIDATORS: tuple[Validator, ...] = (
    ContractActive(),
    RequiredData(),
    LinesAddUp(),
    CalculationAgrees(),
    GuaranteeAndCap(),
    RatesEqualContract(),
    EveryDayCovered(),
    DueDate(),
    TaxRegistrationPresent(),
    TotalNotNegative(),
    RevenueVariance(),
    TotalNotZero(),
)
BY_NAME: Mapping[str, Validator] = {validator.name: validator for validator in VALIDATORS}


def validate(
    subject: Subject,
    *,
    off: Collection[str] = (),
    severities: Mapping[str, Severity] | None = None,
    only: Collection[str] | None = None,
) -> tuple[RuleResult, ...]:
    """What every rule finds, or `only` the named ones.

    `off` and `severities` are a tenant's choices by rule.

    Critical rules stay as they are. A failure whose own severity is lower than the rule's (see
    `TaxRegistrationPresent`) keeps it unless the tenant chose one. Source: `domain.md` 7.
    """
    chosen = severities or {}
    results: list[RuleResult] = []
    for rule in VALIDATORS:
        if rule.name in off and not rule.is_critical:
            continue
        if only is not None and rule.name not in only:
            continue
        found = list(rule.check(subject))
        severity = None if rule.is_critical else chosen.get(rule.name)
        results.extend(
            one if severity is None else one._replace(severity=severity) for one in found
        )
        if rule.ends and not all(one.passed for one in found):
            break
    return tuple(results)
