"""The e-mail with an invoice: subject, HTML and text, by default and by a tenant's template."""

from dataclasses import replace
from uuid import uuid4

import pytest
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from tenants.documents.messages import InvoiceMessage
from tenants.documents.rendering import render_contents
from tenants.documents.sources import source_of
from tenants.invoices.services import generate_invoice
from tenants.templates.contents import default_texts

LINK = "http://acme.localhost:8000/documents/abc:def?x=1&y=2"


@pytest.fixture
def message(invoice, letterhead):
    return InvoiceMessage(replace(invoice, supplier=letterhead), LINK)


def write(message, output, language="en", look=None):
    rendered = render_contents(
        message, kind="invoice_email", language=language, output=output, look=look
    )
    assert rendered.broken == ""
    return rendered.text


def test_the_default_says_what_matters(message):
    assert write(message, "subject") == (
        "Invoice AE-2026-001234 · Acme Electric Ltd. · October 2026"
    )
    text = write(message, "text").replace("\xa0", " ")
    for expected in ("Hello Accounts payable,", "$86,679.76 CAD due November 30, 2026", LINK):
        assert expected in text
    html = write(message, "html")
    assert 'href="http://acme.localhost:8000/documents/abc:def?x=1&amp;y=2"' in html
    assert 'src="data:image/png;base64,' in html
    assert "<link" not in html
    assert "<script" not in html


def test_it_speaks_the_customers_language(message):
    assert "octobre 2026" in write(message, "subject", "fr-ca")
    assert "86 679,76" in write(message, "text", "fr-ca").replace("\xa0", " ")


def test_a_copy_of_the_default_says_the_same(message):
    look = default_texts("invoice_email").look(uuid4())
    for output in ("subject", "text"):
        assert write(message, output, look=look) == write(message, output)
    html = write(message, "html", look=look)
    assert 'href="http://acme.localhost:8000/documents/abc:def?x=1&amp;y=2"' in html
    assert "Open the document" in html


def test_only_that_one_link_may_be_plain_http(message):
    texts = default_texts("invoice_email")
    look = replace(texts, html='<a href="http://evil.example">x</a>').look(uuid4())
    rendered = render_contents(
        message, kind="invoice_email", language="en", output="html", look=look
    )
    assert "A link must start with https:" in rendered.broken


def test_nothing_is_asked_for_what_is_paid(message):
    paid = replace(message, document=replace(message.document, state="paid"))
    assert "How to pay" not in write(paid, "text")


def test_a_stored_invoice_has_its_message(in_acme):
    site = make_site()
    make_contract(site)
    made = generate_invoice(actor=SYSTEM, site_id=site.site_id, period=month_period(2025, 1))
    message, language = source_of("invoice_email").load(made.invoice.pk)
    assert language == "en"
    assert message.link.startswith(f"{in_acme.url}/documents/")
    assert made.invoice.number in write(message, "subject")
