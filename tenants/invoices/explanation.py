"""“Why this amount?” in words: traces and checks as sentences in the reader's language.

`billing` gives stable keys and values; every key it can give has its sentence here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing.validation import RuleResult
from shared.kernel.tax_names import tax_wording
from shared.kernel.wording import (
    Shown,
    Value,
    Wording,
    day,
    joined,
    money,
    month,
    number,
    percentage,
    wording_from_json,
)
from shared.kernel.wording import worded as _

LINE_NAMES: Mapping[str, Wording] = {
    "revenue_share": _("Revenue share"),
    "maximum_cap": _("Reduction to the maximum"),
    "minimum_guarantee": _("Top-up to the minimum guarantee"),
    "performance_bonus": _("Performance bonus"),
    "labor_regular": _("Regular hours"),
    "labor_overtime": _("Overtime hours"),
    "labor_double_time": _("Double-time hours"),
    "labor_holiday": _("Holiday hours"),
    "efficiency_bonus": _("Efficiency bonus"),
    "fixed_fee": _("Fixed fee"),
    "reimbursable_cost": _("Reimbursable cost"),
    "management_fee": _("Management fee"),
    "insurance": _("Insurance"),
    "profit_share": _("Profit share"),
    "additional_charge": _("Additional charge"),
    "adjustment": _("Adjustment"),
    "holdback": _("Holdback"),
    "holdback_release": _("Release of holdback"),
}
RULES: Mapping[str, Wording] = {
    "share_flat": _("One rate on all revenue"),
    "share_marginal": _("Each tier at its own rate"),
    "share_whole": _("The tier reached applies to all revenue"),
    "maximum_cap": _("The contract's maximum, by month"),
    "minimum_guarantee": _("The contract's minimum, by month"),
    "bonus_rate": _("A share of the revenue above the threshold"),
    "bonus_flat": _("A fixed bonus once the threshold is passed"),
    "hours": _("Hours at the contract's rate"),
    "efficiency_bonus": _("A share of the hours saved against the budget"),
    "fee_monthly": _("A fee by month, prorated by days"),
    "fee_annual": _("A twelfth of the annual fee by month, prorated by days"),
    "fee_revenue": _("A share of the revenue"),
    "fee_cost": _("A share of the costs"),
    "cost": _("The cost with the agreed markup"),
    "insurance_payroll": _("Insurance on payroll"),
    "insurance_gross_revenue": _("Insurance on revenue"),
    "profit_share_marginal": _("Profit above the threshold, each tier at its own rate"),
    "profit_share_whole": _("Profit above the threshold, at the tier reached"),
    "additional_charge": _("As entered"),
    "adjustment": _("As agreed and approved"),
    "holdback": _("The share that the customer keeps back until the lien period has run"),
    "holdback_release": _("What was kept back until now"),
    "credit": _("What is taken back of a line"),
    "recalculation": _("The difference to what was billed before"),
}
STEPS: Mapping[str, Wording] = {
    "flat_share": _("%(base)s at %(rate)s"),
    "tier_slice": _("From %(above)s: the next %(slice)s at %(rate)s"),
    "tier_whole": _("All of %(base)s at %(rate)s, the tier it falls in"),
    "nothing_to_share": _("%(base)s: nothing to share"),
    "sum": _("Sum"),
    "rounded": _("Rounded to the smallest unit of %(currency)s"),
    "annual_to_monthly": _("%(annual_fee)s a year, a twelfth a month"),
    "month": _("%(month)s: %(monthly_amount)s, %(active_days)s of %(days_in_month)s days"),
    "cap_reduction": _("Limit %(bound)s less %(reached)s reached"),
    "guarantee_top_up": _("Guaranteed %(bound)s less %(reached)s reached"),
    "bonus_on_excess": _("%(revenue_amount)s less %(threshold)s, at %(rate)s"),
    "bonus_flat": _("%(revenue_amount)s is above %(threshold)s"),
    "rate_escalated": _("%(rate)s an hour, raised %(years)s times by %(annual_increase)s"),
    "rate_multiplied": _("%(rate)s an hour, times %(multiplier)s"),
    "hours_at_rate": _("%(hours)s hours at %(rate)s"),
    "hours_saved": _("%(budgeted_hours)s hours budgeted less %(hours)s worked"),
    "hours_saved_share": _("%(savings_share)s of %(hours_saved)s hours at %(rate)s"),
    "cost_marked_up": _("Cost %(cost)s plus %(markup_rate)s"),
    "month_sum_divided": _(
        "%(month)s: %(month_sum)s reported for the month, %(part_days)s of %(days)s days under "
        "these terms"
    ),
    "share_of_revenue": _("Revenue %(base)s at %(rate)s"),
    "share_of_costs": _("Costs %(base)s at %(rate)s"),
    "share_of_payroll": _("Payroll %(base)s at %(rate)s"),
    "profit": _(
        "Revenue %(revenue_amount)s less costs %(costs)s, fee %(management_fee)s, "
        "insurance %(insurance)s"
    ),
    "profit_above_threshold": _("%(profit)s less the threshold %(threshold)s"),
    "charge": _("As entered"),
    "holdback_share": _("%(rate)s of %(base)s kept back"),
    "held_back": _("Kept back on %(invoice)s"),
    "credited": _("Of %(amount)s on %(invoice)s"),
    "calculated_now": _("Calculated again"),
    "billed_before": _("Less what was billed on %(invoice)s, with its corrections"),
    "covered_by_credit": _("Covered by a credit given by hand"),
}
CHECKS: Mapping[str, Wording] = {
    "lines_add_up": _("The lines add up to the subtotal and the total"),
    "lines_do_not_add_up": _("The lines do not add up to the subtotal and the total"),
    "calculation_agrees": _("A second, independent calculation agrees to the cent"),
    "not_calculable": _("It cannot be calculated again: %(reason)s"),
    "calculation_differs": _(
        "A second, independent calculation gives %(recomputed)s instead of %(subtotal)s"
    ),
    "within_guarantee_and_cap": _("Guarantee and maximum are kept"),
    "outside_guarantee_or_cap": _("Guarantee or maximum is not kept: %(reached)s"),
    "rate_equals_contract": _("The rate is the contract's"),
    "rate_differs_from_contract": _("The rate %(rate)s is not the contract's %(expected)s"),
    "total_not_negative": _("The total is not below zero"),
    "total_negative": _("The total is below zero: %(total)s. Credit an earlier invoice instead."),
    "tax_registration_present": _("Every tax charged has its registration number"),
    "tax_registration_missing": _(
        "No registration number for %(description)s. Enter it under Settings, Billing company."
    ),
    "contract_active": _("The contract is active in the period"),
    "contract_not_active": _("The contract is not active on any day of the period"),
    "required_data": _("Everything the calculation needs is there"),
    "required": _("Something the calculation needs is missing"),
    "unknown_job_code": _("The contract has no rate for the job code %(job_code)s"),
    "every_day_covered": _("Revenue is recorded for every day"),
    "days_missing": _(
        "No revenue is recorded for %(missing_days)s of %(days)s days, "
        "from %(from_date)s to %(to_date)s"
    ),
    "reported_in_sums": _(
        "Revenue is recorded once a month; that is taken as the sum of all %(days)s days"
    ),
    "missing_days_are_zero": _(
        "Days without a revenue report were taken as closed: %(missing_days)s of %(days)s"
    ),
    "revenue_as_usual": _("The amount is near the mean of former periods"),
    "revenue_unusual": _(
        "%(revenue)s is unusual: the mean of the former periods (%(periods)s) is %(mean)s"
    ),
    "no_revenue_history": _("There is no former period to compare with"),
    "due_date_as_agreed": _("The due date follows the payment terms"),
    "due_date_not_as_agreed": _(
        "The due date %(due_date)s does not follow the payment terms; the latest is %(latest_date)s"
    ),
    "total_not_zero": _("The total is not zero"),
    "total_zero": _("The total is zero"),
}
OWN_TAX = _("Own tax: %(taxes)s")
LEFT_OUT = _("Left out: %(taxes)s")
_PERCENTAGES = frozenset({"variance", "annual_increase", "savings_share", "markup_rate", "limit"})
_COUNTS = frozenset(
    {"years", "active_days", "days_in_month", "hours", "budgeted_hours", "hours_saved"}
    | {"multiplier", "count", "lines_count", "factor", "days", "part_days"}
    | {"missing_days", "periods"}
)
_RATES_ARE_MONEY = frozenset(
    {"rate_escalated", "rate_multiplied", "hours_at_rate", "hours_saved_share"}
)
_HOUR_AMOUNTS = frozenset({"hours_saved"})
_TEXTS = frozenset(
    {"currency", "code", "job_code", "hour_class", "description", "category", "invoice"}
)


@dataclass(frozen=True)
class StepText:
    """One step of the arithmetic, ready to show."""

    label: str
    value: str
    formula: str = ""


def line_name(code: str, subject: str = "") -> str:
    """What a line is called, with what people named it."""
    name = str(LINE_NAMES.get(code, code))
    if code in ("reimbursable_cost", "additional_charge", "adjustment") and subject:
        return subject
    return f"{name} · {subject}" if subject else name


def trace_steps(trace: Mapping[str, Any], currency: str) -> list[StepText]:
    """The steps of a stored trace as sentences with their amounts."""
    return [
        StepText(
            label=str(STEPS[step["label"]] % _words(step["values"], currency, step["label"])),
            value=_amount(step, currency),
        )
        for step in trace["steps"]
    ]


def rule_text(trace: Mapping[str, Any]) -> str:
    """The rule behind a line, what lays it down, and what own rules say of its taxes."""
    text, inputs = str(RULES[trace["rule"]]), trace["inputs"]
    if inputs.get("source"):
        text = f"{text} ({inputs['source']})"
    for key, sentence in (("taxed", OWN_TAX), ("untaxed", LEFT_OUT)):
        if inputs.get(key):
            text = f"{text} · {sentence % {'taxes': inputs[key]}}"
    return text


def check_sentence(check: RuleResult, currency: str) -> Wording:
    """The result of a check in words; amounts are in the currency of what was checked."""
    return check_wording(check_as_json(check), currency)


def check_text(check: Mapping[str, Any], currency: str) -> str:
    """The stored result of a check in words."""
    return str(check_wording(check, currency))


def check_wording(check: Mapping[str, Any], currency: str) -> Wording:
    """The stored result of a check, for whoever reads it."""
    sentence = CHECKS.get(check["explanation"])
    if sentence is None:
        return Wording(str(check["name"]))
    return sentence % _words(check["values"], currency, check["explanation"])


def check_as_json(check: RuleResult) -> dict[str, Any]:
    """The result of a check as it is kept with the invoice."""
    return {
        "name": check.name,
        "severity": str(check.severity),
        "fields": list(check.fields),
        "passed": check.passed,
        "explanation": check.explanation,
        "values": {
            key: f"{value:f}" if isinstance(value, Decimal) else value
            for key, value in check.values.items()
        },
    }


def _amount(step: Mapping[str, Any], currency: str) -> str:
    amount = Decimal(step["amount"])
    return str(number(amount) if step["label"] in _HOUR_AMOUNTS else _exact_money(amount, currency))


def _words(values: Mapping[str, Any], currency: str, label: str) -> dict[str, Value]:
    is_price = label in _RATES_ARE_MONEY or str(values.get("code", "")).startswith("labor_")
    return {key: _word(key, value, currency, is_price) for key, value in values.items()}


def _word(key: str, value: Any, currency: str, is_price: bool) -> Value:
    """One value of a step or a check; `is_price`: its rates are money, not percentages."""
    if value is None:
        return ""
    if key == "description":  # the taxes a check names
        return joined(map(tax_wording, str(value).split(", ")), ", ")
    if key == "reason":
        return wording_from_json(value)
    if key in _TEXTS:
        return str(value)
    if key == "month":
        return month(date.fromisoformat(f"{value}-01"))
    if key.endswith("_date"):
        return day(date.fromisoformat(str(value)))
    figure = Decimal(value)
    if key in _PERCENTAGES or (key in ("rate", "expected") and not is_price):
        return percentage(figure)
    return number(figure) if key in _COUNTS else _exact_money(figure, currency)


def _exact_money(amount: Decimal, currency: str) -> Shown:
    """Money with the digits the step has: a step before the rounding shows its fraction."""
    shown = amount.normalize()
    if -shown.as_tuple().exponent > 2:  # type: ignore[operator]
        return number(amount)
    return money(amount, currency)
