"""Holdback on invoices, its due date by statute. Amounts to the cent."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from tenants.contracts.models import Contract
from tenants.invoices.services import generate_invoice

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
