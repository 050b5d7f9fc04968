"""Printed invoices that were corrected, credited, held back or converted."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from support.documents import words

from tenants.documents.contents import (
    Conversion,
    DocumentLine,
    Statute,
)


def test_holdback_is_a_line_and_a_note(invoice, read_pages):
    held = DocumentLine("holdback", "Holdback", Decimal("-7670.78"))
    (page,) = read_pages(
        replace(invoice, lines=(*invoice.lines, held), holdback=Decimal("7670.78"))
    )
    text = words(page)
    assert "Holdback −$7,670.78" in text
    assert "$7,670.78 is kept back and not part of the total" in text


def test_credits_and_write_offs_are_taken_off(invoice, read_pages):
    settled = replace(
        invoice,
        state="partially_paid",
        amount_paid=Decimal("80000"),
        amount_credited=Decimal("6000"),
        amount_written_off=Decimal("79.76"),
        balance_due=Decimal("600"),
    )
    (page,) = read_pages(settled)
    text = words(page)
    assert "Amount paid −$80,000.00" in text
    assert "Amount credited −$6,000.00" in text
    assert "Written off −$79.76" in text
    assert "Balance due $600.00 CAD" in text


def test_a_credited_invoice_asks_for_nothing(invoice, read_pages):
    (page,) = read_pages(
        replace(invoice, state="credited", amount_credited=invoice.total, balance_due=Decimal(0))
    )
    text = words(page)
    assert "settled by credit, nothing to pay" in text
    assert "How to pay" not in text


def test_a_void_one_says_since_when(invoice, read_pages):
    (page,) = read_pages(replace(invoice, state="void", voided_on=date(2026, 11, 5)))
    assert "Void since Nov 5, 2026. Nothing is to be paid." in words(page)
    credit = replace(invoice, kind="credit_note", state="void", voided_on=date(2026, 11, 5))
    assert "void, nothing to pay" in words(read_pages(credit)[0])


def test_a_correction_says_what_and_why(invoice, read_pages):
    adjustment = replace(
        invoice, kind="adjustment", corrects="AE-2026-000999", reason="Hours of the 5th <late>"
    )
    (page,) = read_pages(adjustment)
    text = words(page)
    assert "Adjustment invoice" in text
    assert "Corrects AE-2026-000999" in text
    assert "Reason Hours of the 5th <late>" in text


def test_an_applied_credit_note_says_how_much(invoice, read_pages):
    credit = replace(
        invoice,
        kind="credit_note",
        total=Decimal("-100"),
        amount_credited=Decimal("-60"),
        amount_paid=Decimal("-15"),
        balance_due=Decimal("-25"),
    )
    text = words(read_pages(credit)[0])
    assert "Applied $60.00" in text
    assert "Refunded $15.00" in text
    assert "Credit −$25.00 CAD" in text


def test_another_currency_is_converted_once(invoice, read_pages):
    """9,972.01 x 1.3754 = 13,715.502554; 86,679.76 x 1.3754 = 119,219.341904."""
    foreign = replace(
        invoice,
        currency="USD",
        conversion=Conversion(Decimal("1.37540000"), "CAD", date(2026, 10, 30), "Bank of Canada"),
    )
    text = words(read_pages(foreign)[0])
    assert "1 USD = 1.3754 CAD (Bank of Canada, Oct 30, 2026)" in text
    assert "Taxes $13,715.50 CAD, total $119,219.34 CAD." in text


def test_a_construction_contract_makes_a_proper_invoice(invoice, read_pages):
    """What Ontario's Construction Act, s. 6.1, asks for stands in one place."""
    proper = replace(
        invoice,
        is_construction=True,
        purchase_order="PO <4711>",
        statute=Statute(28, "Construction Act, R.S.O. 1990, c. C.30, ss. 6.4 and 6.5"),
    )
    text = words(read_pages(proper)[0])
    assert "Supplied under contract CON00001234, purchase order PO <4711>" in text
    assert "from Oct 1, 2026 to Oct 31, 2026" in text
    assert "Pay to: Acme Electric Ltd., 1450 Industrial Parkway, Hamilton ON" in text
    assert "no later than 28 days after receipt (Construction Act" in text
    assert "PO PO <4711>" in text
    paid = words(read_pages(replace(proper, state="paid"))[0])
    assert "after receipt" not in paid
    plain = words(read_pages(replace(proper, is_construction=False))[0])
    assert "Supplied under" not in plain


def test_released_holdback_is_an_invoice_of_its_own(invoice, read_pages):
    (page,) = read_pages(replace(invoice, kind="holdback_release"))
    text = words(page)
    assert "Holdback invoice" in text
    assert "Due date" in text
