"""Labour hours: hours x rate per row and class, and a bonus for hours saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from billing.escalation import Escalation, compound, full_years
from billing.lines import ChargeLine, LineCode, Step, Trace, Value, settle
from billing.money import as_shown, check_storable, round_rate
from billing.rating.context import RatingContext
from billing.terms import EfficiencyBonus, HourClass, JobRates, LabourHours, Multipliers

LINE_CODE_BY_CLASS: Final[Mapping[HourClass, LineCode]] = {
    HourClass.REGULAR: "labor_regular",
    HourClass.OVERTIME: "labor_overtime",
    HourClass.DOUBLE_TIME: "labor_double_time",
    HourClass.HOLIDAY: "labor_holiday",
}


def rate_labour_hours(terms: LabourHours, context: RatingContext) -> list[ChargeLine]:
    """Return a line per row and class with hours, then ``efficiency_bonus``.

    Rows keep their order and are not merged. That hours exist and every job code is known was
    checked before.
    """
    lines = list(_rate_rows(terms, context))
    if terms.efficiency_bonus is not None:
        lines += _rate_efficiency(terms, terms.efficiency_bonus, context)
    return lines


def _rate_rows(terms: LabourHours, context: RatingContext) -> Iterator[ChargeLine]:
    rates_by_job = terms.rates_by_job()
    for row in context.activity.hour_rows:
        job = rates_by_job[row.job_code]
        for hour_class, hours in row.by_class():
            if hours:
                yield _rate_hours(terms, job, hour_class, hours, context)


def _rate_hours(
    terms: LabourHours,
    job: JobRates,
    hour_class: HourClass,
    hours: Decimal,
    context: RatingContext,
) -> ChargeLine:
    on = context.active.start_date
    rate, steps = hourly_rate(job, hour_class, terms.multipliers, terms.escalation, on)
    exact = hours * rate
    steps.append(Step("hours_at_rate", {"hours": hours, "rate": rate}, exact))
    code = LINE_CODE_BY_CLASS[hour_class]
    amount = settle(steps, exact, context.currency, code)
    inputs: dict[str, Value] = {
        "hours": hours,
        "hour_class": hour_class.value,
        "job_code": job.job_code or None,
    }
    return context.line(
        code,
        amount,
        Trace("hours", inputs, tuple(steps)),
        quantity=hours,
        rate=rate,
        subject=job.job_code,
    )


def hourly_rate(
    job: JobRates,
    hour_class: HourClass,
    multipliers: Multipliers,
    escalation: Escalation | None,
    on: date,
) -> tuple[Decimal, list[Step]]:
    """Return the rate per hour, rounded half-up to 4 decimals, and its steps.

    A given rate escalates by the factor in force on ``on``, the period's first active day; one
    that is not given is the escalated (and rounded) regular rate x the multiplier.
    """
    given = job.given(hour_class)
    if given is not None:
        return _escalate_rate(given, escalation, on)
    regular, steps = _escalate_rate(job.regular, escalation, on)
    multiplier = multipliers.of(hour_class)
    rate = check_storable(round_rate(regular * multiplier), "hourly_rates")
    steps.append(Step("rate_multiplied", {"rate": regular, "multiplier": multiplier}, rate))
    return rate, steps


def _escalate_rate(
    given: Decimal, escalation: Escalation | None, on: date
) -> tuple[Decimal, list[Step]]:
    if escalation is None:
        return given, []
    years = full_years(escalation.effective_date, on)
    factor = compound(escalation.annual_increase, years)
    rate = check_storable(round_rate(Fraction(given) * factor), "hourly_rates")
    values: dict[str, Value] = {
        "rate": given,
        "annual_increase": escalation.annual_increase,
        "years": years,
        "factor": as_shown(factor),
    }
    return rate, [Step("rate_escalated", values, rate)]


def _rate_efficiency(
    terms: LabourHours, bonus: EfficiencyBonus, context: RatingContext
) -> list[ChargeLine]:
    """Savings share x (budgeted hours - all hours) x escalated standard rate, when below.

    A part of a period without hours saved nothing.
    """
    hours = context.activity.total_hours
    saved = bonus.budgeted_hours - hours
    if saved <= 0 or not hours:
        return []
    rate, steps = _escalate_rate(terms.standard_rate, terms.escalation, context.active.start_date)
    inputs: dict[str, Value] = {"budgeted_hours": bonus.budgeted_hours, "hours": hours}
    steps.append(Step("hours_saved", inputs, saved))
    exact = bonus.savings_share * saved * rate
    values: dict[str, Value] = {
        "hours_saved": saved,
        "savings_share": bonus.savings_share,
        "rate": rate,
    }
    steps.append(Step("hours_saved_share", values, exact))
    amount = settle(steps, exact, context.currency, "efficiency_bonus")
    trace = Trace("efficiency_bonus", inputs, tuple(steps))
    return [context.line("efficiency_bonus", amount, trace)]
