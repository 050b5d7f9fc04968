"""Charge lines and their traces: what an invoice shows and how each amount came about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias, TypedDict, cast, get_args

from billing.activity import Taxable
from billing.money import as_shown, check_storable, round_money

LineCode: TypeAlias = Literal[
    "revenue_share",
    "maximum_cap",
    "minimum_guarantee",
    "performance_bonus",
    "labor_regular",
    "labor_overtime",
    "labor_double_time",
    "labor_holiday",
    "efficiency_bonus",
    "fixed_fee",
    "reimbursable_cost",
    "management_fee",
    "insurance",
    "profit_share",
    "additional_charge",
    "adjustment",
    "holdback",
    "holdback_release",
]
Rule: TypeAlias = Literal[
    "share_flat",
    "share_marginal",
    "share_whole",
    "maximum_cap",
    "minimum_guarantee",
    "bonus_rate",
    "bonus_flat",
    "hours",
    "efficiency_bonus",
    "fee_monthly",
    "fee_annual",
    "fee_revenue",
    "fee_cost",
    "cost",
    "insurance_payroll",
    "insurance_gross_revenue",
    "profit_share_marginal",
    "profit_share_whole",
    "additional_charge",
    "adjustment",
    "holdback",
    "holdback_release",
    "credit",
    "recalculation",
]
StepLabel: TypeAlias = Literal[
    "flat_share",
    "tier_slice",
    "tier_whole",
    "nothing_to_share",
    "sum",
    "rounded",
    "annual_to_monthly",
    "month",
    "cap_reduction",
    "guarantee_top_up",
    "bonus_on_excess",
    "bonus_flat",
    "rate_escalated",
    "rate_multiplied",
    "hours_at_rate",
    "hours_saved",
    "hours_saved_share",
    "cost_marked_up",
    "month_sum_divided",
    "share_of_revenue",
    "share_of_costs",
    "share_of_payroll",
    "profit",
    "profit_above_threshold",
    "charge",
    "holdback_share",
    "held_back",
    "credited",
    "calculated_now",
    "billed_before",
    "covered_by_credit",
]
# What translators must cover; the pages' tests iterate over these.
LINE_CODES: tuple[str, ...] = get_args(LineCode)
RULES: tuple[str, ...] = get_args(Rule)
STEP_LABELS: tuple[str, ...] = get_args(StepLabel)

ALWAYS_SHOWN: frozenset[LineCode] = frozenset({"revenue_share", "fixed_fee", "management_fee"})
"""Lines of 0.00 are left out, except these (domain rule 4)."""

OUTSIDE_BOUNDS: frozenset[LineCode] = frozenset({"performance_bonus", "efficiency_bonus"})
"""Component lines that a hybrid's guarantee and cap leave alone."""

DESCRIPTIONS: Mapping[LineCode, str] = {
    "revenue_share": "Revenue share",
    "maximum_cap": "Reduction to the maximum",
    "minimum_guarantee": "Top-up to the minimum guarantee",
    "performance_bonus": "Performance bonus",
    "labor_regular": "Regular hours",
    "labor_overtime": "Overtime hours",
    "labor_double_time": "Double-time hours",
    "labor_holiday": "Holiday hours",
    "efficiency_bonus": "Efficiency bonus",
    "fixed_fee": "Fixed fee",
    "reimbursable_cost": "Reimbursable cost",
    "management_fee": "Management fee",
    "insurance": "Insurance",
    "profit_share": "Profit share",
    "additional_charge": "Additional charge",
    "adjustment": "Adjustment",
    "holdback": "Holdback",
    "holdback_release": "Release of holdback",
}
"""English names of the codes; pages in other languages name the line by its code."""

Value: TypeAlias = Decimal | int | str | None

TEXT_VALUES = frozenset(
    {"currency", "month", "job_code", "hour_class", "description", "category", "reason"}
    | {"basis", "from_date", "to_date", "agreed_on", "approved_by", "code", "invoice"}
    | {"source", "untaxed", "taxed"}
)
"""Keys of trace values that hold words; every other value is a number or None."""

JsonValues: TypeAlias = dict[str, str | int | None]


class StepJson(TypedDict):
    """A step as stored: Decimals as strings."""

    label: str
    values: JsonValues
    amount: str


class TraceJson(TypedDict):
    """A trace as stored and as answered by the API: Decimals as strings."""

    rule: str
    inputs: JsonValues
    steps: list[StepJson]


class Step(NamedTuple):
    """One step: a stable ``label``, the ``values`` its sentence names, and what it comes to.

    ``amount`` may be a rate or a number of hours where the label says so. A quotient without a
    finite decimal is shown to 10 decimals; the calculation itself goes on with the exact value.
    """

    label: StepLabel
    values: Mapping[str, Value]
    amount: Decimal


class Trace(NamedTuple):
    """Why a line has its amount: the rule, what went in, each step; the last one is the amount."""

    rule: Rule
    inputs: Mapping[str, Value]
    steps: tuple[Step, ...]

    def with_input(self, name: str, value: Value) -> Trace:
        """Return the trace with one more thing that went in."""
        return self._replace(inputs={**self.inputs, name: value})

    def after(self, steps: Iterable[Step]) -> Trace:
        """Return the trace with these steps before its own."""
        return self._replace(steps=(*steps, *self.steps))

    def as_json(self) -> TraceJson:
        """Return plain JSON values, Decimals as strings."""
        return {
            "rule": self.rule,
            "inputs": values_as_json(self.inputs),
            "steps": [
                {
                    "label": step.label,
                    "values": values_as_json(step.values),
                    "amount": f"{step.amount:f}",
                }
                for step in self.steps
            ],
        }

    @classmethod
    def from_json(cls, data: TraceJson) -> Trace:
        """Return the trace that ``as_json`` wrote, equal to the original."""
        return cls(
            rule=cast(Rule, data["rule"]),
            inputs=values_from_json(data["inputs"]),
            steps=tuple(
                Step(
                    cast(StepLabel, step["label"]),
                    values_from_json(step["values"]),
                    Decimal(step["amount"]),
                )
                for step in data["steps"]
            ),
        )


class ChargeLine(NamedTuple):
    """One line of an invoice, rounded to the currency's minor unit.

    ``quantity`` and ``rate`` are given where quantity x rate, rounded, is the amount; ``subject``
    is the text people gave (job code, cost or charge description, reason); ``component`` is the
    index inside a hybrid, None for contract-level lines.
    """

    code: LineCode
    description: str
    quantity: Decimal | None
    rate: Decimal | None
    amount: Decimal
    taxable: Taxable
    component: int | None
    trace: Trace
    subject: str = ""


def settle(steps: list[Step], exact: Decimal | Fraction, currency: str, code: LineCode) -> Decimal:
    """Round ``exact`` to the currency, once, adding a step where that changed the value.

    Raises AmountTooLarge, naming the line's code, when the result cannot be stored.
    """
    amount = check_storable(round_money(exact, currency), code)
    if amount != exact:
        steps.append(Step("rounded", {"exact": as_shown(exact), "currency": currency}, amount))
    return amount


def day_value(day: date | None) -> str | None:
    """Return a date as trace value."""
    return None if day is None else day.isoformat()


def values_as_json(values: Mapping[str, Value]) -> JsonValues:
    """Return trace or rule values for JSON: Decimals as plain strings."""
    return {
        key: f"{value:f}" if isinstance(value, Decimal) else value for key, value in values.items()
    }


def values_from_json(values: Mapping[str, str | int | None]) -> dict[str, Value]:
    """Return the values that ``values_as_json`` wrote."""
    return {
        key: Decimal(value) if isinstance(value, str) and key not in TEXT_VALUES else value
        for key, value in values.items()
    }
