"""Pages of invoices: a new one with its preview, one invoice, its payment."""

from datetime import date
from decimal import Decimal

import time_machine

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from tenants.contracts.services import TermsInput, change_terms
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice
from tests.support.billing import make_contract, make_site
from tests.support.browsers import signed_in

TODAY = time_machine.travel("2026-11-10T12:00:00-05:00", tick=False)
HOURLY = {
    "hourly_rates": {"standard": "80"},
    "job_rates": [{"job_code": "ELEC1", "regular": "100"}],
}


def period_form(contract, start: str = "2026-10-01", end: str = "2026-10-31", **more: str):
    return {"contract_id": contract.contract_id, "start_date": start, "end_date": end, **more}


def invoice_of(contract, month: int = 10, *, issue: bool = True) -> Invoice:
    return generate_invoice(
        actor=SYSTEM,
        site_id=contract.site.site_id,
        contract_id=contract.contract_id,
        period=month_period(2026, month),
        issue=issue,
    ).invoice


@TODAY
def test_the_next_period_is_proposed(in_acme, client_for):
    contract = make_contract(make_site())
    browser = signed_in(client_for, in_acme, "billing_manager")
    address = f"/invoices/new?contract={contract.contract_id}"
    form = browser.get(address).context["form"]
    assert form["start_date"].value() == date(2026, 10, 1)
    invoice_of(contract)
    form = browser.get(address).context["form"]
    assert (form["start_date"].value(), form["end_date"].value()) == (
        date(2026, 11, 1),
        date(2026, 11, 30),
    )


@TODAY
def test_only_what_was_previewed_is_made(in_acme, client_for):
    contract = make_contract(make_site(), contract_type="per_labor_hour", configuration=HOURLY)
    browser = signed_in(client_for, in_acme, "billing_manager")
    form = period_form(contract, regular="10", job0_regular="5", charge0_description="Permit")
    refused = browser.post("/invoices/new", {**form, "action": "preview"})
    assert refused.status_code == 422
    form["charge0_amount"] = "50"
    preview = browser.post("/invoices/new", {**form, "action": "preview"})
    assert preview.context["calculation"].totals.subtotal == Decimal("1350.00")
    changed = browser.post(
        "/invoices/new",
        {**form, "regular": "12", "action": "issue", "seen": preview.context["seen"]},
    )
    assert "The invoice changed since you saw it" in changed.content.decode()
    assert Invoice.objects.count() == 0
    made = browser.post(
        "/invoices/new", {**form, "action": "issue", "seen": preview.context["seen"]}
    )
    invoice = Invoice.objects.get()
    assert made.headers["Location"] == f"/invoices/{invoice.invoice_id}"
    assert invoice.subtotal == Decimal("1350.00")
    again = browser.post("/invoices/new", {**form, "action": "preview"}).content.decode()
    assert "This period is billed already" in again
    assert 'value="issue"' not in again


@TODAY
def test_hours_and_costs_are_dated_where_the_terms_change(in_acme, client_for):
    def terms(standard, markup):
        labour = {"contract_type": "per_labor_hour", **HOURLY}
        labour["hourly_rates"] = {"standard": standard}
        costs = {"contract_type": "management_agreement", "cost_markup_rate": markup}
        return {"components": [labour, {**costs, "management_fee": {"monthly_fee": "0"}}]}

    contract = make_contract(
        make_site(), contract_type="hybrid", configuration=terms("100", "0.10")
    )
    change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput("hybrid", terms("110", "0.20")),
        effective_date=date(2026, 10, 16),
    )
    browser = signed_in(client_for, in_acme, "billing_manager")
    address = f"/invoices/new?contract={contract.contract_id}"
    shown = browser.get(address)
    assert shown.context["form"].terms_change == date(2026, 10, 16)
    assert 'name="work0_day"' in shown.content.decode()
    assert 'name="regular"' not in shown.content.decode()
    # A period of one version only asks for the period's hours.
    whole = browser.get(f"{address}&start_date=2026-10-16&end_date=2026-10-31")
    assert whole.context["form"]["start_date"].value() == "2026-10-16"
    assert 'name="work0_day"' not in whole.content.decode()
    assert 'name="regular"' in whole.content.decode()

    form = period_form(contract, action="preview")
    form |= {"work0_day": "2026-10-15", "work0_regular": "8", "work2_overtime": "2"}
    form |= {"cost1_description": "Sand", "cost1_amount": "100"}
    refused = browser.post("/invoices/new", form)
    assert refused.status_code == 422
    assert refused.context["form"].errors.keys() == {"work2_day", "cost1_day"}
    form |= {"work2_day": "2026-11-16", "cost1_day": "2026-10-16"}
    refused = browser.post("/invoices/new", form)
    assert refused.context["form"].errors.keys() == {"work2_day"}  # not a day of the period
    refused = browser.post("/invoices/new", {**form, "work2_overtime": "", "regular": "1"})
    assert refused.context["form"].errors.keys() == {"regular"}
    assert 'name="regular"' in refused.content.decode()  # what is refused can still be seen
    preview = browser.post("/invoices/new", {**form, "work2_day": "2026-10-16"})
    # 8 h x 100.00; 2 h x 110.00 x 1.5; 100.00 x 1.20
    assert preview.context["calculation"].totals.subtotal == Decimal("1250.00")


def test_missing_data_is_told_beside_the_form(in_acme, client_for):
    contract = make_contract(
        make_site(), contract_type="revenue_share", configuration={"revenue_share_rate": "0.1"}
    )
    browser = signed_in(client_for, in_acme, "billing_manager")
    answer = browser.post("/invoices/new", period_form(contract, action="preview"))
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"revenue_amount"}


@TODAY
def test_a_payment_is_recorded_and_shown(in_acme, client_for):
    invoice = invoice_of(make_contract(make_site()))
    browser = signed_in(client_for, in_acme, "billing_manager")
    address = f"/invoices/{invoice.invoice_id}"
    assert browser.get(f"{address}?pay=1").context["payment_open"]
    form = {"payment_amount": "1", "payment_date": "2026-11-09", "payment_method": "nonsense"}
    refused = browser.post(f"{address}/pay", form)
    assert refused.status_code == 422
    assert refused.context["payment_open"]
    form["payment_method"] = "cheque"
    browser.post(f"{address}/pay", form)
    page = browser.get(address)
    assert page.context["payment_form"]["payment_amount"].value() == "1129"
    assert "$1.00 received" in page.content.decode()


@TODAY
def test_a_viewer_sees_why_but_is_offered_nothing(in_acme, client_for):
    contract = make_contract(make_site())
    draft, issued = invoice_of(contract, 9, issue=False), invoice_of(contract)
    browser = signed_in(client_for, in_acme, "viewer")
    page = browser.get(f"/invoices/{draft.invoice_id}").content.decode()
    assert 'form="issue-form"' not in page
    assert 'form="discard-form"' not in page
    page = browser.get(f"/invoices/{issued.invoice_id}").content.decode()
    assert "31 of 31 days" in page
    assert 'data-dialog-open="payment"' not in page
    assert browser.get("/invoices/new").status_code == 403
    assert "/invoices/new" not in browser.get("/invoices").content.decode()


@TODAY
def test_a_draft_is_deleted_or_issued(in_acme, client_for):
    contract = make_contract(make_site())
    browser = signed_in(client_for, in_acme, "billing_manager")
    draft = invoice_of(contract, issue=False)
    browser.post(f"/invoices/{draft.invoice_id}/discard")
    assert Invoice.objects.count() == 0
    draft = invoice_of(contract, issue=False)
    browser.post(f"/invoices/{draft.invoice_id}/issue")
    draft.refresh_from_db()
    assert draft.number is not None


@TODAY
def test_files_for_programs_are_downloaded(in_acme, globex, client_for):
    invoice = invoice_of(make_contract(make_site()))
    browser = signed_in(client_for, in_acme, "viewer")
    page = browser.get(f"/invoices/{invoice.invoice_id}").content.decode()
    for variant, ending in (("ubl", "-ubl.xml"), ("factur-x", "-factur-x.xml")):
        address = f"/invoices/{invoice.invoice_id}/files/{variant}"
        assert f'href="{address}"' in page
        answer = browser.get(address)
        assert f">{invoice.number}<" in answer.content.decode()
        assert answer["Content-Disposition"].endswith(f'{invoice.invoice_id}{ending}"')
    assert browser.get(f"/invoices/{invoice.invoice_id}/files/docx").status_code == 404
    stranger = signed_in(client_for, globex, "billing_manager")
    assert stranger.get(f"/invoices/{invoice.invoice_id}/files/ubl").status_code == 404
