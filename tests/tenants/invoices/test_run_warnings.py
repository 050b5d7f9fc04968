"""Warnings of a run: counted and named wherever it is looked at, held back where asked."""

from datetime import date
from decimal import Decimal

import pytest
from support.api import JANUARY, active_contract, site_body
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.invoices.selectors.runs import run_items, warned_count
from tenants.invoices.services import process_run, start_run
from tenants.invoices.services.run_preview import preview_run
from tenants.reporting.presentation import warned_items
from tenants.reporting.selectors import needs_attention
from tenants.structure.models import LegalEntity, TaxRegistration

MARCH = month_period(2026, 3)


@pytest.fixture
def two(in_acme):
    """A sound contract, and one of 0.00, of which the checks warn."""
    entity = LegalEntity.objects.get(is_default=True)
    TaxRegistration.objects.create(entity=entity, component="HST", number="123456789RT0001")
    sound = make_contract()
    return sound, make_contract(make_site(), configuration={"monthly_fee": "0.00"})


def run(**options):
    return process_run(run_id=start_run(actor=SYSTEM, period=MARCH, **options).pk)


def test_a_preview_names_the_warnings(two):
    preview = preview_run(actor=SYSTEM, period=MARCH)
    (warned,) = preview.warned
    assert (preview.ready, preview.failing) == (2, [])
    assert (warned.contract, warned.texts) == (two[1], ["The total is zero"])


def test_a_run_counts_them_and_the_cockpit_links_to_them(two):
    made = run()
    assert warned_count(made) == 1
    (item,) = run_items(made, warned=True)
    assert [one["name"] for one in item.warnings] == ["total_not_zero"]
    assert item.invoice.number  # issued: nobody asked to wait
    found = needs_attention(actor=SYSTEM, period=MARCH, as_of=date(2026, 4, 1), limit=5)
    (step,) = warned_items(found)
    assert step["title"] == "Billed with 1 warning"
    assert step["url"] == f"/billing-runs/{made.pk}?warned=1"


def test_what_warns_waits_as_a_draft_where_asked(two):
    made = run(hold_warned=True, auto_distribute=True)
    sound, zero = (made.items.get(contract=one) for one in two)
    assert (sound.invoice.document_status, sound.distribution) != ("validated", "")
    assert sound.invoice.total == Decimal("1130.00")
    assert (zero.status, zero.invoice.document_status) == ("billed", "validated")
    assert (zero.invoice.number, zero.distribution) == (None, "")


def test_the_page_lists_them(two, acme, client_for):
    made = run(hold_warned=True)
    address = f"/billing-runs/{made.pk}?warned=1"
    page = signed_in(client_for, acme).get(address).content.decode()
    assert "With warnings" in page
    assert "The total is zero" in page
    assert two[0].contract_id not in page


def test_the_api_names_them(api, acme):
    zero = {"contract_type": "fixed_fee", "billing_configuration": {"monthly_fee": 0}}
    active_contract(api, api.make("/customer-sites", site_body())["site_id"], **zero)
    asked = {"billing_period": JANUARY}
    (warned,) = api.post("/billing/runs/preview", asked).body["warned"]
    expected = {"rule": "total_not_zero", "explanation": "The total is zero"}
    assert expected in warned["warnings"]
    started = api.post("/billing/runs", {**asked, "hold_warned": True}).body
    with organisation_context(acme):
        process_run(run_id=started["run_id"])
    answer = api.get(f"/billing/runs/{started['run_id']}?warned=true").body
    assert (answer["warned"], answer["hold_warned"]) == (1, True)
    (result,) = answer["results"]["items"]
    assert expected in result["warnings"]
    assert result["invoice_number"] is None
