"""The list of payments and its export."""

import csv
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.invoices.services import generate_invoice
from tenants.payments.models import Payment
from tenants.payments.selectors import listing as selectors
from tenants.payments.services import apply_automatically, record_payment, unapply


def pay(organisation, amount, *, site_name="North Yard", method="ACH", transaction_id=None):
    """Pay an invoice of 1,130.00."""
    with organisation_context(organisation):
        contract = make_contract(make_site(site_name=site_name))
        invoice = generate_invoice(
            actor=SYSTEM, site_id=contract.site.site_id, period=month_period(2025, 1)
        ).invoice
        record_payment(
            actor=SYSTEM,
            invoice_id=invoice.invoice_id,
            amount=Decimal(amount),
            received_on=date(2025, 2, 3),
            method=method,
            transaction_id=transaction_id,
        )
        return invoice


def exported(browser, query=""):
    answer = browser.get(f"/payments.csv{query}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text)))


def test_the_list_shows_invoice_method_and_what_is_unapplied(acme, client_for):
    invoice = pay(acme, "1200.00", method="cheque", transaction_id="TX-1")
    text = signed_in(client_for, acme, "viewer").get("/payments").content.decode()
    assert "$1,200.00" in text
    assert "$70.00" in text  # 1,200.00 - 1,130.00
    assert f'href="/invoices/{invoice.invoice_id}"' in text
    assert "TX-1" in text
    assert "Cheque" in text


def test_a_payment_of_many_invoices_names_three_and_leads_to_all(acme, client_for):
    first = pay(acme, "5650.00")  # 5 x 1,130.00
    with organisation_context(acme):
        for month in (2, 3, 4, 5):
            generate_invoice(
                actor=SYSTEM, site_id=first.site.site_id, period=month_period(2025, month)
            )
        payment = Payment.objects.get()
        apply_automatically(actor=SYSTEM, payment_id=payment.payment_id)
    browser = signed_in(client_for, acme, "viewer")
    text = browser.get("/payments").content.decode()
    assert text.count('href="/invoices/INV') == 3
    assert "All 5 invoices" in text
    (row,) = exported(browser)
    assert len(row["Invoices"].split()) == 5


def test_an_invoice_that_gave_back_and_took_again_is_listed_once(acme, client_for):
    invoice = pay(acme, "1130.00")
    browser = signed_in(client_for, acme)
    (payment,) = exported(browser)
    with organisation_context(acme):
        unapply(actor=SYSTEM, payment_id=payment["Payment"], invoice_ids=[invoice.invoice_id])
    assert [row["Invoices"] for row in exported(browser)] == [""]
    with organisation_context(acme):
        apply_automatically(actor=SYSTEM, payment_id=payment["Payment"])
    assert [row["Invoices"] for row in exported(browser)] == [invoice.number]


def test_search_and_filters_narrow_the_list_and_its_export_alike(acme, client_for):
    first = pay(acme, "1200.00", site_name="Lakeside", transaction_id="TX-1")
    pay(acme, "100.00", site_name="Uptown", method="cash")
    browser = signed_in(client_for, acme)
    for query in ("?q=lakes", "?q=TX-1", f"?q={first.number}", "?unapplied=1", "?method=ACH"):
        assert [row["Customer"] for row in exported(browser, query)] == ["Lakeside"], query
        text = browser.get(f"/payments{query}").content.decode()
        assert "Lakeside" in text
        assert "Uptown" not in text
        assert f"/payments.csv{query}" in text


def test_the_export_has_plain_numbers_and_no_formulas(acme, client_for):
    pay(acme, "1200.00", site_name="=HYPERLINK(1)", transaction_id="-1+1")
    (row,) = exported(signed_in(client_for, acme))
    assert row["Amount"] == "1200.00"
    assert row["Unapplied"] == "70.00"
    assert row["Received on"] == "2025-02-03"
    assert row["Customer"] == "'=HYPERLINK(1)"
    assert row["Transaction number"] == "'-1+1"


def test_the_export_reads_every_batch_once(acme, client_for, monkeypatch):
    monkeypatch.setattr(selectors, "EXPORT_BATCH", 2)
    for _ in range(5):
        pay(acme, "10.00")
    rows = exported(signed_in(client_for, acme))
    assert len({row["Payment"] for row in rows}) == len(rows) == 5


def test_an_empty_list_leads_to_the_unpaid_invoices(acme, client_for):
    browser = signed_in(client_for, acme)
    assert "/invoices?status=unpaid" in browser.get("/payments").content.decode()
    assert "No payment matches" in browser.get("/payments?q=zzz").content.decode()
    assert exported(browser) == []


@pytest.mark.parametrize("role", ["contractor", "customer"])
def test_who_may_not_see_payments_gets_neither_list_nor_export(acme, client_for, role):
    browser = signed_in(client_for, acme, role)
    assert browser.get("/payments").status_code == 403
    assert browser.get("/payments.csv").status_code == 403


def test_a_made_up_cursor_is_refused(acme, client_for):
    assert signed_in(client_for, acme).get("/payments?cursor=made-up").status_code == 422


def queries_of(browser, path):
    """Of the second look: the first one may find what the menu counts gone from the cache."""
    browser.get(path)
    with CaptureQueriesContext(connection) as found:
        browser.get(path)
    return len(found)


def test_the_queries_do_not_grow_with_the_rows(acme, client_for):
    pay(acme, "10.00")
    browser = signed_in(client_for, acme)
    few = queries_of(browser, "/payments")
    for _ in range(4):
        pay(acme, "10.00")
    assert queries_of(browser, "/payments") == few


def test_the_list_of_another_organisation_stays_there(acme, globex, client_for):
    pay(globex, "1200.00", site_name="Theirs")
    assert "Theirs" not in signed_in(client_for, acme).get("/payments").content.decode()
