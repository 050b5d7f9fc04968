"""Holdback on invoices, its due date by statute. Amounts to the cent."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from tenants.contracts.models import Contract
from tenants.contracts.services import update_contract
from tenants.invoices.correction_page import held_of, statute_facts
from tenants.invoices.explanation import rule_text
from tenants.invoices.services import generate_invoice
from tenants.structure.services import add_construction_rule

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))


def construction(province="ON", **changes):
    """A construction contract of 1,000.00 a month, changed past its services' own checks."""
    contract = make_contract(make_site(province=province))
    Contract.objects.filter(pk=contract.pk).update(is_construction=True, **changes)
    contract.refresh_from_db()
    return contract


def bill(contract, period=JANUARY, **options):
    options.setdefault("issue", True)
    return generate_invoice(
        actor=SYSTEM, site_id=contract.site.site_id, period=period, **options
    ).invoice


def test_ten_per_cent_in_ontario(in_acme):
    invoice = bill(construction())
    # 1,000.00 - 100.00 = 900.00; HST 13 % of 900.00 = 117.00
    assert [(line.code, line.amount) for line in invoice.lines.all()] == [
        ("fixed_fee", 1000),
        ("holdback", -100),
    ]
    assert (invoice.subtotal, invoice.tax_total, invoice.total) == (900, 117, 1017)
    assert invoice.holdback == 100
    assert all(check["passed"] for check in invoice.checks if check["severity"] == "critical")


@pytest.mark.parametrize(
    ("province", "agreed", "held"),
    [("MB", None, "75.00"), ("QC", None, "0"), ("QC", Decimal("0.05"), "50.00")],
)
def test_by_province_unless_agreed(in_acme, province, agreed, held):
    invoice = bill(construction(province, holdback_rate=agreed))
    assert invoice.holdback == Decimal(held)


def test_each_taxability_by_itself(in_acme):
    contract = construction()
    permit = {"description": "Permit", "amount": "99.95", "taxable": False}
    invoice = bill(contract, billing_data={"additional_charges": [permit]})
    # 1,099.95 - 100.00 - 10.00 (9.995) + 117.00
    assert (invoice.holdback, invoice.total) == (110, Decimal("1106.95"))


@pytest.mark.parametrize(
    ("province", "due"),
    [
        ("ON", date(2025, 2, 28)),  # 31 January + 28 days, before net 30
        ("QC", date(2025, 3, 2)),  # no statute: net 30
        ("MB", date(2025, 3, 2)),  # the contract is older than the Act
    ],
)
def test_the_statute_comes_before_the_terms(in_acme, province, due):
    assert bill(construction(province)).due_date == due


def test_shorter_terms_stay(in_acme):
    assert bill(construction(payment_terms_days=10)).due_date == date(2025, 2, 10)


def own_rule(**changes):
    given = {
        "jurisdiction": "NS",
        "holdback_rate": Decimal("0.1"),
        "release_days": 60,
        "starts_on": date(2024, 1, 1),
        "source": "Board, 12 June 2023",
        **changes,
    }
    return add_construction_rule(actor=SYSTEM, **given)


def test_a_rule_of_ones_own_where_the_law_has_none(in_acme):
    own_rule()
    invoice = bill(construction("NS", end_date=date(2025, 6, 30)))
    # 1,000.00 x 10 % = 100.00 held back; HST 15 % of 900.00 = 135.00; 60 days after 30 June
    assert (invoice.holdback, invoice.total) == (100, 1035)
    assert "Board, 12 June 2023" in rule_text(invoice.lines.last().trace)
    assert held_of(invoice).release_on == date(2025, 8, 29)


@pytest.mark.parametrize(
    ("rule", "agreed", "held"),
    [
        ({"jurisdiction": "ON", "holdback_rate": Decimal("0.05")}, None, 50),
        ({"jurisdiction": "ON", "ends_on": date(2025, 1, 30)}, None, 100),  # the law again
        ({"jurisdiction": "ON", "holdback_rate": Decimal(0)}, None, 0),
        ({"jurisdiction": "ON", "holdback_rate": Decimal("0.05")}, Decimal("0.08"), 80),
        ({"jurisdiction": "federal", "holdback_rate": Decimal("0.05")}, None, 100),
    ],
)
def test_the_rule_in_force_counts_unless_agreed(in_acme, rule, agreed, held):
    own_rule(**rule)
    assert bill(construction(holdback_rate=agreed)).holdback == held


def test_federal_work_has_its_own_clock_and_no_lien_law(in_acme):
    contract = construction("QC")
    update_contract(actor=SYSTEM, contract_id=contract.contract_id, changes={"is_federal": True})
    invoice = bill(contract)
    # nothing is held back by law; 28 days to pay from 31 January, 21 for the notice
    assert (invoice.holdback, invoice.due_date) == (0, date(2025, 2, 28))
    ((_label, text),) = statute_facts(invoice)
    assert "Feb 28, 2025" in text
    assert "Feb 21, 2025" in text
    assert "Federal Prompt Payment" in text
    own_rule(jurisdiction="federal", holdback_rate=Decimal("0.03"))
    february = Period(date(2025, 2, 1), date(2025, 2, 28))
    assert bill(contract, february).holdback == 30
