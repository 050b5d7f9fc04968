"""Terms that change inside a period: each version bills what an invoice of its own days would."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Invalid
from tenants.contracts.services import TermsInput, change_terms
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice, recalculate_invoice

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))
HOURLY = {
    "hourly_rates": {"standard": "50"},
    "job_rates": [{"job_code": "ELEC", "regular": "80"}],
}
RAISED = {
    "hourly_rates": {"standard": "50"},
    "job_rates": [{"job_code": "ELEC", "regular": "90"}],
}


def changing(kind, before, after, on=date(2025, 1, 11)):
    """A contract whose terms are others from that day on."""
    contract = make_contract(make_site(), contract_type=kind, configuration=before)
    change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput(kind, after),
        effective_date=on,
    )
    return contract


def bill(contract, data=None, period=JANUARY):
    return generate_invoice(
        actor=SYSTEM, site_id=contract.site.site_id, period=period, billing_data=data
    )


def lines_of(invoice):
    return [(line.code, line.quantity, line.amount) for line in invoice.lines.all()]


def row(day, hours, **more):
    return {"job_code": "ELEC", "regular": hours, "worked_on": f"2025-01-{day:02}", **more}


def test_each_hour_has_the_rate_of_its_day(in_acme):
    contract = changing("per_labor_hour", HOURLY, RAISED)
    permit = {"description": "Permit", "amount": 50}
    data = {"labor": [row(20, 3), row(10, 8), row(11, 4)], "additional_charges": [permit]}
    first = bill(contract, data)
    # 8 h of the 10th x 80.00; 3 h and 4 h from the 11th x 90.00; the charge stands once
    assert lines_of(first.invoice) == [
        ("labor_regular", 8, 640),
        ("labor_regular", 3, 270),
        ("labor_regular", 4, 360),
        ("additional_charge", 1, 50),
    ]
    # (640.00 + 270.00 + 360.00 + 50.00) x 1.13
    assert first.invoice.total == Decimal("1491.60")
    assert all(check["passed"] for check in first.invoice.checks if check["severity"] != "warning")
    again = bill(contract, data)
    assert (again.created, again.invoice.pk) == (False, first.invoice.pk)
    assert recalculate_invoice(actor=SYSTEM, invoice_id=first.invoice.invoice_id).correction is None


def test_dated_hours_without_a_job_code_have_the_standard_rate_of_their_day(in_acme):
    contract = changing(
        "per_labor_hour",
        {"hourly_rates": {"standard": "50"}},
        {"hourly_rates": {"standard": "60"}},
    )
    days = [{"regular": 8, "worked_on": "2025-01-10"}, {"overtime": 2, "worked_on": "2025-01-11"}]
    first = bill(contract, {"labor": days})
    # 8 h x 50.00; 2 h x 60.00 x 1.5
    assert lines_of(first.invoice) == [("labor_regular", 8, 400), ("labor_overtime", 2, 180)]
    assert all(check["passed"] for check in first.invoice.checks if check["severity"] != "warning")
    assert recalculate_invoice(actor=SYSTEM, invoice_id=first.invoice.invoice_id).correction is None


def test_a_saving_is_that_of_its_own_days(in_acme):
    bonus = {"efficiency_bonus": {"budgeted_hours": "10", "savings_share": "0.5"}}
    contract = changing("per_labor_hour", {**HOURLY, **bonus}, {**RAISED, **bonus})
    # all hours are of the 20th: the first ten days have none, which is no saving;
    # 6 h x 90.00 = 540.00 and half of the 4 h saved x 50.00 = 100.00
    assert lines_of(bill(contract, {"labor": [row(20, 6)]}).invoice) == [
        ("labor_regular", 6, 540),
        ("efficiency_bonus", None, 100),
    ]


def test_each_cost_has_the_markup_of_its_day(in_acme):
    def terms(markup):
        return {"cost_markup_rate": markup, "management_fee": {"monthly_fee": "3100"}}

    contract = changing("management_agreement", terms("0.10"), terms("0.20"))
    costs = [
        {"description": "Sand", "amount": 100, "incurred_on": "2025-01-10"},
        {"description": "Salt", "amount": 200, "incurred_on": "2025-01-11"},
    ]
    # 100.00 x 1.10; the fee for 10 of 31 days; 200.00 x 1.20; the fee for 21 of 31 days
    assert [line.amount for line in bill(contract, {"costs": costs}).invoice.lines.all()] == [
        110,
        1000,
        240,
        2100,
    ]


@pytest.mark.parametrize(
    ("data", "field", "code"),
    [
        ({"labor": [row(10, 8), {"job_code": "ELEC", "regular": 1}]}, "labor[1]", "terms_change"),
        ({"labor_hours": {"regular": 5}}, "labor_hours", "terms_change"),
        ({"labor": [row(10, 8, worked_on="2025-02-01")]}, "labor[0]", "outside_period"),
        ({"labor": [row(10, 8, worked_on="10 January")]}, "labor[0]", "not_a_date"),
    ],
)
def test_what_has_no_day_of_the_period_is_named(in_acme, data, field, code):
    contract = changing("per_labor_hour", HOURLY, RAISED)
    with pytest.raises(Invalid) as refused:
        bill(contract, data)
    suffix = ".worked_on" if field.startswith("labor[") else ""
    assert [(one.field, one.code) for one in refused.value.errors] == [
        (f"billing_data.{field}{suffix}", code)
    ]
    assert not Invoice.objects.exists()


def test_the_parts_are_what_two_invoices_would_be(in_acme):
    """Hybrid: a prorated fee, a guarantee by days and hours, changed on the 11th."""

    def terms(fee, rate):
        return {
            "minimum_guarantee": "6200",
            "components": [
                {"contract_type": "fixed_fee", "monthly_fee": fee},
                {
                    "contract_type": "per_labor_hour",
                    **HOURLY,
                    "job_rates": [{"job_code": "ELEC", "regular": rate}],
                },
            ],
        }

    early, late = [row(3, 7), row(10, 2)], [row(11, "1.5"), row(31, 4)]
    whole = bill(
        changing("hybrid", terms("3100", "80"), terms("4650", "90")), {"labor": early + late}
    ).invoice
    halves = changing("hybrid", terms("3100", "80"), terms("4650", "90"))
    first = bill(halves, {"labor": early}, Period(date(2025, 1, 1), date(2025, 1, 10))).invoice
    second = bill(halves, {"labor": late}, Period(date(2025, 1, 11), date(2025, 1, 31))).invoice
    assert lines_of(whole) == lines_of(first) + lines_of(second)
    # 1,000.00 + 720.00 and 280.00 up to the guarantee of 2,000.00; 3,150.00 + 495.00 and 555.00
    assert (first.subtotal, second.subtotal) == (2000, 4200)
