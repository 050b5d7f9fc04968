"""Pages of one payment, files of payments, ageing and expected cash."""

import re
from datetime import date
from decimal import Decimal
from functools import partial
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook
from support.browsers import signed_in
from support.payments import open_invoices, receive

from billing.application import ALL_RULES
from shared.kernel.actor import SYSTEM
from shared.kernel.api.pagination import paging_of
from shared.kernel.tenancy import organisation_context
from tenants.payments.models import Payment, PaymentFile
from tenants.payments.services import reverse_payment
from tenants.payments.services.files import process_file
from tenants.payments.views import payments as views


@pytest.fixture
def browser(acme, client_for):
    return signed_in(client_for, acme)


@pytest.fixture
def two(acme):
    """Two open invoices and an unapplied payment of 1,200.00."""
    with organisation_context(acme):
        invoices = open_invoices(2)
        payment = receive(invoices[0], "1200.00").payment
        return [*invoices, payment]


def page(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def balances(acme, *invoices):
    with organisation_context(acme):
        for one in invoices:
            one.refresh_from_db()
        return [one.balance_due for one in invoices]


def test_a_payment_proposes_and_applies_what_was_typed(acme, browser, two):
    first, second, payment = two
    path = f"/payments/{payment.payment_id}"
    text = page(browser, path)
    assert 'value="1130.00"' in text
    assert 'value="70.00"' in text
    assert "The oldest due date first" in text
    sent = {f"amount-{first.invoice_id}": "", f"amount-{second.invoice_id}": "100,5"}
    assert browser.post(f"{path}/apply", sent).status_code == 302
    assert balances(acme, first, second) == [Decimal("1130.00"), Decimal("1029.50")]
    assert "Chosen by hand" in page(browser, path)
    browser.post(f"{path}/unapply", {"invoice_id": second.invoice_id})
    assert "Taken back" in page(browser, path)
    browser.post(f"{path}/apply", {"automatic": "1"})
    assert balances(acme, first, second) == [0, Decimal("1060.00")]


def test_how_an_invoice_was_found_is_written_as_people_do(acme, browser, two):
    with organisation_context(acme):
        exact = receive(two[0], "2260.00", rules=ALL_RULES).payment
    page = browser.get(f"/payments/{exact.payment_id}").content.decode()
    assert "$1,130.00 + $1,130.00" in page
    with organisation_context(acme):
        reverse_payment(actor=SYSTEM, payment_id=exact.payment_id, reason="NSF")
        oldest = receive(two[0], "100.00", rules=ALL_RULES).payment
    browser.post("/language", {"language": "fr-ca", "next": "/"})
    page = browser.get(f"/payments/{oldest.payment_id}").content.decode()
    assert "2 mars 2025" in page
    assert "2025-03-02" not in page


def test_what_a_payment_settled_is_paged(browser, acme, monkeypatch):
    monkeypatch.setattr(views, "paging_of", partial(paging_of, limit=2))
    with organisation_context(acme):
        invoices = open_invoices(3)
        receipt = receive(invoices[0], "3390.00", rules=ALL_RULES)
    text = page(browser, f"/payments/{receipt.payment.payment_id}")
    following = re.search(r"\?cursor=[^\"&]+", text)[0]
    rest = page(browser, f"/payments/{receipt.payment.payment_id}{following}")
    named = [
        [one.number in shown.split('id="refund"')[0] for one in invoices] for shown in (text, rest)
    ]
    assert named == [[True, True, False], [False, False, True]]


def test_what_is_refused_stands_on_the_page(acme, browser, two):
    first, _second, payment = two
    path = f"/payments/{payment.payment_id}"
    for typed in ("1130.01", "abc", "-1"):
        answer = browser.post(f"{path}/apply", {f"amount-{first.invoice_id}": typed})
        assert answer.status_code == 422
    assert (
        "At most $1,130.00"
        in browser.post(f"{path}/apply", {f"amount-{first.invoice_id}": "1130.01"}).content.decode()
    )
    refused = browser.post(
        f"{path}/refund", {"amount": "1200.01", "method": "ACH", "reason": "Twice"}
    )
    assert refused.status_code == 422
    assert 'value="1200.01"' in refused.content.decode()
    assert browser.post(f"{path}/reverse", {"reason": ""}).status_code == 422
    assert balances(acme, first) == [Decimal("1130.00")]


def test_refund_and_reversal_from_the_page(acme, browser, two):
    first, _second, payment = two
    path = f"/payments/{payment.payment_id}"
    sent = {"amount": "70.00", "method": "ACH", "reason": "Paid too much"}
    assert browser.post(f"{path}/refund", sent).status_code == 302
    text = page(browser, path)
    assert "Paid too much" in text
    assert "Reverse payment" not in text
    with organisation_context(acme):
        other = receive(first, "50.00", rules=ALL_RULES).payment
    path = f"/payments/{other.payment_id}"
    assert browser.post(f"{path}/reverse", {"reason": "NSF"}).status_code == 302
    assert "This payment was reversed" in page(browser, path)
    assert balances(acme, first) == [Decimal("1130.00")]


def test_receiving_keeps_what_was_typed_and_applies(acme, browser, two):
    first, _second, payment = two
    with organisation_context(acme):
        customer = payment.customer
    sent = {
        "customer_id": customer.customer_id.lower(),
        "amount": "1130.00",
        "currency": "CAD",
        "received_on": "2025-06-03",
        "method": "cheque",
        "reference": f"for {first.number}",
        "automatic": "on",
    }
    assert customer.name in page(browser, "/payments/new")
    wrong = browser.post("/payments/new", {**sent, "customer_id": "CUS999999"})
    assert wrong.status_code == 422
    assert first.number in wrong.content.decode()
    assert browser.post("/payments/new", {**sent, "amount": "-1"}).status_code == 422
    assert browser.post("/payments/new", sent).status_code == 302
    assert balances(acme, first) == [0]


def test_a_file_is_shown_applied_and_the_rest_assigned(acme, browser, two):
    first, second, _payment = two
    content = (
        f"Date,Amount,Reference\n2025-06-03,1130.00,{first.number}\n2025-06-03,30.00,hello\n"
    ).encode()
    answer = browser.post("/payments/files", {"file": SimpleUploadedFile("b.csv", content)})
    path = answer.headers["Location"]
    assert "Record 1 payment" in page(browser, path)
    assert browser.post(f"{path}/apply").status_code == 302
    with organisation_context(acme):
        file = PaymentFile.objects.get()
        process_file(file_id=file.pk)
        line = file.lines.get(status="unmatched")
        code = Payment.objects.first().customer.customer_id
    text = page(browser, path)
    assert "hello" in text
    assert 'id="line-3"' in text
    browser.post(f"/payments/lines/{line.pk}", {"customer_id": "CUS999999"})
    assert balances(acme, first, second) == [0, Decimal("1130.00")]
    browser.post(f"/payments/lines/{line.pk}", {"customer_id": code})
    assert balances(acme, second) == [Decimal("1100.00")]
    assert "b.csv" in page(browser, "/payments/files")
    bad = browser.post("/payments/files", {"file": SimpleUploadedFile("c.csv", b"a,b\n1,2\n")})
    assert bad.status_code == 422
    with organisation_context(acme):
        assert Payment.objects.count() == 3


def test_ageing_leads_to_its_documents_and_downloads(browser, two):
    first, _second, payment = two
    # On 1 May 2025 the invoices are 60 and 32 days late.
    text = page(browser, "/receivables/ageing?on=2025-05-01")
    assert "$2,260.00" in text
    none = page(browser, "/receivables/ageing?on=2025-05-01&q=nobody")
    assert "Nothing matches" in none
    assert "<thead>" not in none[none.index("Nothing matches") :]
    code = payment.customer.customer_id
    link = f"?by=customer&on=2025-05-01&code={code}&bucket=31-60"
    assert link in text.replace("&amp;", "&")
    items = page(browser, f"/receivables/ageing/items{link}")
    assert first.number in items
    assert "$1,130.00" in items
    rows = b"".join(browser.get("/receivables/ageing.csv?on=2025-05-01").streaming_content).decode(
        "utf-8-sig"
    )
    assert f"{code},North Yard,CAD" in rows
    book = load_workbook(
        BytesIO(browser.get("/receivables/ageing.xlsx?by=site&on=2025-05-01").content)
    )
    values = list(book.active.values)
    assert values[0][0] == "Site"
    assert values[1][9 - 0] == 2260
    assert browser.get("/receivables/ageing.pdf").status_code == 404
    for query in ("?by=x&on=y", "?by=entity", "?cursor=x", "?on=1900-01-01", "?q=zzz"):
        page(browser, f"/receivables/ageing{query}")


def test_expected_cash_is_a_chart_with_habits(browser, two):
    text = page(browser, "/receivables/expected-cash")
    assert "<svg" in text
    assert "No history: the due date" in text
    assert "$1,060.00" in text  # 2,260.00 less the payment that is there already


def test_another_organisations_payment_is_not_there(globex, client_for, two):
    stranger = signed_in(client_for, globex)
    path = f"/payments/{two[2].payment_id}"
    assert stranger.get(path).status_code == 404
    for action in ("apply", "unapply", "refund", "reverse"):
        sent = {"reason": "x", "amount": "1", "method": "ACH", "automatic": "1"}
        assert stranger.post(f"{path}/{action}", sent).status_code == 404


def test_a_viewer_sees_and_changes_nothing(acme, client_for, two):
    viewer = signed_in(client_for, acme, "viewer")
    path = f"/payments/{two[2].payment_id}"
    text = page(viewer, path)
    assert "Apply automatically" not in text
    assert "Reverse payment" not in text
    sent = {"reason": "x", "amount": "1", "method": "ACH", "automatic": "1"}
    for action in ("apply", "unapply", "refund", "reverse"):
        assert viewer.post(f"{path}/{action}", sent).status_code == 403
    assert (
        viewer.post("/payments/files", {"file": SimpleUploadedFile("c.csv", b"a")}).status_code
        == 403
    )
    assert date(2025, 6, 2) == two[2].received_on
