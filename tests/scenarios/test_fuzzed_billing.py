"""Contracts and inputs that are nearly right, through the whole service.

The fuzzer of the OpenAPI documents seldom gets past the first field. Here every part has the
right shape and some odd values, so that contracts are made, activated, billed and paid: what is
accepted adds up, what is refused names its field, and nothing breaks.
"""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.api import PROBLEM, Program, key_of, site_body

from billing.tax import PROVINCES

EXAMPLES = 120
GENERATE = "/billing/generate-invoice?explain=true"

numbers = st.one_of(
    st.integers(0, 100_000),
    st.decimals("0.00", "99999.99", places=2),
    st.decimals("0.00", "9999.9999", places=4).map(str),
)
rates = st.sampled_from([Decimal("0.01"), "0.1", Decimal("0.155555"), "0.99", 0, 1])
multipliers = st.sampled_from([1, "1.5", Decimal("2.25"), 100])
junk = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=8),
    st.sampled_from([-1, 10**15, -(10**15), "1e5", "NaN", "-0", Decimal("1E-7"), [], {}, [{}]]),
    st.recursive(
        st.none() | st.integers(-(10**18), 10**18) | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
        max_leaves=6,
    ),
)
days = st.one_of(
    st.dates(
        min_value=date(2023, 1, 1),
        max_value=date(2027, 12, 31),
    ).map(str),
    st.sampled_from(["2024-02-29", "0001-01-01", "9999-12-31", "2013-07-01", "1999-12-31"]),
)


def odd(strategy):
    """Mostly the right thing."""
    return st.integers(0, 24).flatmap(lambda n: junk if n == 0 else strategy)


def fields(required, optional):
    """An object whose values are now and then odd."""
    return st.fixed_dictionaries(
        {name: odd(value) for name, value in required.items()},
        optional={name: odd(value) for name, value in optional.items()},
    )


escalation = fields(
    {"annual_increase": rates, "effective_date": days},
    {},
)
tiers = st.lists(numbers, max_size=3, unique_by=str).map(
    lambda limits: [
        *({"up_to": limit, "rate": "0.1"} for limit in sorted(limits, key=Decimal)),
        {"up_to": None, "rate": "0.2"},
    ]
)
bounds = {"minimum_guarantee": numbers, "maximum_cap": numbers}
SIMPLE = {
    "revenue_share": st.one_of(
        fields({"revenue_share_rate": rates}, {**bounds, "escalation_schedule": escalation}),
        fields(
            {"tiers": tiers},
            {
                **bounds,
                "tier_mode": st.sampled_from(["marginal", "whole"]),
                "performance_bonus": fields({"threshold": numbers}, {"rate": rates}),
            },
        ),
    ),
    "per_labor_hour": fields(
        {
            "hourly_rates": fields(
                {"standard": numbers},
                {"overtime_multiplier": multipliers, "holiday_multiplier": multipliers},
            )
        },
        {
            "job_rates": st.lists(
                fields({"job_code": st.sampled_from("AB"), "regular": numbers}, {}), max_size=2
            ),
            "efficiency_bonus": fields({"budgeted_hours": numbers, "savings_share": rates}, {}),
            "escalation_schedule": escalation,
        },
    ),
    "fixed_fee": st.one_of(
        fields({"monthly_fee": numbers}, {"escalation_schedule": escalation}),
        fields({"annual_fee": numbers}, {"monthly_fee": numbers}),
    ),
    "management_agreement": fields(
        {
            "management_fee": st.one_of(
                fields({"monthly_fee": numbers}, {}),
                fields({"revenue_rate": rates}, {}),
                fields({"cost_rate": rates}, {}),
            )
        },
        {
            "cost_markup_rate": rates,
            "insurance": fields(
                {"basis": st.sampled_from(["payroll", "gross_revenue"]), "rate": rates}, {}
            ),
            "profit_share": fields({"threshold": numbers, "tiers": tiers}, {}),
        },
    ),
}


def with_type(name):
    return SIMPLE[name].map(lambda configuration: {"contract_type": name, **configuration})


def contract_of(name, configuration):
    return {"contract_type": name, "billing_configuration": configuration}


hybrid = fields(
    {"components": st.lists(st.one_of(*map(with_type, SIMPLE)), min_size=1, max_size=3)},
    {**bounds, "escalation_schedule": escalation},
).map(lambda configuration: contract_of("hybrid", configuration))
contracts = st.one_of(
    hybrid,
    *(
        strategy.map(lambda configuration, name=name: contract_of(name, configuration))
        for name, strategy in SIMPLE.items()
    ),
)
hours = fields(
    {}, {"regular": numbers, "overtime": numbers, "holiday": numbers, "double_time": numbers}
)
taxable = st.sampled_from([True, False, ["GST"], ["HST", "QST"]])
billing_data = fields(
    {"revenue_amount": numbers, "labor_hours": hours},
    {
        "labor": st.lists(
            fields({"job_code": st.sampled_from("AB")}, {"regular": numbers}), max_size=2
        ),
        "costs": st.lists(
            fields(
                {"description": st.just("Wages"), "amount": numbers},
                {"payroll": st.booleans(), "taxable": taxable},
            ),
            max_size=3,
        ),
        "additional_charges": st.lists(
            fields({"description": st.just("Credit"), "amount": numbers}, {"taxable": taxable}),
            max_size=2,
        ),
    },
)
periods = st.one_of(
    st.sampled_from(
        [
            ("2025-01-01", "2025-01-31"),
            ("2025-01-01", "2025-03-31"),
            ("2024-02-10", "2024-02-29"),
            ("2024-01-01", "2033-12-31"),
            ("2025-01-31", "2025-01-01"),
        ]
    ),
    st.tuples(days, days),
).map(lambda given: {"start_date": given[0], "end_date": given[1]})


@pytest.fixture
def program(acme, client_for):
    return Program(client_for(acme), key_of(acme))


def refused(answer):
    """Whether it was refused, and if so properly."""
    assert answer.status in (200, 201, 409, 422), answer.raw
    if answer.status < 400:
        return False
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.body["errors"], answer.raw
    assert all(one["field"] and one["code"] and one["message"] for one in answer.body["errors"])
    return True


def check_sums(body):
    subtotal = sum((line["amount"] for line in body["lines"]), Decimal(0))
    assert subtotal == body["subtotal"]
    assert subtotal + sum(tax["amount"] for tax in body["taxes"]) == body["total_amount"]


def pay_part(program, body):
    path = f"/billing/invoices/{body['invoice_id']}/payment-status"
    payment = {
        "payment_status": "paid",
        "payment_date": "2025-03-01",
        "payment_amount": body["total_amount"] + 1,
        "payment_method": "cheque",
        "transaction_id": body["invoice_id"],
    }
    paid = program.put(path, payment)
    assert (paid.status, paid.body["unapplied_amount"], paid.body["balance_due"]) == (200, 1, 0)


def test_nearly_right_contracts_and_inputs(program):
    sites = {
        province: program.make(
            "/customer-sites",
            site_body(billing_address={**site_body()["billing_address"], "state": province}),
        )["site_id"]
        for province in sorted(PROVINCES)
    }
    outcomes = set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        contract=contracts,
        data=billing_data,
        period=periods,
        starts=days,
        province=st.sampled_from(sorted(PROVINCES)),
        currency=st.sampled_from(["CAD", "JPY", "KWD"]),
        dated=st.none() | days,
    )
    def bill(contract, data, period, starts, province, currency, dated):
        site_id = sites[province]
        body = {**contract, "site_id": site_id, "effective_date": starts, "currency": currency}
        made = program.post("/contracts", body)
        outcomes.add(("contract", made.status))
        if refused(made):
            return
        contract_id = made.body["contract_id"]
        program.make(f"/contracts/{contract_id}/activate")
        wanted = {
            "site_id": site_id,
            "contract_id": contract_id,
            "billing_period": period,
            "billing_data": data,
            "invoice_date": dated,
        }
        billed = program.post(GENERATE, wanted)
        outcomes.add(("invoice", billed.status))
        if refused(billed):
            return
        check_sums(billed.body)
        again = program.post(GENERATE, wanted)
        assert (again.status, again.body) == (200, billed.body)
        if billed.body["total_amount"] > 0:
            pay_part(program, billed.body)

    bill()
    assert outcomes >= {
        ("contract", 201),
        ("contract", 422),
        ("invoice", 201),
        ("invoice", 422),
    }
