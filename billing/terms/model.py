"""The terms of a contract: what its billing configuration says, typed and already validated."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from billing.escalation import Escalation


class ContractType(StrEnum):
    """The five ways a contract turns activity into money."""

    REVENUE_SHARE = "revenue_share"
    PER_LABOR_HOUR = "per_labor_hour"
    FIXED_FEE = "fixed_fee"
    MANAGEMENT_AGREEMENT = "management_agreement"
    HYBRID = "hybrid"


class TierMode(StrEnum):
    """``marginal``: each slice at its own rate; ``whole``: the tier reached rates all of it."""

    MARGINAL = "marginal"
    WHOLE = "whole"


class InsuranceBasis(StrEnum):
    """What the insurance rate is applied to."""

    PAYROLL = "payroll"
    GROSS_REVENUE = "gross_revenue"


class HourClass(StrEnum):
    """Classes of labour hours, in the order in which they appear on an invoice."""

    REGULAR = "regular"
    OVERTIME = "overtime"
    DOUBLE_TIME = "double_time"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Tier:
    """``rate`` up to and including ``up_to``; None is the open last tier."""

    up_to: Decimal | None
    rate: Decimal


@dataclass(frozen=True, slots=True)
class TieredRate:
    """Tiers in ascending order, the last one open."""

    tiers: tuple[Tier, ...]
    mode: TierMode = TierMode.MARGINAL


@dataclass(frozen=True, slots=True)
class FlatRate:
    """One fraction of the whole."""

    rate: Decimal


Scale: TypeAlias = FlatRate | TieredRate


@dataclass(frozen=True, slots=True)
class RateBonus:
    """``rate`` x the revenue above ``threshold``."""

    threshold: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True)
class FlatBonus:
    """``amount`` when the revenue is above ``threshold``."""

    threshold: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class MonthlyFee:
    """An amount per calendar month."""

    amount: Decimal


@dataclass(frozen=True, slots=True)
class AnnualFee:
    """An amount per year, a twelfth of which is due per month."""

    amount: Decimal


@dataclass(frozen=True, slots=True)
class RevenueFee:
    """A fraction of the revenue."""

    rate: Decimal


@dataclass(frozen=True, slots=True)
class CostFee:
    """A fraction of the raw costs."""

    rate: Decimal


ManagementFee: TypeAlias = MonthlyFee | RevenueFee | CostFee


@dataclass(frozen=True, slots=True)
class Bounds:
    """Guarantee and cap per month; None is no bound, while a guarantee of 0 is one."""

    minimum_guarantee: Decimal | None = None
    maximum_cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RevenueShare:
    """A share of the site's revenue."""

    scale: Scale
    bounds: Bounds = Bounds()
    performance_bonus: RateBonus | FlatBonus | None = None
    escalation: Escalation | None = None


@dataclass(frozen=True, slots=True)
class Multipliers:
    """What a class of hours without its own rate multiplies the regular rate by."""

    overtime: Decimal = Decimal("1.5")
    double_time: Decimal = Decimal("2.0")
    holiday: Decimal = Decimal("2.0")

    def of(self, hour_class: HourClass) -> Decimal:
        """Return the multiplier of ``hour_class``, 1 for regular hours."""
        return {
            HourClass.REGULAR: Decimal(1),
            HourClass.OVERTIME: self.overtime,
            HourClass.DOUBLE_TIME: self.double_time,
            HourClass.HOLIDAY: self.holiday,
        }[hour_class]


@dataclass(frozen=True, slots=True)
class JobRates:
    """Rates per hour of one job code; None = regular x the contract's multiplier."""

    job_code: str
    regular: Decimal
    overtime: Decimal | None = None
    double_time: Decimal | None = None
    holiday: Decimal | None = None

    def given(self, hour_class: HourClass) -> Decimal | None:
        """Return the rate the contract states for ``hour_class``, before escalation."""
        return {
            HourClass.REGULAR: self.regular,
            HourClass.OVERTIME: self.overtime,
            HourClass.DOUBLE_TIME: self.double_time,
            HourClass.HOLIDAY: self.holiday,
        }[hour_class]


@dataclass(frozen=True, slots=True)
class EfficiencyBonus:
    """``savings_share`` of the standard rate for each hour below ``budgeted_hours``."""

    budgeted_hours: Decimal
    savings_share: Decimal


@dataclass(frozen=True, slots=True)
class LabourHours:
    """Hours x rate; ``standard_rate`` is per regular hour without a job code."""

    standard_rate: Decimal
    multipliers: Multipliers = Multipliers()
    job_rates: tuple[JobRates, ...] = ()
    efficiency_bonus: EfficiencyBonus | None = None
    escalation: Escalation | None = None

    def rates_by_job(self) -> dict[str | None, JobRates]:
        """Return the rates of each job code, and under None the standard ones."""
        rates: dict[str | None, JobRates] = {job.job_code: job for job in self.job_rates}
        rates[None] = JobRates("", self.standard_rate)
        return rates


@dataclass(frozen=True, slots=True)
class FixedFee:
    """A fee that depends on nothing but time."""

    fee: MonthlyFee | AnnualFee
    escalation: Escalation | None = None


@dataclass(frozen=True, slots=True)
class Insurance:
    """``rate`` x payroll costs or gross revenue."""

    basis: InsuranceBasis
    rate: Decimal


@dataclass(frozen=True, slots=True)
class ProfitShare:
    """A share of the profit above ``threshold``, an amount per month that does not escalate."""

    threshold: Decimal
    scale: TieredRate


@dataclass(frozen=True, slots=True)
class ManagementAgreement:
    """Costs passed on, a management fee, and optionally insurance and a share of the profit."""

    management_fee: ManagementFee
    cost_markup_rate: Decimal = Decimal(0)
    insurance: Insurance | None = None
    profit_share: ProfitShare | None = None
    escalation: Escalation | None = None


SimpleTerms: TypeAlias = RevenueShare | LabourHours | FixedFee | ManagementAgreement


@dataclass(frozen=True, slots=True)
class Hybrid:
    """Several simple terms on the same inputs; ``escalation`` is of the hybrid's own bounds."""

    components: tuple[SimpleTerms, ...]
    bounds: Bounds = Bounds()
    escalation: Escalation | None = None


Terms: TypeAlias = SimpleTerms | Hybrid
