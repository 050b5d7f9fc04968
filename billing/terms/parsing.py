"""Turns the JSON of a contract into terms, collecting every problem (domain rule 4)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import assert_never

from billing.errors import FieldProblem, InvalidTerms
from billing.escalation import Escalation
from billing.numbers import (
    AMOUNT_FROM_ZERO,
    FRACTION,
    HOURS,
    MULTIPLIER,
    RATE_PER_HOUR,
    SHARE_RATE,
    TIER_LIMIT,
)
from billing.reading import FieldReader
from billing.terms.model import (
    AnnualFee,
    Bounds,
    ContractType,
    CostFee,
    EfficiencyBonus,
    FixedFee,
    FlatBonus,
    FlatRate,
    Hybrid,
    Insurance,
    InsuranceBasis,
    JobRates,
    LabourHours,
    ManagementAgreement,
    ManagementFee,
    MonthlyFee,
    Multipliers,
    ProfitShare,
    RateBonus,
    RevenueFee,
    RevenueShare,
    Scale,
    SimpleTerms,
    Terms,
    Tier,
    TieredRate,
    TierMode,
)

ROOT = "billing_configuration"
MAX_TIERS = 50
MAX_JOB_RATES = 500
MAX_COMPONENTS = 20
MAX_JOB_CODE = 50
_TYPES = tuple(contract_type.value for contract_type in ContractType)


def parse_terms(contract_type: str, configuration: Mapping[str, object]) -> Terms:
    """Return the terms that ``configuration`` states for ``contract_type``.

    Raises InvalidTerms with every problem at once, each named by its path below
    ``billing_configuration``; a field that the type does not know is refused by name.
    """
    problems: list[FieldProblem] = []
    if contract_type not in _TYPES:
        allowed = ", ".join(_TYPES)
        problem = FieldProblem(
            "contract_type", "unknown_choice", f"must be one of {allowed}", {"allowed": allowed}
        )
        raise InvalidTerms([problem])
    reader = FieldReader(configuration, ROOT, problems)
    terms = _read_terms(ContractType(contract_type), reader)
    reader.refuse_unknown()
    if problems:
        raise InvalidTerms(problems)
    return terms


def _read_terms(contract_type: ContractType, reader: FieldReader) -> Terms:
    match contract_type:
        case ContractType.REVENUE_SHARE:
            return _read_revenue_share(reader)
        case ContractType.PER_LABOR_HOUR:
            return _read_labour_hours(reader)
        case ContractType.FIXED_FEE:
            return _read_fixed_fee(reader)
        case ContractType.MANAGEMENT_AGREEMENT:
            return _read_management_agreement(reader)
        case ContractType.HYBRID:
            return _read_hybrid(reader)
        case _:
            assert_never(contract_type)


def _read_hybrid(reader: FieldReader) -> Hybrid:
    components: list[SimpleTerms] = []
    for item in reader.required_sections("components", most=MAX_COMPONENTS):
        chosen = item.choice("contract_type", ContractType)
        if chosen is ContractType.HYBRID:
            item.report("contract_type", "nested_hybrid", "cannot be a hybrid inside a hybrid")
        elif chosen is not None:
            terms = _read_terms(chosen, item)
            item.refuse_unknown()
            assert not isinstance(terms, Hybrid), "the choice above left the simple types"
            components.append(terms)
    return Hybrid(tuple(components), _read_bounds(reader), _read_escalation(reader))


def _read_revenue_share(reader: FieldReader) -> RevenueShare:
    return RevenueShare(
        scale=_read_share(reader),
        bounds=_read_bounds(reader),
        performance_bonus=_read_performance_bonus(reader),
        escalation=_read_escalation(reader),
    )


def _read_share(reader: FieldReader) -> Scale:
    if reader.exactly_one("revenue_share_rate", "tiers") == "tiers":
        return _read_tiered_rate(reader)
    if reader.has("tier_mode"):
        reader.report("tier_mode", "needs_tiers", "has no meaning without tiers")
    return FlatRate(reader.optional_number("revenue_share_rate", SHARE_RATE) or Decimal(0))


def _read_tiered_rate(reader: FieldReader) -> TieredRate:
    tiers: list[Tier] = []
    readers = reader.required_sections("tiers", most=MAX_TIERS)
    highest = Decimal(0)
    for index, item in enumerate(readers):
        is_last = index == len(readers) - 1
        up_to = item.optional_number("up_to", TIER_LIMIT)
        if is_last and item.has("up_to"):
            item.report("up_to", "last_tier_open", "must be null: the last tier is open")
        elif not is_last and not item.has("up_to"):
            item.report("up_to", "required", "is required: only the last tier is open")
        elif up_to is not None:
            if up_to <= highest:
                item.report(
                    "up_to", "not_ascending", f"must be more than {highest}", limit=str(highest)
                )
            highest = max(highest, up_to)
        tiers.append(Tier(up_to, item.number("rate", FRACTION)))
        item.refuse_unknown()
    mode = reader.optional_choice("tier_mode", TierMode) or TierMode.MARGINAL
    return TieredRate(tuple(tiers), mode)


def _read_bounds(reader: FieldReader) -> Bounds:
    guarantee = reader.optional_number("minimum_guarantee", AMOUNT_FROM_ZERO)
    cap = reader.optional_number("maximum_cap", AMOUNT_FROM_ZERO)
    if guarantee is not None and cap is not None and cap < guarantee:
        reader.report(
            "maximum_cap",
            "below_guarantee",
            f"must be at least the minimum guarantee, {guarantee}",
            limit=str(guarantee),
        )
    return Bounds(guarantee, cap)


def _read_performance_bonus(reader: FieldReader) -> RateBonus | FlatBonus | None:
    bonus = reader.optional_section("performance_bonus")
    if bonus is None:
        return None
    threshold = bonus.number("threshold", AMOUNT_FROM_ZERO)
    result: RateBonus | FlatBonus
    if bonus.exactly_one("rate", "amount") == "rate":
        result = RateBonus(threshold, bonus.optional_number("rate", FRACTION) or Decimal(0))
    else:
        result = FlatBonus(threshold, bonus.number("amount", AMOUNT_FROM_ZERO))
    bonus.refuse_unknown()
    return result


def _read_escalation(reader: FieldReader) -> Escalation | None:
    schedule = reader.optional_section("escalation_schedule")
    if schedule is None:
        return None
    escalation = Escalation(
        schedule.number("annual_increase", FRACTION), schedule.day("effective_date")
    )
    schedule.refuse_unknown()
    return escalation


def _read_labour_hours(reader: FieldReader) -> LabourHours:
    rates = reader.section("hourly_rates")
    standard_rate = rates.number("standard", RATE_PER_HOUR)
    multipliers = Multipliers(
        overtime=_read_multiplier(rates, "overtime_multiplier", Multipliers().overtime),
        double_time=_read_multiplier(rates, "double_time_multiplier", Multipliers().double_time),
        holiday=_read_multiplier(rates, "holiday_multiplier", Multipliers().holiday),
    )
    rates.refuse_unknown()
    return LabourHours(
        standard_rate=standard_rate,
        multipliers=multipliers,
        job_rates=_read_job_rates(reader),
        efficiency_bonus=_read_efficiency_bonus(reader),
        escalation=_read_escalation(reader),
    )


def _read_multiplier(rates: FieldReader, name: str, default: Decimal) -> Decimal:
    multiplier = rates.optional_number(name, MULTIPLIER)
    return default if multiplier is None else multiplier


def _read_job_rates(reader: FieldReader) -> tuple[JobRates, ...]:
    seen: dict[str, JobRates] = {}
    for item in reader.sections("job_rates", most=MAX_JOB_RATES):
        rates = JobRates(
            job_code=item.text("job_code", longest=MAX_JOB_CODE),
            regular=item.number("regular", RATE_PER_HOUR),
            overtime=item.optional_number("overtime", RATE_PER_HOUR),
            double_time=item.optional_number("double_time", RATE_PER_HOUR),
            holiday=item.optional_number("holiday", RATE_PER_HOUR),
        )
        if rates.job_code and rates.job_code in seen:
            twice = f"is given twice: {rates.job_code}"
            item.report("job_code", "duplicate", twice, job_code=rates.job_code)
        seen[rates.job_code] = rates
        item.refuse_unknown()
    return tuple(seen.values())


def _read_efficiency_bonus(reader: FieldReader) -> EfficiencyBonus | None:
    bonus = reader.optional_section("efficiency_bonus")
    if bonus is None:
        return None
    result = EfficiencyBonus(
        bonus.number("budgeted_hours", HOURS), bonus.number("savings_share", FRACTION)
    )
    bonus.refuse_unknown()
    return result


def _read_fixed_fee(reader: FieldReader) -> FixedFee:
    chosen = reader.exactly_one("monthly_fee", "annual_fee")
    amount = reader.optional_number(chosen, AMOUNT_FROM_ZERO) or Decimal(0)
    fee = MonthlyFee(amount) if chosen == "monthly_fee" else AnnualFee(amount)
    return FixedFee(fee, _read_escalation(reader))


def _read_management_agreement(reader: FieldReader) -> ManagementAgreement:
    return ManagementAgreement(
        management_fee=_read_management_fee(reader),
        cost_markup_rate=reader.optional_number("cost_markup_rate", FRACTION) or Decimal(0),
        insurance=_read_insurance(reader),
        profit_share=_read_profit_share(reader),
        escalation=_read_escalation(reader),
    )


def _read_management_fee(reader: FieldReader) -> ManagementFee:
    item = reader.section("management_fee")
    chosen = item.exactly_one("monthly_fee", "revenue_rate", "cost_rate")
    rule = AMOUNT_FROM_ZERO if chosen == "monthly_fee" else FRACTION
    value = item.optional_number(chosen, rule) or Decimal(0)
    item.refuse_unknown()
    if chosen == "monthly_fee":
        return MonthlyFee(value)
    return RevenueFee(value) if chosen == "revenue_rate" else CostFee(value)


def _read_insurance(reader: FieldReader) -> Insurance | None:
    item = reader.optional_section("insurance")
    if item is None:
        return None
    basis = item.choice("basis", InsuranceBasis) or InsuranceBasis.PAYROLL
    insurance = Insurance(basis, item.number("rate", FRACTION))
    item.refuse_unknown()
    return insurance


def _read_profit_share(reader: FieldReader) -> ProfitShare | None:
    item = reader.optional_section("profit_share")
    if item is None:
        return None
    share = ProfitShare(item.number("threshold", AMOUNT_FROM_ZERO), _read_tiered_rate(item))
    item.refuse_unknown()
    return share
