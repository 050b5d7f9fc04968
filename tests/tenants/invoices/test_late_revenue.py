"""Revenue that changes after its days were invoiced, by hand, through the API and by a file."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from tenants.activity.services import DayRevenue, record_revenue
from tenants.imports.services import apply_import, process_import, start_import, undo_import
from tenants.invoices.services import generate_invoice
from tenants.review.models import ReviewItem
from tenants.sites.models import Site

OCTOBER = month_period(2026, 10)
SHARE = {"revenue_share_rate": "0.15"}


def record(site, day, amount, **more):
    given = DayRevenue(date(2026, 10, day), Decimal(amount), **more)
    record_revenue(actor=SYSTEM, site_id=site.site_id, records=[given])


def billed_site(*, contract_type="revenue_share", configuration=SHARE):
    """A site with 1,000.00 of revenue in October, invoiced."""
    site = make_site()
    contract = make_contract(site, contract_type=contract_type, configuration=configuration)
    record(site, 1, "1000.00")
    invoice = generate_invoice(
        actor=SYSTEM, site_id=site.site_id, period=OCTOBER, contract_id=contract.contract_id
    ).invoice
    return site, invoice


def bring(site_codes, rows):
    """Import rows of (day, amount) at each site."""
    lines = [f"{code},2026-10-{day:02},{amount}" for code in site_codes for day, amount in rows]
    text = "\n".join(["site_id,day,gross_amount", *lines]).encode()
    job = start_import(actor=SYSTEM, kind="revenue", file=io.BytesIO(text), file_name="r.csv")
    process_import(import_id=job.pk)
    apply_import(actor=SYSTEM, import_id=job.pk)
    process_import(import_id=job.pk)
    return job


def open_items():
    return list(ReviewItem.objects.filter(kind="recalculation", status="open"))


def test_late_revenue_asks_once_and_says_what_was_and_what_is(in_acme):
    site, invoice = billed_site()
    assert open_items() == []
    record(site, 2, "250.00")
    record(site, 3, "50.00")
    (item,) = open_items()
    assert (item.target_id, item.target_label) == (invoice.pk, invoice.number)
    assert item.link == f"/invoices/{invoice.invoice_id}"
    assert Decimal(item.details["billed_revenue"]) == Decimal("1000.00")
    assert Decimal(item.details["recorded_revenue"]) == Decimal("1300.00")
    assert "$1,300.00" in item.cause
    assert "October 2026" in item.cause


def test_the_same_amount_again_asks_nothing_and_a_restored_one_closes(in_acme):
    site, _invoice = billed_site()
    record(site, 1, "1000.00")
    assert open_items() == []
    record(site, 1, "999.00")
    assert len(open_items()) == 1
    record(site, 1, "1000.00")
    assert open_items() == []
    assert ReviewItem.objects.get().status == "resolved"


@pytest.mark.parametrize(
    ("contract_type", "configuration", "asks"),
    [
        ("fixed_fee", {"monthly_fee": "100.00"}, 0),
        ("management_agreement", {"management_fee": {"revenue_rate": "0.05"}}, 1),
        (
            "hybrid",
            {"components": [{"contract_type": "revenue_share", "revenue_share_rate": "0.1"}]},
            1,
        ),
    ],
)
def test_only_contracts_that_need_revenue_ask(in_acme, contract_type, configuration, asks):
    site, _invoice = billed_site(contract_type=contract_type, configuration=configuration)
    record(site, 9, "1.00")
    assert len(open_items()) == asks


def test_days_on_which_the_contract_was_not_active_ask_nothing(in_acme):
    site = make_site()
    record(site, 1, "400.00")
    record(site, 31, "50.00")
    record(site, 10, "1000.00")
    make_contract(
        site,
        contract_type="revenue_share",
        configuration=SHARE,
        effective_date=date(2026, 10, 10),
        end_date=date(2026, 10, 20),
    )
    generate_invoice(actor=SYSTEM, site_id=site.site_id, period=OCTOBER)
    record(site, 2, "5.00")
    record(site, 10, "1000.00")
    assert open_items() == []
    record(site, 20, "1.00")
    assert Decimal(open_items()[0].details["recorded_revenue"]) == Decimal("1001.00")


def test_days_of_no_issued_invoice_ask_nothing(in_acme):
    site, _invoice = billed_site()
    later = DayRevenue(date(2026, 11, 1), Decimal("1.00"))
    record_revenue(actor=SYSTEM, site_id=site.site_id, records=[later])
    assert open_items() == []


def test_an_import_asks_for_every_invoice_in_a_constant_number_of_queries(in_acme):
    def queries(count):
        codes = [billed_site()[0].site_id for _ in range(count)]
        before = len(open_items())
        with CaptureQueriesContext(connection) as captured:
            job = bring(codes, [(day, "10.00") for day in range(2, 12)])
        assert len(open_items()) == before + count
        return job, len(captured)

    _job, few = queries(2)
    job, many = queries(8)
    assert many <= few
    undo_import(actor=SYSTEM, import_id=job.pk)
    process_import(import_id=job.pk)
    assert len(open_items()) == 2  # those of the first file
    assert Site.objects.count() == 10


def test_an_item_with_another_reason_stays_as_it_is(in_acme):
    site, invoice = billed_site()
    ReviewItem.objects.create(
        kind="recalculation",
        target_type="invoices.invoice",
        target_id=invoice.pk,
        target_label="x",
        cause="The terms changed.",
        field="effective_date",
    )
    record(site, 2, "5.00")
    record(site, 2, "0.00")
    assert [item.cause for item in open_items()] == ["The terms changed."]
