"""The pages of templates: making one, editing with preview, going back."""

import pytest
from support.api import active_contract, site_body
from support.browsers import signed_in

from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.templates.contents import default_texts
from tenants.templates.models import DocumentTemplate
from tenants.templates.services import create_template, save_version

LIST = "/settings/templates"


@pytest.fixture
def browser(acme, client_for):
    return signed_in(client_for, acme)


@pytest.fixture
def made(acme):
    """Acme's template of English invoices."""
    with organisation_context(acme):
        return create_template(actor=SYSTEM, kind="invoice", language="en")


@pytest.fixture
def address(made):
    return f"{LIST}/{made.pk}"


def typed(**changes):
    texts = default_texts("invoice")
    return {"html": texts.html, "text": texts.text, "css": "", "note": "", **changes}


def state_of(acme, made):
    with organisation_context(acme):
        template = DocumentTemplate.objects.select_related("active_version").get(pk=made.pk)
        return template.active_version.number, template.is_in_use, template.versions.count()


def page(answer):
    return answer.content.decode()


def test_an_empty_list_offers_the_first_step(browser):
    text = page(browser.get(LIST))
    assert "No templates of your own yet" in text
    assert f'href="{LIST}/new"' in text


def test_a_template_is_made_and_opens_in_the_editor(acme, browser):
    form = browser.get(f"{LIST}/new")
    assert "All contract types" in page(form)
    answer = browser.post(
        f"{LIST}/new", {"kind": "invoice", "contract_type": "hybrid", "language": "fr-ca"}
    )
    assert answer.status_code == 302
    editor = page(browser.get(answer["Location"]))
    assert "Invoice · Hybrid · French" in editor
    assert "{% for section in sections %}" in editor
    assert "sections.0.lines.0.title" in editor, "names to use"
    listed = page(browser.get(LIST))
    assert "Hybrid" in listed
    assert "In use" in listed
    again = browser.post(
        f"{LIST}/new", {"kind": "invoice", "contract_type": "hybrid", "language": "fr-ca"}
    )
    assert again.status_code == 422
    assert "There is a template for this already." in page(again)


def test_wrong_choices_are_shown_beside_the_field(browser):
    answer = browser.post(f"{LIST}/new", {"kind": "poem", "language": "de"})
    assert answer.status_code == 422
    assert page(answer).count('aria-invalid="true"') == 2


def test_saving_keeps_a_version_and_uses_it_when_told(acme, browser, made, address):
    answer = browser.post(address, typed(html="<p>{{ number }}</p>\r\n", note="Plain"))
    assert answer["Location"] == f"{address}?version=2"
    assert state_of(acme, made) == (1, True, 2)
    text = page(browser.get(answer["Location"]))
    assert "You see version 2; version 1 is the chosen one." in text
    assert "Plain" in text
    browser.post(address, typed(html="<p>three</p>", activate="1"))
    assert state_of(acme, made) == (3, True, 3)
    with organisation_context(acme):
        assert made.versions.get(number=2).html == "<p>{{ number }}</p>\n"


def test_faults_stand_beside_their_text_and_nothing_typed_is_lost(acme, browser, made, address):
    answer = browser.post(address, typed(html="<p>\n{% load x %}</p>", css="p { cursor: none }"))
    assert answer.status_code == 422
    text = page(answer)
    assert "Line 2: " in text
    assert "cursor is not allowed" in text
    assert "{% load x %}" in text
    assert state_of(acme, made)[2] == 1


def test_somebody_elses_version_is_not_overwritten(acme, browser, made, address):
    answer = browser.post(address, typed(revision=str(made.revision + 5)))
    assert answer.status_code == 422
    assert "Somebody changed it since you read it" in page(answer)
    assert state_of(acme, made)[2] == 1


def test_a_version_is_used_and_left(acme, browser, made, address):
    browser.post(address, typed(html="<p>two</p>", activate="1"))
    assert browser.post(f"{address}/activate", {"number": "1"}).status_code == 302
    assert state_of(acme, made) == (1, True, 2)
    assert browser.post(f"{address}/use-default").status_code == 302
    assert state_of(acme, made) == (1, False, 2)
    assert "Default in use" in page(browser.get(LIST))
    assert browser.post(f"{address}/activate", {"number": "9"}).status_code == 404
    assert browser.post(f"{address}/activate", {"number": "x"}).status_code == 400
    assert browser.get(f"{address}/activate").status_code == 405
    assert browser.get(f"{address}?version=9").status_code == 404


def test_a_broken_old_version_is_not_used_and_says_why(acme, browser, made, address, break_it):
    with organisation_context(acme):
        break_it(made, "{% load x %}")
    browser.post(f"{address}/activate", {"number": "1"})
    browser.post(f"{address}/activate", {"number": "99"})
    assert state_of(acme, made)[0] == 1
    assert "Line 1" in page(browser.get(address))


def test_the_preview_is_sealed(browser, address):
    answer = browser.post(f"{address}/preview", typed(output="html"))
    assert answer.status_code == 200
    assert "AE-2026-000001" in page(answer)
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert policy.endswith("sandbox")
    assert "script-src" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["Cache-Control"] == "private, no-store"
    text = browser.post(f"{address}/preview", typed(output="text"))
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    pdf = browser.post(f"{address}/preview", typed(output="pdf"))
    assert pdf.content.startswith(b"%PDF-")


def test_the_preview_shows_real_data(acme, api, browser, address):
    site_id = api.make("/customer-sites", site_body(site_name="Rideau Garage"))["site_id"]
    active_contract(api, site_id)
    made = api.make(
        "/billing/generate-invoice",
        {
            "site_id": site_id,
            "billing_period": {"start_date": "2025-01-01", "end_date": "2025-01-31"},
            "billing_data": {"revenue_amount": 50000},
        },
    )
    assert made["invoice_id"] in page(browser.get(address))
    shown = browser.post(
        f"{address}/preview",
        typed(output="html", example=made["invoice_id"], html="<p>Hi {{ number }}</p>"),
    )
    assert f"<p>Hi {made['invoice_number']}</p>" in page(shown)
    unknown = browser.post(f"{address}/preview", typed(output="html", example="INV999999999"))
    assert unknown.status_code == 404


def test_a_broken_preview_says_why(browser, address):
    answer = browser.post(f"{address}/preview", typed(html="<p>\n{{ totl }}</p>"))
    assert answer.status_code == 422
    assert "There is no “totl”" in page(answer)
    assert answer["Content-Security-Policy"].endswith("sandbox")
    assert browser.post(f"{address}/preview", typed(output="exe")).status_code == 400
    assert browser.get(f"{address}/preview").status_code == 405


def test_who_may_only_read_sees_and_cannot_write(acme, client_for, made, address):
    reader = signed_in(client_for, acme, role="billing_manager")
    text = page(reader.get(address))
    assert "Save and use" not in text
    assert "New template" not in page(reader.get(LIST))
    assert reader.post(f"{address}/preview", typed()).status_code == 200
    for path in (address, f"{address}/use-default", f"{LIST}/new"):
        assert reader.post(path, typed()).status_code == 403
    assert reader.post(f"{address}/activate", {"number": "1"}).status_code == 403
    viewer = signed_in(client_for, acme, role="viewer")
    for path in (LIST, address):
        assert viewer.get(path).status_code == 403
    assert viewer.post(f"{address}/preview", typed()).status_code == 403


def test_another_organisation_has_no_such_template(globex, client_for, made, address):
    stranger = signed_in(client_for, globex)
    assert stranger.get(address).status_code == 404
    assert stranger.post(f"{address}/preview", typed()).status_code == 404
    assert stranger.post(f"{address}/activate", {"number": "1"}).status_code == 404
    assert "No templates of your own yet" in page(stranger.get(LIST))


def test_many_versions_ask_no_more_questions(acme, browser, made, address):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count():
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        return len(queries)

    browser.get(address)
    few = count()
    with organisation_context(acme):
        for _number in range(5):
            save_version(actor=SYSTEM, template_id=made.pk, texts=default_texts("invoice"))
    assert count() == few
