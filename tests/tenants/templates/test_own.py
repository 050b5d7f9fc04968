"""Documents made with a tenant's own template, and with the default where it is broken."""

import socket
from dataclasses import replace
from html import unescape
from io import BytesIO
from uuid import uuid4

import pytest
from pypdf import PdfReader
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.keyring.storage import EncryptedStorage
from tenants.documents import printing
from tenants.documents.looks import LookBroken, LookKey
from tenants.documents.models import Document
from tenants.documents.rendering import digest_of, look_for, render_contents
from tenants.documents.services import provide_document
from tenants.invoices.services import generate_invoice
from tenants.review.models import ReviewItem
from tenants.templates.contents import Texts, default_texts
from tenants.templates.own import OwnLooks
from tenants.templates.services import create_template, save_version, use_default


def print_own(document, texts, output="pdf"):
    return render_contents(
        document, kind="invoice", language="en", output=output, look=texts.look(uuid4())
    )


def words_of(pdf):
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def test_a_copy_of_the_default_makes_the_same_document(invoice, texts):
    for language in ("en", "fr-ca"):
        for output in ("html", "text"):
            own = render_contents(
                invoice, kind="invoice", language=language, output=output, look=texts.look(uuid4())
            )
            default = render_contents(invoice, kind="invoice", language=language, output=output)
            assert own.broken == ""
            assert unescape(own.text) == unescape(default.text)
    own, default = (
        print_own(invoice, texts),
        render_contents(invoice, kind="invoice", language="en", output="pdf"),
    )
    assert (own.pages, words_of(own.content)) == (default.pages, words_of(default.content))


def test_its_own_words_and_look_are_printed(invoice, texts):
    own = replace(
        texts,
        html="<h2>Rechnung {{ number }}</h2><ul>{% for line in sections.0.lines %}"
        "<li>{{ line.title }}: {{ line.amount }}</li>{% endfor %}</ul>"
        "<p>{{ document.total|money:document.currency }}</p>",
        css="@page { size: A4 landscape } h2 { color: #b3261e }",
        text="Total {{ total }} & more",
    )
    printed = print_own(invoice, own)
    assert printed.broken == ""
    page = PdfReader(BytesIO(printed.content)).pages[0]
    assert [round(float(side)) for side in page.mediabox[2:]] == [842, 595]
    text = words_of(printed.content)
    assert "Rechnung AE-2026-001234" in text
    assert "Scissor lift: $560.00" in text
    assert "$86,679.76" in text
    assert "Bill to" not in text
    assert print_own(invoice, own, "text").text == "Total $86,679.76 & more\n"


def test_contents_are_escaped_in_it(invoice, texts):
    evil = replace(
        invoice,
        notes="<script>alert(1)</script>{{ settings }}{% load x %}",
        buyer=replace(invoice.buyer, name='"><img src=x onerror=alert(1)>'),
    )
    html = print_own(evil, texts, "html").text
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "{{ settings }}" in html, "what a customer typed is no template"


def test_the_logo_is_its_only_picture(invoice, texts):
    own = replace(texts, html='<p><img src="{{ logo_url }}" alt="Acme"></p>')
    html = print_own(invoice, own, "html").text
    assert 'src="data:image/png;base64,' in html
    without = replace(invoice, supplier=replace(invoice.supplier, logo=None))
    assert (
        "<img"
        not in print_own(
            without,
            replace(own, html="<p>{% if logo_url %}<img src='{{ logo_url }}'>{% endif %}</p>"),
            "html",
        ).text
    )


BROKEN_BODIES = [
    "{% load i18n %}",
    "{{ document.__class__ }}",
    "{{ totl }}",
    "<script>alert(1)</script>",
    '<img src="https://evil.example/x.png">',
    "<p>open",
    "{% for a in facts %}{% for b in facts %}" + "<p>" * 30 + "{% endfor %}{% endfor %}",
]


@pytest.mark.parametrize("body", BROKEN_BODIES)
def test_a_broken_one_is_replaced_by_the_default(invoice, texts, body):
    own = print_own(invoice, replace(texts, html=body))
    assert own.broken
    assert "Balance due $86,679.76 CAD" in words_of(own.content)


@pytest.mark.parametrize(
    "css",
    [
        "p { background: url(https://evil.example/x) }",
        "@import url(file:///etc/passwd);",
        "p { color: red",
    ],
)
def test_a_stylesheet_that_cannot_be_used_breaks_nothing(invoice, texts, css, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a document asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(printing, "OWN_SECONDS_MAX", 3.0)
    own = print_own(invoice, replace(texts, css=css))
    assert "Balance due" in words_of(own.content)


def test_printing_without_end_is_stopped(invoice, texts, monkeypatch):
    monkeypatch.setattr(printing, "OWN_SECONDS_MAX", 0.3)
    nested = "<table><tr><td>" * 3 + "x " * 2000 + "</td></tr></table>" * 3
    own = print_own(invoice, replace(texts, html=f"<div>{nested * 20}</div>"))
    assert "longer than" in own.broken
    assert own.pages == 1


def test_tiny_paper_makes_many_pages_but_not_endless_ones(invoice, texts):
    own = print_own(invoice, replace(texts, css="@page { size: 1px 1px; margin: 0 }"))
    assert own.pages <= printing.OWN_PAGES_MAX


def test_too_many_pages_are_refused(invoice, texts, monkeypatch):
    monkeypatch.setattr(printing, "OWN_PAGES_MAX", 5)
    many = replace(texts, html='<p style="break-after: page">x</p>' * 9)
    assert "more than 5 pages" in print_own(invoice, many).broken


def test_whatever_the_printer_stumbles_over_is_the_templates_fault(invoice, texts, monkeypatch):
    def stumble(*args, **kwargs):
        raise ZeroDivisionError("no width")

    monkeypatch.setattr(printing.StyleFor, "__init__", stumble)
    with pytest.raises(LookBroken, match="no width"):
        printing.render_markup("<html><body></body></html>", own_css="p { width: 0 }")


def test_the_stylesheets_and_fonts_are_shared(invoice, texts):
    own = replace(texts, css="p { color: #123456 }")
    print_own(invoice, own)
    workshop = printing.open_workshop()
    before = printing._own_sheet.cache_info().hits
    print_own(invoice, own)
    assert printing.open_workshop() is workshop
    assert printing._own_sheet.cache_info().hits == before + 1


def issue(**contract):
    site = make_site()
    make_contract(site, **contract)
    return generate_invoice(
        actor=SYSTEM, site_id=site.site_id, period=month_period(2025, 1)
    ).invoice


def use(kind="invoice", html="<p>OWN {{ number }}</p>", **use):
    template = create_template(actor=SYSTEM, kind=kind, language="en", **use)
    save_version(actor=SYSTEM, template_id=template.pk, texts=Texts(html, "own"), activate=True)
    template.refresh_from_db()
    return template


def stored(document):
    with EncryptedStorage().open(document.file_name) as file:
        return words_of(file.read())


def test_an_invoice_is_stored_with_the_version_that_made_it(in_acme):
    invoice = issue()
    default = provide_document(kind="invoice", object_id=invoice.pk)
    assert (default.own_version_id, default.fell_back) == (None, False)
    template = use()
    own = provide_document(kind="invoice", object_id=invoice.pk)
    assert stored(own) == f"OWN {invoice.number} Page 1 of 1"
    assert (own.own_version_id, own.fell_back) == (template.active_version_id, False)
    assert provide_document(kind="invoice", object_id=invoice.pk).pk == own.pk
    use_default(actor=SYSTEM, template_id=template.pk)
    assert provide_document(kind="invoice", object_id=invoice.pk).pk == default.pk
    assert Document.objects.count() == 2


def test_a_broken_template_still_makes_the_invoice_and_tells_the_admin(in_acme, break_it):
    invoice = issue()
    template = use()
    broken = break_it(template, "{% load i18n %}")
    document = provide_document(kind="invoice", object_id=invoice.pk)
    assert document.status == "ready"
    assert (document.own_version_id, document.fell_back) == (broken.pk, True)
    assert "Balance due" in stored(document)
    item = ReviewItem.objects.get(kind="template")
    assert invoice.invoice_id in item.cause
    assert "Line 1" in item.cause
    assert provide_document(kind="invoice", object_id=invoice.pk).pk == document.pk


def test_the_contract_types_own_template_goes_first(in_acme):
    looks = OwnLooks()
    anyones, hybrids = use(html="<p>any</p>"), use(html="<p>hybrid</p>", contract_type="hybrid")
    find = lambda *kinds, contract="": looks.find(LookKey(kinds, contract), "en")  # noqa: E731
    assert find("invoice", contract="hybrid").template_id == hybrids.pk
    assert find("invoice", contract="fixed_fee").template_id == anyones.pk
    assert find("credit_note", "invoice", contract="hybrid").template_id == hybrids.pk
    credits = use("credit_note", html="<p>credit</p>")
    assert find("credit_note", "invoice", contract="hybrid").template_id == credits.pk
    assert find("statement") is None
    assert looks.find(LookKey(("invoice",)), "fr-ca") is None


def test_which_template_is_one_question(in_acme, invoice, django_assert_num_queries):
    use()
    with django_assert_num_queries(1):
        look = look_for("invoice", invoice, "en")
    assert digest_of("invoice", invoice, "en", look) != digest_of("invoice", invoice, "en")


def test_an_email_subject_is_one_line():
    look = Texts("<p>x</p>", "x", subject="{{ number }}\r\nBcc: evil@example.com\n" + "x" * 300)
    subject = look.look(uuid4()).write_subject({"number": "AE-1\nX: y"}, "en")
    assert "\n" not in subject
    assert "\r" not in subject
    assert len(subject) == 200
    with pytest.raises(LookBroken):
        Texts("<p>x</p>", "x", subject=" ").look(uuid4()).write_subject({}, "en")


def test_defaults_are_files_of_the_product():
    assert "{% for section in sections %}" in default_texts("invoice").html
    assert "{% load" not in default_texts("invoice").html
