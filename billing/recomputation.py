"""A second calculation of a contract, written apart from ``billing.rating`` on purpose.

It shares the terms, the activity and the table of minor units with the first one, nothing else:
all numbers are fractions, days are counted one by one, years by walking from anniversary to
anniversary, tiers as differences of rates, guarantee and cap as a clamp. An invoice is refused
when the two disagree by a cent.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import NamedTuple, assert_never

from billing.activity import Activity, Adjustment
from billing.escalation import Escalation
from billing.money import ROUNDING, minor_unit
from billing.periods import Period
from billing.terms import (
    AnnualFee,
    Bounds,
    CostFee,
    FixedFee,
    FlatBonus,
    FlatRate,
    HourClass,
    Hybrid,
    InsuranceBasis,
    LabourHours,
    ManagementAgreement,
    MonthlyFee,
    RevenueFee,
    RevenueShare,
    Scale,
    Terms,
    TierMode,
)

HALF = Fraction(1, 2)


class Recomputed(NamedTuple):
    """Exact sums of rounded amounts: ``bounded`` may be clamped, ``bonuses`` may not."""

    bounded: Fraction
    bonuses: Fraction


class Limits(NamedTuple):
    """Guarantee and cap of the whole period; ``component`` is None for the contract's own."""

    component: int | None
    minimum_guarantee: Decimal | None
    maximum_cap: Decimal | None


class Recomputation:
    """One contract's active days and inputs, recomputed.

    It is asked after ``rate_contract`` answered: that the contract is active and that its inputs
    are there is taken as given.
    """

    def __init__(
        self,
        terms: Terms,
        *,
        currency: str,
        effective_date: date,
        end_date: date | None,
        period: Period,
        activity: Activity,
    ) -> None:
        self._terms = terms
        self._places = minor_unit(currency)
        self._activity = activity
        first = max(period.start_date, effective_date).toordinal()
        last = min(period.end_date, end_date or period.end_date).toordinal()
        self._days = [date.fromordinal(day) for day in range(first, last + 1)]
        counted = Counter((day.year, day.month) for day in self._days)
        first_days = {(day.year, day.month): day for day in reversed(self._days)}
        self._months = [
            (first_days[month], Fraction(days, monthrange(*month)[1]))
            for month, days in counted.items()
        ]
        self._earned: dict[Escalation | None, Fraction] = {}  # many parts share an escalation

    def subtotal(self) -> Decimal:
        """Return the sum of all lines, charges and adjustments included."""
        result = self._recompute(self._terms)
        extra = sum(
            self._round(exact)
            for exact in (
                *(Fraction(charge.amount) for charge in self._activity.additional_charges),
                *(self._adjusted(adjustment) for adjustment in self._activity.adjustments),
            )
        )
        return self._as_amount(result.bounded + result.bonuses + extra)

    def limits(self) -> tuple[Limits, ...]:
        """Return the guarantee and cap of the period, of each component and of the contract."""
        terms = self._terms
        found = []
        if isinstance(terms, Hybrid):
            for index, part in enumerate(terms.components):
                if isinstance(part, RevenueShare):
                    found.append(self._limits_of(index, part.bounds, part.escalation))
        if isinstance(terms, Hybrid | RevenueShare):
            found.append(self._limits_of(None, terms.bounds, terms.escalation))
        return tuple(found)

    def hourly_rate(self, terms: LabourHours, job_code: str, hour_class: HourClass) -> Decimal:
        """Return the rate per hour on the first active day; an empty code is the standard."""
        given: dict[HourClass, Decimal | None] = {HourClass.REGULAR: terms.standard_rate}
        for job in terms.job_rates:
            if job.job_code == job_code:
                given = {
                    HourClass.REGULAR: job.regular,
                    HourClass.OVERTIME: job.overtime,
                    HourClass.DOUBLE_TIME: job.double_time,
                    HourClass.HOLIDAY: job.holiday,
                }
        factor = _growth(terms.escalation, self._days[0])
        stated = given.get(hour_class)
        if stated is not None:
            return _decimal(_rounded(Fraction(stated) * factor, 4), 4)
        regular = _rounded(Fraction(given[HourClass.REGULAR] or 0) * factor, 4)
        multiplier = {
            HourClass.OVERTIME: terms.multipliers.overtime,
            HourClass.DOUBLE_TIME: terms.multipliers.double_time,
            HourClass.HOLIDAY: terms.multipliers.holiday,
        }[hour_class]
        return _decimal(_rounded(regular * Fraction(multiplier), 4), 4)

    def _recompute(self, terms: Terms) -> Recomputed:
        match terms:
            case RevenueShare():
                return self._revenue_share(terms)
            case LabourHours():
                return self._labour_hours(terms)
            case FixedFee():
                months = 12 if isinstance(terms.fee, AnnualFee) else 1
                per_month = Fraction(terms.fee.amount) / months
                return Recomputed(self._monthly(per_month, terms.escalation), Fraction(0))
            case ManagementAgreement():
                return self._management_agreement(terms)
            case Hybrid():
                parts = [self._recompute(part) for part in terms.components]
                reached = sum((part.bounded for part in parts), Fraction(0))
                bonuses = sum((part.bonuses for part in parts), Fraction(0))
                return Recomputed(self._clamp(reached, terms.bounds, terms.escalation), bonuses)
            case _:
                assert_never(terms)

    def _revenue_share(self, terms: RevenueShare) -> Recomputed:
        revenue = Fraction(self._activity.known_revenue())
        share = self._round(_scaled(terms.scale, revenue))
        bonus, earned = terms.performance_bonus, Fraction(0)
        if bonus is not None:
            excess = max(revenue - Fraction(bonus.threshold), Fraction(0))
            if isinstance(bonus, FlatBonus):
                earned = Fraction(bonus.amount) * (1 if excess else 0)
            else:
                earned = excess * Fraction(bonus.rate)
        return Recomputed(self._clamp(share, terms.bounds, terms.escalation), self._round(earned))

    def _labour_hours(self, terms: LabourHours) -> Recomputed:
        amounts = worked = Fraction(0)
        for row in (self._activity.labor_hours, *self._activity.labor):
            for hour_class in HourClass:
                hours = Fraction(getattr(row, hour_class.value))
                if not hours:
                    continue
                rate = self.hourly_rate(terms, row.job_code or "", hour_class)
                amounts += self._round(hours * Fraction(rate))
                worked += hours
        bonus, earned = terms.efficiency_bonus, Fraction(0)
        if bonus is not None and worked:
            saved = max(Fraction(bonus.budgeted_hours) - worked, Fraction(0))
            rate = self.hourly_rate(terms, "", HourClass.REGULAR)
            earned = saved * Fraction(bonus.savings_share) * Fraction(rate)
        return Recomputed(amounts, self._round(earned))

    def _management_agreement(self, terms: ManagementAgreement) -> Recomputed:
        costs = [Fraction(cost.amount) for cost in self._activity.costs]
        raw = sum(costs, Fraction(0))
        passed_on = sum(
            (self._round(cost + cost * Fraction(terms.cost_markup_rate)) for cost in costs),
            Fraction(0),
        )
        fee = self._management_fee(terms, raw)
        insured = Fraction(0)
        if terms.insurance is not None:
            if terms.insurance.basis is InsuranceBasis.GROSS_REVENUE:
                base = Fraction(self._activity.known_revenue())
            else:
                payroll = [cost.amount for cost in self._activity.costs if cost.payroll]
                base = sum(map(Fraction, payroll), Fraction(0))
            insured = self._round(base * Fraction(terms.insurance.rate))
        shared = Fraction(0)
        if terms.profit_share is not None:
            revenue = Fraction(self._activity.known_revenue())
            threshold = self._monthly(Fraction(terms.profit_share.threshold), None)
            excess = max(revenue - raw - fee - insured - threshold, Fraction(0))
            shared = self._round(_scaled(terms.profit_share.scale, excess))
        return Recomputed(passed_on + fee + insured + shared, Fraction(0))

    def _management_fee(self, terms: ManagementAgreement, raw_costs: Fraction) -> Fraction:
        fee = terms.management_fee
        match fee:
            case MonthlyFee():
                return self._monthly(Fraction(fee.amount), terms.escalation)
            case RevenueFee():
                return self._round(Fraction(self._activity.known_revenue()) * Fraction(fee.rate))
            case CostFee():
                return self._round(raw_costs * Fraction(fee.rate))
            case _:
                assert_never(fee)

    def _adjusted(self, adjustment: Adjustment) -> Fraction:
        """Once, or each agreed day's part of its month."""
        if adjustment.days is None:
            return Fraction(adjustment.amount)
        agreed = [day for day in self._days if day in adjustment.days]
        shares = (Fraction(1, monthrange(day.year, day.month)[1]) for day in agreed)
        return Fraction(adjustment.amount) * sum(shares, Fraction(0))

    def _clamp(self, reached: Fraction, bounds: Bounds, escalation: Escalation | None) -> Fraction:
        floor_amount, ceiling = bounds.minimum_guarantee, bounds.maximum_cap
        if ceiling is not None:
            reached = min(reached, self._monthly(Fraction(ceiling), escalation))
        if floor_amount is not None:
            reached = max(reached, self._monthly(Fraction(floor_amount), escalation))
        return reached

    def _limits_of(
        self, component: int | None, bounds: Bounds, escalation: Escalation | None
    ) -> Limits:
        guarantee, cap = (
            None if bound is None else self._as_amount(self._monthly(Fraction(bound), escalation))
            for bound in (bounds.minimum_guarantee, bounds.maximum_cap)
        )
        return Limits(component, guarantee, cap)

    def _monthly(self, per_month: Fraction, escalation: Escalation | None) -> Fraction:
        """A day earns its month's amount / the days of that month."""
        return self._round(per_month * self._months_earned(escalation))

    def _months_earned(self, escalation: Escalation | None) -> Fraction:
        """The months of the period, parts as fractions, each grown by the escalation."""
        if escalation not in self._earned:
            grown = (share * _growth(escalation, first) for first, share in self._months)
            self._earned[escalation] = sum(grown, Fraction(0))
        return self._earned[escalation]

    def _round(self, exact: Fraction) -> Fraction:
        return _rounded(exact, self._places)

    def _as_amount(self, amount: Fraction) -> Decimal:
        return _decimal(amount, self._places)


def _rounded(exact: Fraction, places: int) -> Fraction:
    """Half-up by distance from zero, without decimals."""
    units = floor(abs(exact) * 10**places + HALF)
    return Fraction(units if exact > 0 else -units, 10**places)


def _decimal(amount: Fraction, places: int) -> Decimal:
    return Decimal(int(amount * 10**places)).scaleb(-places, ROUNDING)


def _scaled(scale: Scale, base: Fraction) -> Fraction:
    """Marginal tiers as the first rate on everything plus each change of rate on what is above."""
    if isinstance(scale, FlatRate):
        return base * Fraction(scale.rate)
    base = max(base, Fraction(0))
    limits = [Fraction(tier.up_to) for tier in scale.tiers if tier.up_to is not None]
    rates = [Fraction(tier.rate) for tier in scale.tiers]
    if scale.mode is TierMode.WHOLE:
        return base * rates[sum(1 for limit in limits if base > limit)]
    total = base * rates[0]
    for limit, before, after in zip(limits, rates[:-1], rates[1:], strict=True):
        total += max(base - limit, Fraction(0)) * (after - before)
    return total


def _growth(escalation: Escalation | None, on: date) -> Fraction:
    growth = Fraction(1)
    if escalation is not None:
        for anniversary in _anniversaries(escalation.effective_date):
            if anniversary > on:
                break
            growth *= 1 + Fraction(escalation.annual_increase)
    return growth


def _anniversaries(since: date) -> Iterator[date]:
    for year in range(since.year + 1, date.max.year + 1):
        try:
            yield since.replace(year=year)
        except ValueError:  # 29 February in a common year
            yield date(year, 3, 1)
