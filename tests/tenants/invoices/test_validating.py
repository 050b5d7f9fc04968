"""Checking stored invoices again: kept with a draft, only answered for an issued one."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override
from support.billing import make_contract

from billing.periods import month_period
from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import NotFound
from tenants.activity.services import DayRevenue, record_revenue
from tenants.contracts.services import TermsInput, change_terms
from tenants.invoices.errors import NotIssuable
from tenants.invoices.explanation import check_text
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice, issue_invoice, validate_invoice

MARCH = month_period(2025, 3)
SHARE = {"contract_type": "revenue_share", "configuration": {"revenue_share_rate": "0.1"}}


def make(contract, *, issue=False, data=None):
    return generate_invoice(
        actor=SYSTEM,
        site_id=contract.site.site_id,
        contract_id=contract.contract_id,
        period=MARCH,
        billing_data=data,
        issue=issue,
    ).invoice


def failing(invoice):
    return {one["name"] for one in invoice.checks if not one["passed"]} - {
        "tax_registration_present"
    }


@pytest.mark.parametrize(
    ("terms", "data"),
    [
        ({}, None),
        (SHARE, {"revenue_amount": "1000"}),
        (
            {
                "contract_type": "per_labor_hour",
                "configuration": {"hourly_rates": {"standard": "40"}},
            },
            {
                "labor_hours": {"regular": "10", "overtime": "2"},
                "additional_charges": [{"description": "Lift", "amount": "5", "taxable": False}],
            },
        ),
        ({"details": {"holdback_rate": Decimal("0.1"), "is_construction": True}}, None),
    ],
)
@pytest.mark.parametrize("issue", [True, False])
def test_an_invoice_checked_again_gives_what_it_gave(in_acme, terms, data, issue):
    invoice = make(make_contract(**terms), data=data, issue=issue)
    again = validate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id)
    assert failing(again) == set()
    before = {one["name"] for one in invoice.checks}
    assert {one["name"] for one in again.checks} == before
    assert Entry.objects.filter(action="invoice.validated").count() == 0


def test_terms_that_changed_behind_a_draft_hold_it_back(in_acme):
    contract = make_contract(**SHARE)
    invoice = make(contract, data={"revenue_amount": "1000"})
    change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput("revenue_share", {"revenue_share_rate": "0.2"}),
        effective_date=date(2025, 3, 1),
        allow_invoiced=True,
    )
    again = validate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id)
    assert failing(again) == {"calculation_agrees", "rates_equal_contract"}
    kept = Invoice.objects.get()
    assert (kept.document_status, failing(kept)) == ("draft", failing(again))
    with pytest.raises(NotIssuable):
        issue_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id)
    change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput("revenue_share", {"revenue_share_rate": "0.1"}),
        effective_date=date(2025, 3, 1),
        allow_invoiced=True,
    )
    validate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id)
    assert Invoice.objects.get().document_status == "validated"


def test_an_issued_invoice_only_answers(in_acme):
    contract = make_contract(**SHARE)
    invoice = make(contract, data={"revenue_amount": "1000"}, issue=True)
    change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput("revenue_share", {"revenue_share_rate": "0.2"}),
        effective_date=date(2025, 3, 1),
        allow_invoiced=True,
    )
    again = validate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id)
    assert "calculation_agrees" in failing(again)
    kept = Invoice.objects.get()
    assert (failing(kept), kept.revision) == (set(), invoice.revision)


def test_revenue_of_the_records_is_looked_at_by_day_again(in_acme):
    contract = make_contract(**SHARE)
    days = [day for day in MARCH if day.day != 9]
    record_revenue(
        actor=SYSTEM,
        site_id=contract.site.site_id,
        records=[DayRevenue(day, Decimal(100)) for day in MARCH],
    )
    invoice = make(contract)
    assert failing(validate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id)) == set()
    from tenants.activity.models import RevenueRecord

    RevenueRecord.objects.exclude(day__in=days).delete()
    RevenueRecord.objects.filter(day=days[0]).update(net_amount=Decimal(200))
    again = validate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id)
    assert failing(again) == {"every_day_covered"}


def test_terms_that_no_longer_bill_it_are_said_so(in_acme):
    contract = make_contract(**SHARE)
    invoice = make(contract, data={"revenue_amount": "1000"})
    change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput("revenue_share", {"revenue_share_rate": "0.2"}),
        effective_date=date(2025, 3, 11),
        allow_invoiced=True,
    )
    again = validate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id)
    (check,) = again.checks
    assert (check["explanation"], check["passed"]) == ("not_calculable", False)
    assert "Mar 11, 2025" in check_text(check, "CAD")
    with override("fr-ca"):
        assert "11 mars 2025" in check_text(check, "CAD")


def test_an_unknown_invoice_is_not_found(in_acme):
    with pytest.raises(NotFound):
        validate_invoice(actor=SYSTEM, invoice_id="INV999999999")
