"""A draft made again: of another day, with what was recorded since, in place of the old one."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from support.api import Program, key_of
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.accounts.services.people import add_person
from shared.audit.models import Entry
from shared.audit.selectors import payload_of
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, NotFound, PreconditionFailed
from shared.kernel.tenancy import organisation_context
from tenants.activity.services import DayRevenue, record_revenue
from tenants.invoices.errors import NotIssuable
from tenants.invoices.models import BillingRun, BillingRunItem, Invoice
from tenants.invoices.services import (
    credit_invoice,
    generate_invoice,
    issue_invoice,
    remake_draft,
)
from tenants.ledger.services.closing import close_books

pytestmark = pytest.mark.usefixtures("in_february")


@pytest.fixture
def in_february():
    with time_machine.travel("2026-02-16T12:00:00-05:00", tick=True):
        yield


def draft_of(contract, **given):
    return generate_invoice(
        actor=SYSTEM,
        site_id=contract.site.site_id,
        period=month_period(2026, 1),
        issue=False,
        **given,
    ).invoice


@pytest.fixture
def draft(in_acme):
    """1,000.00 and HST 130.00, dated 31 January."""
    return draft_of(make_contract(make_site(), configuration={"monthly_fee": "1000.00"}))


def test_a_draft_in_closed_books_gets_another_day(draft):
    close_books(actor=SYSTEM, entity_id=draft.entity_id, through=date(2026, 1, 31), confirmed=True)
    with pytest.raises(Conflict):
        issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
    with pytest.raises(Conflict):
        remake_draft(actor=SYSTEM, invoice_id=draft.invoice_id)
    assert Invoice.objects.filter(pk=draft.pk).exists()
    made = remake_draft(actor=SYSTEM, invoice_id=draft.invoice_id, invoice_date=date(2026, 2, 1))
    assert made.invoice_id != draft.invoice_id
    assert (made.invoice_date, made.total) == (date(2026, 2, 1), Decimal("1130.00"))
    assert (made.period_start, made.period_end) == (date(2026, 1, 1), date(2026, 1, 31))
    assert Invoice.objects.get() == made
    assert issue_invoice(actor=SYSTEM, invoice_id=made.invoice_id).number.endswith("000001")
    entry = Entry.objects.get(action="invoice.remade")
    assert payload_of(entry)["before"]["invoice_id"] == draft.invoice_id


def test_it_has_what_was_recorded_since_and_keeps_what_was_given(in_acme):
    contract = make_contract(
        make_site(),
        contract_type="revenue_share",
        configuration={"revenue_share_rate": "0.15"},
    )
    charge = {"description": "Equipment", "amount": Decimal("500.00")}
    reported = [DayRevenue(date(2026, 1, 31), Decimal("20000.00"))]
    record_revenue(actor=SYSTEM, site_id=contract.site.site_id, records=reported)
    old = draft_of(contract, billing_data={"additional_charges": [charge]})
    assert old.subtotal == Decimal("3500.00")
    corrected = [DayRevenue(date(2026, 1, 31), Decimal("30000.00"))]
    record_revenue(actor=SYSTEM, site_id=contract.site.site_id, records=corrected)
    made = remake_draft(actor=SYSTEM, invoice_id=old.invoice_id)
    assert made.subtotal == Decimal("5000.00")  # 15 % of 30,000.00 and the charge
    assert made.invoice_date == old.invoice_date


def test_the_run_that_made_it_leads_to_the_new_one(draft):
    run = BillingRun.objects.create(period_start=draft.period_start, period_end=draft.period_end)
    item = BillingRunItem.objects.create(
        run=run, contract=draft.contract, invoice=draft, status="billed"
    )
    made = remake_draft(actor=SYSTEM, invoice_id=draft.invoice_id)
    item.refresh_from_db()
    assert item.invoice == made


def test_only_drafts_of_invoices(draft):
    with pytest.raises(PreconditionFailed):
        remake_draft(actor=SYSTEM, invoice_id=draft.invoice_id, expected_revision=99)
    with pytest.raises(NotFound):
        remake_draft(actor=SYSTEM, invoice_id="INV999999999")
    issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
    with pytest.raises(NotIssuable):
        remake_draft(actor=SYSTEM, invoice_id=draft.invoice_id)
    note = credit_invoice(actor=SYSTEM, invoice_id=draft.invoice_id, reason="Agreed")
    with pytest.raises(NotIssuable):
        remake_draft(actor=SYSTEM, invoice_id=note.invoice_id)
    assert Invoice.objects.count() == 2


def test_on_the_page_a_refused_day_stays_in_the_dialog(acme, draft, client_for):
    close_books(actor=SYSTEM, entity_id=draft.entity_id, through=date(2026, 1, 31), confirmed=True)
    clerk = add_person(actor=SYSTEM, email="c@acme.example", name="C", role="billing_manager")
    client = client_for(acme)
    client.force_login(clerk)
    page = f"/invoices/{draft.invoice_id}"
    assert b'id="remake"' in client.get(page).content
    for path, given, proposed in (
        ("issue", {}, b'value="2026-02-01"'),
        ("remake", {"invoice_date": "2026-01-31"}, b'value="2026-01-31"'),
    ):
        refused = client.post(f"{page}/{path}", given)
        assert refused.status_code == 422
        assert b"or a later day, or ask somebody who may reopen the books" in refused.content
        assert proposed in refused.content
    done = client.post(f"{page}/remake", {"invoice_date": "2026-02-01"})
    with organisation_context(acme):
        made = Invoice.objects.get()
    assert (done.status_code, done["Location"]) == (302, f"/invoices/{made.invoice_id}")
    assert made.invoice_date == date(2026, 2, 1)


def test_by_the_api(acme, draft, client_for):
    program = Program(client_for(acme), key_of(acme))
    path = f"/billing/invoices/{draft.invoice_id}/remake"
    made = program.make(path, {"invoice_date": "2026-02-03"})
    assert (made["invoice_date"], made["status"]) == ("2026-02-03", "validated")
    assert program.post(path, {}).status == 404  # the old one is gone
    program.make(f"/billing/invoices/{made['invoice_id']}/issue")
    again = program.post(f"/billing/invoices/{made['invoice_id']}/remake", {})
    assert (again.status, again.body["code"]) == (409, "not_issuable")
    wrong = program.post(path, {"invoice_date": "tomorrow"})
    assert (wrong.status, list(wrong.fields)) == (422, ["invoice_date"])
