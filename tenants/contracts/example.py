"""The worked example beside the editor: the terms tried on one month, nothing stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.activity import parse_activity
from billing.errors import BillingError, FieldProblem
from billing.lines import ChargeLine
from billing.periods import Frequency, calendar_period
from billing.rating import rate_contract
from billing.terms import parse_terms
from billing.totals import sum_amounts
from shared.kernel.clock import today


@dataclass(frozen=True)
class Example:
    """What the terms come to for the example month, or what is wrong with them."""

    lines: tuple[ChargeLine, ...] = ()
    subtotal: Decimal = Decimal(0)
    currency: str = "CAD"
    problems: tuple[FieldProblem, ...] = ()


def work_example(
    contract_type: str,
    configuration: Mapping[str, Any],
    billing_data: Mapping[str, object],
    *,
    frequency: str,
    currency: str = "CAD",
) -> Example:
    """Rate the present period as if the contract had always been active."""
    period = calendar_period(Frequency(frequency), today())
    try:
        lines = rate_contract(
            parse_terms(contract_type, configuration),
            currency=currency,
            effective_date=period.start_date,
            end_date=None,
            period=period,
            activity=parse_activity(billing_data),
        )
    except BillingError as error:
        return Example(problems=error.problems)
    subtotal = sum_amounts((x.amount for x in lines), currency)
    return Example(lines=tuple(lines), subtotal=subtotal, currency=currency)
