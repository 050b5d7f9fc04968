"""What whoever holds a link gets."""

from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from pypdf import PdfReader

from shared.kernel.tenancy import organisation_context
from tenants.documents import services, work
from tenants.documents.models import Document
from tenants.documents.presentation import invoice_source
from tenants.documents.services import signed_link
from tenants.documents.sources import register_source


@pytest.fixture
def link(acme, shelf, invoice):
    """A link to an invoice of acme; the shelf stands in for acme's invoices."""
    register_source(invoice_source(shelf.load))
    with organisation_context(acme):
        return signed_link(invoice_pk=shelf.put(invoice))


def read(response):
    return b"".join(response.streaming_content)


def test_the_pdf_needs_no_sign_in(acme, client_for, link):
    response = client_for(acme).get(link)
    assert response.status_code == 200
    content = read(response)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'inline; filename="INV000001234.pdf"'
    assert response["Content-Length"] == str(len(content))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "AE-2026-001234" in PdfReader(BytesIO(content)).pages[0].extract_text()


def test_a_second_look_renders_nothing(acme, client_for, link, monkeypatch):
    first = read(client_for(acme).get(link))

    def refuse(*args, **kwargs):
        raise AssertionError("rendered again")

    monkeypatch.setattr(work, "render_contents", refuse)
    assert read(client_for(acme).get(link)) == first


def test_head_tells_the_size_without_the_file(acme, client_for, link):
    response = client_for(acme).head(link)
    assert response.status_code == 200
    assert int(response["Content-Length"]) > 5_000
    assert client_for(acme).post(link).status_code == 405


def test_another_organisation_does_not_know_it(globex, client_for, link):
    assert client_for(globex).get(link).status_code == 404


def test_an_altered_link_is_not_found(acme, client_for, link):
    assert client_for(acme).get(link[:-1]).status_code == 404
    assert client_for(acme).get(link.replace("/documents/", "/documents/x")).status_code == 404


def test_an_expired_link_is_gone(acme, client_for, shelf, invoice):
    with organisation_context(acme):
        old = signed_link(invoice_pk=shelf.put(invoice), valid_for=timedelta(days=-2))
    assert client_for(acme).get(old).status_code == 410


def test_an_invoice_that_is_gone_is_not_found(acme, client_for, shelf):
    register_source(invoice_source(shelf.load))
    with organisation_context(acme):
        link = signed_link(invoice_pk=uuid4())
    assert client_for(acme).get(link).status_code == 404


def test_while_it_is_made_the_page_asks_again(acme, client_for, link, monkeypatch):
    monkeypatch.setattr(services, "LINES_AT_ONCE", 1)
    response = client_for(acme).get(link)
    assert response.status_code == 202
    assert response["Refresh"] == "2"
    assert "is being made" in response.content.decode()
    with organisation_context(acme):
        work.render_document(document_id=Document.objects.get().pk)
    assert client_for(acme).get(link)["Content-Type"] == "application/pdf"


def test_a_failure_says_so_and_is_kept(acme, client_for, link, monkeypatch):
    def break_down(*args, **kwargs):
        raise RuntimeError("out of paper")

    monkeypatch.setattr(work, "render_contents", break_down)
    response = client_for(acme).get(link)
    assert response.status_code == 503
    assert "paper" not in response.content.decode()
    with organisation_context(acme):
        assert Document.objects.get().error == "RuntimeError: out of paper"
