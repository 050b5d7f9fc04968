"""One contract, one period, one invoice: amounts, repetition, refusals, what is kept."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from shared.kernel.tenancy import organisation_context
from tenants.activity.services import DayRevenue, record_revenue
from tenants.contracts.services import TermsInput, change_terms
from tenants.invoices.errors import AlreadyInvoiced
from tenants.invoices.models import Invoice, InvoiceLine
from tenants.invoices.services import (
    discard_draft,
    generate_invoice,
    issue_invoice,
    preview_invoice,
)

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))
FEBRUARY = Period(date(2025, 2, 1), date(2025, 2, 28))


def generate(site, period=JANUARY, **options):
    return generate_invoice(actor=SYSTEM, site_id=site.site_id, period=period, **options)


def test_seed_example_with_ontario_tax(in_acme):
    site = make_site(province="ON")
    make_contract(
        site,
        contract_type="revenue_share",
        configuration={"revenue_share_rate": "0.15", "minimum_guarantee": "5000.00"},
    )
    invoice = generate(
        site,
        billing_data={
            "revenue_amount": 50000,
            "additional_charges": [{"description": "Equipment rental", "amount": 500}],
        },
    ).invoice
    invoice.refresh_from_db()
    # 50,000 x 0.15 = 7,500.00; + 500.00 = 8,000.00; HST 13% = 1,040.00
    assert (invoice.subtotal, invoice.tax_total, invoice.total) == (8000, 1040, 9040)
    assert [(line.code, line.amount) for line in invoice.lines.all()] == [
        ("revenue_share", Decimal("7500.00")),
        ("additional_charge", Decimal("500.00")),
    ]
    assert [(tax.name, tax.base, tax.amount) for tax in invoice.taxes.all()] == [
        ("HST", 8000, 1040)
    ]
    assert invoice.due_date == date(2025, 3, 2)  # 31 January + 30 days
    assert invoice.number == f"{invoice.number_prefix}-2025-000001"


def test_equal_inputs_give_the_same_invoice_however_they_are_written(in_acme):
    site = make_site()
    make_contract(site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.1"})
    first = generate(site, billing_data={"revenue_amount": Decimal("50000.00")})
    again = generate(site, billing_data={"revenue_amount": 50000})
    assert (first.created, again.created) == (True, False)
    assert again.invoice.pk == first.invoice.pk
    assert Invoice.objects.count() == 1


def test_other_inputs_are_refused_and_point_at_the_invoice(in_acme):
    site = make_site()
    make_contract(site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.1"})
    first = generate(site, billing_data={"revenue_amount": 50000}).invoice
    with pytest.raises(AlreadyInvoiced) as refused:
        generate(site, billing_data={"revenue_amount": 50001})
    assert refused.value.extra["invoice_id"] == first.invoice_id
    assert Invoice.objects.count() == 1


def test_overlapping_period_is_refused(in_acme):
    site = make_site()
    make_contract(site)
    generate(site)
    with pytest.raises(AlreadyInvoiced):
        generate(site, period=Period(date(2025, 1, 31), date(2025, 2, 28)))
    assert generate(site, period=FEBRUARY).created


def test_database_itself_refuses_a_second_live_invoice(in_acme):
    site = make_site()
    make_contract(site)
    invoice = generate(site).invoice
    copy = Invoice.objects.get(pk=invoice.pk)
    copy.parties = invoice.parties
    copy.pk, copy.invoice_id = uuid4(), "INV999999999"
    copy._state.adding = True
    copy.number = copy.number_year = copy.number_sequence = None
    copy.document_status = "validated"
    with pytest.raises(IntegrityError, match="one_live_invoice_a_period"), transaction.atomic():
        copy.save()


def test_terms_change_inside_the_period_prorates_each_part(in_acme):
    site = make_site()
    contract = make_contract(site, configuration={"monthly_fee": "3100.00"})
    change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput("fixed_fee", {"monthly_fee": "6200.00"}),
        effective_date=date(2025, 1, 11),
    )
    invoice = generate(site).invoice
    # 3,100 x 10/31 = 1,000.00; 6,200 x 21/31 = 4,200.00
    assert [line.amount for line in invoice.lines.all()] == [Decimal(1000), Decimal(4200)]
    assert invoice.subtotal == Decimal("5200.00")


def test_given_amounts_cannot_be_split_by_a_change_of_terms(in_acme):
    site = make_site()
    contract = make_contract(
        site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.1"}
    )
    change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput("revenue_share", {"revenue_share_rate": "0.2"}),
        effective_date=date(2025, 1, 11),
    )
    with pytest.raises(Invalid) as refused:
        generate(site, billing_data={"revenue_amount": 1000})
    assert refused.value.errors[0].field == "billing_period"
    assert Invoice.objects.count() == 0


def test_missing_revenue_comes_from_the_records(in_acme):
    site = make_site()
    make_contract(site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.1"})
    record_revenue(
        actor=SYSTEM,
        site_id=site.site_id,
        records=[
            DayRevenue(date(2025, 1, 3), Decimal("113.00"), Decimal("100.00")),
            DayRevenue(date(2025, 1, 4), Decimal("200.50")),
            *(DayRevenue(day, Decimal(0)) for day in JANUARY if day.day not in (3, 4)),
            DayRevenue(date(2025, 2, 1), Decimal("999.00")),
        ],
    )
    invoice = generate(site).invoice
    assert invoice.subtotal == Decimal("30.05")  # (100.00 + 200.50) x 0.1


def test_no_revenue_at_all_names_the_field(in_acme):
    site = make_site()
    make_contract(site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.1"})
    with pytest.raises(Invalid) as refused:
        generate(site)
    assert [error.field for error in refused.value.errors] == ["billing_data.revenue_amount"]


def test_negative_total_is_refused_and_nothing_is_stored(in_acme):
    site = make_site()
    make_contract(site, configuration={"monthly_fee": "100.00"}, currency="USD")
    with pytest.raises(Invalid) as refused:
        generate(
            site,
            billing_data={"additional_charges": [{"description": "Credit", "amount": -500}]},
        )
    assert refused.value.errors[0].code == "total_not_negative"
    assert "−US$452.00." in refused.value.errors[0].message
    assert (Invoice.objects.count(), InvoiceLine.objects.count()) == (0, 0)


def test_an_invoice_of_nothing_is_not_open_to_be_paid(in_acme):
    site = make_site()
    make_contract(site, configuration={"monthly_fee": "0.00"})
    at_once = generate(site).invoice
    draft = generate(site, FEBRUARY, issue=False).invoice
    issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
    for invoice in (at_once, draft):
        invoice.refresh_from_db()
        assert (invoice.total, invoice.status) == (0, "paid")
        assert not invoice.is_overdue(date(2999, 1, 1))


def test_preview_writes_nothing(in_acme):
    site = make_site()
    make_contract(site)
    before = Entry.objects.count()
    calculation = preview_invoice(actor=SYSTEM, site_id=site.site_id, period=JANUARY)
    assert calculation.totals.total == Decimal("1130.00")
    assert Invoice.objects.count() == 0
    assert Entry.objects.count() == before


def test_several_active_contracts_must_be_named(in_acme):
    site = make_site()
    first, second = make_contract(site), make_contract(site)
    with pytest.raises(Conflict) as refused:
        generate(site)
    assert refused.value.extra["contracts"] == [first.contract_id, second.contract_id]
    assert generate(site, contract_id=second.contract_id).created


@pytest.mark.parametrize(("site_id", "error"), [("SITE999999", NotFound), ("nonsense", NotFound)])
def test_unknown_site(in_acme, site_id, error):
    with pytest.raises(error):
        generate_invoice(actor=SYSTEM, site_id=site_id, period=JANUARY)


def test_inactive_period_is_refused(in_acme):
    site = make_site()
    make_contract(site, effective_date=date(2025, 6, 1))
    with pytest.raises(Invalid) as refused:
        generate(site)
    assert refused.value.errors[0].code == "not_active"


def test_draft_contract_is_refused(in_acme):
    site = make_site()
    contract = make_contract(site, active=False)
    with pytest.raises(Conflict):
        generate(site, contract_id=contract.contract_id)


def test_draft_invoice_is_issued_later_and_only_once(in_acme):
    site = make_site()
    make_contract(site)
    draft = generate(site, issue=False).invoice
    assert draft.number is None
    issued = issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
    again = issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
    assert issued.number == again.number
    assert Entry.objects.filter(action="invoice.issued", object_id=str(draft.pk)).count() == 1


def test_discarded_draft_frees_its_period_and_takes_no_number(in_acme):
    site = make_site()
    make_contract(site)
    draft = generate(site, issue=False).invoice
    discard_draft(actor=SYSTEM, invoice_id=draft.invoice_id)
    assert generate(site).invoice.number_sequence == 1


def test_issued_invoice_cannot_be_discarded(in_acme):
    site = make_site()
    make_contract(site)
    invoice = generate(site).invoice
    with pytest.raises(Conflict):
        discard_draft(actor=SYSTEM, invoice_id=invoice.invoice_id)


FROZEN = {
    "total": "subtotal = subtotal + 1, total = total + 1",
    "number": "number = 'XX-2025-000009'",
    "dates": "due_date = due_date + 1",
    "customer": "parties = 'x'::bytea",
    "status": "document_status = 'validated'",
}


@pytest.mark.parametrize("change", FROZEN.values(), ids=FROZEN.keys())
def test_database_freezes_an_issued_invoice(in_acme, change):
    site = make_site()
    make_contract(site)
    invoice = generate(site).invoice
    with (
        pytest.raises(IntegrityError, match="cannot be changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE invoices_invoice SET {change} WHERE id = %s", [invoice.pk])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoices_invoiceline SET amount = amount + 1 WHERE invoice_id = %s",
        "DELETE FROM invoices_invoiceline WHERE invoice_id = %s",
        "UPDATE invoices_invoicetax SET amount = 0 WHERE invoice_id = %s",
        "DELETE FROM invoices_invoicetax WHERE invoice_id = %s",
        "DELETE FROM invoices_invoice WHERE id = %s",
    ],
)
def test_database_freezes_lines_and_taxes(in_acme, statement):
    site = make_site()
    make_contract(site)
    invoice = generate(site).invoice
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [invoice.pk])


def test_permissions(in_acme, actor_in):
    site = make_site()
    make_contract(site)
    for role in ("viewer", "approver", "contractor", "customer"):
        with pytest.raises(Forbidden):
            generate_invoice(actor=actor_in(role), site_id=site.site_id, period=JANUARY)
    assert Invoice.objects.count() == 0
    made = generate_invoice(actor=actor_in("billing_manager"), site_id=site.site_id, period=JANUARY)
    assert made.created


def test_other_tenant_sees_nothing(in_acme, globex):
    site = make_site()
    make_contract(site)
    generate(site)
    with organisation_context(globex):
        assert Invoice.objects.count() == 0
        with pytest.raises(AppError):
            generate(site)
