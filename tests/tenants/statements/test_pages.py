"""Pages of statements: what people see and may do."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site
from support.browsers import signed_in
from support.statements import JANUARY, carry_out, run_statements

from shared.kernel.tenancy import organisation_context
from tenants.statements.models import LegalHold, StatementRun
from tenants.statements.selectors.settings import retention_years


@pytest.fixture
def browser(acme, client_for):
    """The billing manager's."""
    return signed_in(client_for, acme, "billing_manager")


@pytest.fixture
def admin(acme, client_for):
    """An administrator's."""
    return signed_in(client_for, acme, "tenant_admin")


@pytest.fixture
def statement(contract, bill):
    bill(contract, 1)
    return run_statements().statements.get()


def words_of(response):
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_list_shows_and_searches(browser, statement):
    page = words_of(browser.get("/statements"))
    assert statement.statement_code in page
    assert "$1,130.00" in page
    assert statement.statement_code in words_of(
        browser.get("/statements", {"q": statement.statement_code})
    )
    assert "No statement matches" in words_of(browser.get("/statements", {"status": "archived"}))


def test_the_list_costs_the_same_however_long(browser, in_acme, bill):
    counts = []
    for customers in (1, 2):
        for _number in range(customers):
            contract = make_contract(make_site(), effective_date=date(2025, 1, 1))
            bill(contract, 1)
            run_statements(customer_ids=[contract.site.customer.customer_id])
        browser.get("/statements")
        with CaptureQueriesContext(connection) as queries:
            browser.get("/statements")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_one_statement_shows_document_movements_and_facts(browser, statement, customer):
    page = words_of(browser.get(f"/statements/{statement.pk}"))
    for text in (
        customer.customer_id,
        f"/statements/{statement.pk}/view",
        "Closing balance",
        "Ageing",
        "The default",
    ):
        assert text in page
    document = browser.get(f"/statements/{statement.pk}/view")
    assert document["X-Frame-Options"] == "SAMEORIGIN"
    assert "Statement of account" in words_of(document)
    assert browser.get(f"/statements/{statement.pk}/pdf")["Content-Type"] == "application/pdf"
    assert "Invoice" in words_of(browser.get(f"/statements/{statement.pk}/text"))


def test_a_run_is_previewed_started_and_followed(browser, contract, bill):
    bill(contract, 1)
    asked = {"month": "2025-01", "covers": "monthly", "delivery_method": "none", "detailed": "on"}
    preview = words_of(browser.post("/statement-runs", {**asked, "preview": "1"}))
    assert "1 statement" in preview
    assert not StatementRun.objects.exists()
    started = browser.post("/statement-runs", asked)
    run = StatementRun.objects.get()
    assert started["Location"] == f"/statement-runs/{run.pk}"
    assert (run.period_start, run.period_end) == (JANUARY.start_date, JANUARY.end_date)
    assert 'hx-trigger="load delay:2s"' in words_of(browser.get(started["Location"]))
    carry_out(run)
    page = words_of(browser.get(started["Location"]))
    assert "1 of 1 statements" in page
    assert "statements a minute" in page
    region = browser.get(
        started["Location"], headers={"hx-target": "statement-run-progress", "hx-request": "true"}
    )
    assert "<html" not in words_of(region)
    assert region["HX-Refresh"] == "true"


def test_a_quarter_is_the_calendars(browser, contract, bill):
    bill(contract, 1)
    asked = {"month": "2025-02", "covers": "quarterly", "delivery_method": "none"}
    browser.post("/statement-runs", asked)
    run = StatementRun.objects.get()
    assert (run.period_start, run.period_end) == (date(2025, 1, 1), date(2025, 3, 31))


def test_what_was_typed_is_kept_where_it_is_wrong(browser, in_acme):
    asked = {
        "month": "2025-01",
        "covers": "monthly",
        "delivery_method": "none",
        "customers": "cus999999",
    }
    response = browser.post("/statement-runs", asked)
    assert response.status_code == 422
    assert "There is no customer CUS999999" in response.content.decode()
    assert "cus999999" in response.content.decode()


def test_sending_from_the_page(browser, statement, courier):
    browser.post(f"/statements/{statement.pk}/send")
    assert courier.taken == [(statement.pk, "auto")]


def test_sending_without_a_way_of_delivery_says_so(browser, statement, no_courier):
    page = browser.post(f"/statements/{statement.pk}/send", follow=True)
    assert "No way of delivery is set up" in page.content.decode()


def test_rules_and_holds(admin, statement, customer):
    page = words_of(admin.get("/settings/statements"))
    assert 'value="25"' in page
    changed = {"variance_limit": "50", "variance_minimum": "20", "statement": "9", "run": "2"}
    assert admin.post("/settings/statements", changed).status_code == 302
    assert retention_years() == {"statement": 9, "run": 2}
    hold = {"customer_id": customer.customer_id.lower(), "reason": "Audit"}
    assert admin.post("/settings/statements/holds", hold).status_code == 302
    assert "Audit" in words_of(admin.get("/settings/statements"))
    assert "Audit" in words_of(admin.get(f"/statements/{statement.pk}"))
    assert admin.post("/settings/statements/holds", hold).status_code == 422
    found = LegalHold.objects.get()
    admin.post(f"/settings/statements/holds/{found.pk}/release")
    found.refresh_from_db()
    assert found.released_at is not None


def test_a_reader_may_look_and_nothing_else(acme, client_for, statement):
    viewer = signed_in(client_for, acme, "viewer")
    assert viewer.get("/statements").status_code == 200
    assert viewer.get("/statement-runs").status_code == 403
    assert viewer.post(f"/statements/{statement.pk}/send").status_code == 403
    changed = {"variance_limit": "50", "variance_minimum": "20", "statement": "9", "run": "2"}
    assert viewer.post("/settings/statements", changed).status_code == 403


def test_another_organisation_sees_nothing(globex, client_for, statement):
    stranger = signed_in(client_for, globex, "tenant_admin")
    for path in ("", "/view", "/pdf", "/text"):
        assert stranger.get(f"/statements/{statement.pk}{path}").status_code == 404
    assert stranger.get(f"/statement-runs/{statement.run_id}").status_code == 404
    with organisation_context(globex):
        assert not StatementRun.objects.exists()
