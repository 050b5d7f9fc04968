"""Properties that hold for every contract, found or broken by generated ones."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.activity import Activity, parse_activity
from billing.escalation import Escalation
from billing.lines import Trace
from billing.money import minor_unit, round_money
from billing.periods import Period, month_period
from billing.rating import rate_contract
from billing.rating.scales import share_of
from billing.recomputation import Recomputation
from billing.tax import PROVINCES, components_for, compute_taxes
from billing.terms import (
    AnnualFee,
    FixedFee,
    MonthlyFee,
    Terms,
    Tier,
    TieredRate,
    TierMode,
    parse_terms,
)
from billing.totals import total_invoice
from billing.validation import validate_calculation

CURRENCIES = st.sampled_from(["CAD", "USD", "JPY", "KWD"])
DAYS = st.dates(date(2023, 1, 1), date(2026, 12, 31))
MONEY = st.decimals(0, 10**7, places=2)
SIGNED = st.decimals(-(10**7), 10**7, places=4)
HOURS = st.decimals(0, 400, places=2)
FRACTIONS = st.decimals(0, 1, places=6)
JOB_CODES = ["ELEC2", "PLMB1"]


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def tiers(draw: st.DrawFn) -> list[dict[str, Any]]:
    limits = sorted(draw(st.sets(st.decimals("0.01", 10**6, places=2), max_size=4)))
    rates = [draw(FRACTIONS) for _ in range(len(limits) + 1)]
    return [
        {"up_to": up_to, "rate": rate} for up_to, rate in zip([*limits, None], rates, strict=True)
    ]


SCHEDULES = st.fixed_dictionaries(
    {
        "annual_increase": st.decimals(0, "0.2", places=6),
        "effective_date": st.dates(date(2012, 1, 1), date(2027, 12, 31)),
    }
)


@st.composite
def bounds(draw: st.DrawFn) -> dict[str, Any]:
    low, high = sorted([draw(MONEY), draw(MONEY)])
    both = {"minimum_guarantee": low, "maximum_cap": high}
    kept = draw(st.sets(st.sampled_from(sorted(both))))
    return {name: both[name] for name in kept}


@st.composite
def revenue_share(draw: st.DrawFn) -> dict[str, Any]:
    scale = draw(
        st.one_of(
            st.fixed_dictionaries({"revenue_share_rate": st.decimals("0.01", "0.99", places=6)}),
            st.fixed_dictionaries(
                {"tiers": tiers(), "tier_mode": st.sampled_from(["marginal", "whole"])}
            ),
        )
    )
    bonus = st.one_of(
        st.fixed_dictionaries({"threshold": MONEY, "rate": FRACTIONS}),
        st.fixed_dictionaries({"threshold": MONEY, "amount": MONEY}),
    )
    extra = draw(optional(performance_bonus=bonus, escalation_schedule=SCHEDULES))
    return {"contract_type": "revenue_share", **scale, **draw(bounds()), **extra}


@st.composite
def labour_hours(draw: st.DrawFn) -> dict[str, Any]:
    rate = st.decimals("0.0001", 500, places=4)
    multiplier = st.decimals(1, 4, places=3)
    hourly = {
        "standard": draw(rate),
        **draw(
            optional(
                overtime_multiplier=multiplier,
                holiday_multiplier=multiplier,
                double_time_multiplier=multiplier,
            )
        ),
    }
    jobs = [
        {"job_code": code, "regular": draw(rate), **draw(optional(overtime=rate, holiday=rate))}
        for code in JOB_CODES
    ]
    bonus = st.fixed_dictionaries({"budgeted_hours": HOURS, "savings_share": FRACTIONS})
    extra = draw(optional(efficiency_bonus=bonus, escalation_schedule=SCHEDULES))
    return {
        "contract_type": "per_labor_hour",
        "hourly_rates": hourly,
        "job_rates": jobs,
        **extra,
    }


FIXED_FEES = st.one_of(
    st.fixed_dictionaries(
        {"contract_type": st.just("fixed_fee"), "monthly_fee": MONEY},
        optional={"escalation_schedule": SCHEDULES},
    ),
    st.fixed_dictionaries(
        {"contract_type": st.just("fixed_fee"), "annual_fee": MONEY},
        optional={"escalation_schedule": SCHEDULES},
    ),
)
MANAGEMENT = st.fixed_dictionaries(
    {
        "contract_type": st.just("management_agreement"),
        "management_fee": st.one_of(
            st.fixed_dictionaries({"monthly_fee": MONEY}),
            st.fixed_dictionaries({"revenue_rate": FRACTIONS}),
            st.fixed_dictionaries({"cost_rate": FRACTIONS}),
        ),
    },
    optional={
        "cost_markup_rate": FRACTIONS,
        "insurance": st.fixed_dictionaries(
            {"basis": st.sampled_from(["payroll", "gross_revenue"]), "rate": FRACTIONS}
        ),
        "profit_share": st.fixed_dictionaries(
            {
                "threshold": st.decimals(0, 10**5, places=2),
                "tiers": tiers(),
                "tier_mode": st.sampled_from(["marginal", "whole"]),
            }
        ),
        "escalation_schedule": SCHEDULES,
    },
)
SIMPLE = st.one_of(revenue_share(), labour_hours(), FIXED_FEES, MANAGEMENT)


@st.composite
def hybrids(draw: st.DrawFn) -> dict[str, Any]:
    components = draw(st.lists(SIMPLE, min_size=1, max_size=4))
    extra = draw(optional(escalation_schedule=SCHEDULES))
    return {
        "contract_type": "hybrid",
        "components": components,
        **draw(bounds()),
        **extra,
    }


@st.composite
def contracts(draw: st.DrawFn) -> Terms:
    configuration = draw(st.one_of(SIMPLE, hybrids()))
    return parse_terms(configuration.pop("contract_type"), configuration)


TAXABLE = st.one_of(st.booleans(), st.just(["GST"]), st.just(["PST", "HST"]))


@st.composite
def activities(draw: st.DrawFn) -> Activity:
    costs = st.fixed_dictionaries(
        {"description": st.just("Cost"), "amount": SIGNED, "payroll": st.booleans()}
    )
    charges = st.fixed_dictionaries(
        {"description": st.just("Charge"), "amount": SIGNED}, optional={"taxable": TAXABLE}
    )
    classes = {"overtime": HOURS, "holiday": HOURS, "double_time": HOURS}
    rows = st.fixed_dictionaries(
        {"job_code": st.sampled_from(JOB_CODES)}, optional={"regular": HOURS, **classes}
    )
    return parse_activity(
        {
            "revenue_amount": draw(SIGNED),
            "labor_hours": {"regular": draw(HOURS) + 1, **draw(optional(**classes))},
            "labor": draw(st.lists(rows, max_size=4)),
            "costs": draw(st.lists(costs, max_size=5)),
            "additional_charges": draw(st.lists(charges, max_size=4)),
        }
    )


@st.composite
def inputs(draw: st.DrawFn) -> dict[str, Any]:
    start = draw(DAYS)
    end = start + timedelta(days=draw(st.integers(0, 400)))
    effective = draw(st.dates(date(2020, 1, 1), end))
    last = max(start, effective)
    return {
        "currency": draw(CURRENCIES),
        "effective_date": effective,
        "end_date": draw(st.one_of(st.none(), st.dates(last, date(2030, 1, 1)))),
        "period": Period(start, end),
        "activity": draw(activities()),
    }


@given(contracts(), inputs(), st.sampled_from(sorted(PROVINCES)))
@settings(max_examples=200, deadline=None)
def test_lines_add_up_explain_themselves_and_agree_with_the_recomputation(
    terms: Terms, given_inputs: dict[str, Any], province: str
) -> None:
    currency = given_inputs["currency"]
    lines = rate_contract(terms, **given_inputs)
    components = components_for(province, given_inputs["period"].end_date)
    totals = total_invoice(lines, components, currency)

    recomputation = Recomputation(terms, **given_inputs)
    checks = validate_calculation(terms, lines, totals, recomputation, currency)
    assert [
        check for check in checks if not check.passed and check.name != "total_not_negative"
    ] == []
    assert totals.subtotal == sum(line.amount for line in lines)
    assert totals.total == totals.subtotal + sum(tax.amount for tax in totals.taxes)
    for line in lines:
        assert line.amount.as_tuple().exponent == -minor_unit(currency)
        assert line.trace.steps[-1].amount == line.amount
        assert Trace.from_json(json.loads(json.dumps(line.trace.as_json()))) == line.trace
        if line.quantity is not None and line.rate is not None:
            assert round_money(line.quantity * line.rate, currency) == line.amount


@given(contracts(), inputs(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_inputs_does_not_matter_for_the_total(
    terms: Terms, given_inputs: dict[str, Any], random: Any
) -> None:
    activity: Activity = given_inputs["activity"]

    def shuffled(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(items, len(items)))

    reordered = replace(
        activity,
        labor=shuffled(activity.labor),
        costs=shuffled(activity.costs),
        additional_charges=shuffled(activity.additional_charges),
    )
    components = components_for("BC", date(2025, 1, 1))
    first, second = (
        total_invoice(
            rate_contract(terms, **{**given_inputs, "activity": each}),
            components,
            given_inputs["currency"],
        )
        for each in (activity, reordered)
    )
    assert first == second


def _fee(terms: Terms, period: Period, currency: str) -> Decimal:
    lines = rate_contract(
        terms,
        currency=currency,
        effective_date=date(2000, 1, 1),
        end_date=None,
        period=period,
        activity=Activity(),
    )
    return lines[0].amount


@given(
    st.builds(FixedFee, st.one_of(st.builds(MonthlyFee, MONEY), st.builds(AnnualFee, MONEY))),
    DAYS,
    st.integers(1, 400),
    st.data(),
    CURRENCIES,
)
@settings(deadline=None)
def test_a_fee_over_a_split_period_adds_up_to_the_whole(
    terms: FixedFee, start: date, days: int, data: st.DataObject, currency: str
) -> None:
    last_of_first = start + timedelta(days=data.draw(st.integers(0, days - 1)))
    end = start + timedelta(days=days)
    whole = _fee(terms, Period(start, end), currency)
    parts = _fee(terms, Period(start, last_of_first), currency) + _fee(
        terms, Period(last_of_first + timedelta(days=1), end), currency
    )
    # three roundings of at most half a unit each can differ by one unit
    assert abs(parts - whole) <= Decimal(1).scaleb(-minor_unit(currency))


@given(
    st.builds(
        FixedFee,
        st.builds(MonthlyFee, MONEY),
        st.builds(
            Escalation,
            st.decimals(0, "0.2", places=6),
            st.dates(date(2012, 1, 1), date(2026, 1, 1)),
        ),
    ),
    st.integers(1, 11),
)
@settings(deadline=None)
def test_an_escalating_fee_split_between_months_adds_up(terms: FixedFee, months: int) -> None:
    split = month_period(2025, months).end_date
    whole = _fee(terms, Period(date(2025, 1, 1), date(2025, 12, 31)), "CAD")
    parts = _fee(terms, Period(date(2025, 1, 1), split), "CAD") + _fee(
        terms, Period(split + timedelta(days=1), date(2025, 12, 31)), "CAD"
    )
    assert abs(parts - whole) <= Decimal("0.01")


@given(tiers(), SIGNED, SIGNED)
def test_more_revenue_never_lowers_a_marginal_share(
    table: list[dict[str, Any]], one: Decimal, other: Decimal
) -> None:
    scale = TieredRate(tuple(Tier(**tier) for tier in table), TierMode.MARGINAL)
    less, more = sorted([one, other])
    assert share_of(scale, less).exact <= share_of(scale, more).exact
    assert 0 <= share_of(scale, more).exact <= max(more, Decimal(0))


@given(contracts(), inputs(), st.sampled_from(sorted(PROVINCES)))
@settings(max_examples=50, deadline=None)
def test_a_credited_invoice_gives_back_exactly_its_taxes(
    terms: Terms, given_inputs: dict[str, Any], province: str
) -> None:
    currency = given_inputs["currency"]
    components = components_for(province, date(2025, 1, 1))
    lines = rate_contract(terms, **given_inputs)
    credited = [line._replace(amount=-line.amount) for line in lines]
    charged = compute_taxes(lines, components, currency)
    returned = compute_taxes(credited, components, currency)
    assert [(tax.name, tax.amount) for tax in charged] == [
        (tax.name, -tax.amount) for tax in returned
    ]
