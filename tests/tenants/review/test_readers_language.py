"""What background work keeps for people is said in the language of whoever reads it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.utils.translation import override
from support.billing import make_contract, make_site
from support.imports import bring
from support.payments import open_invoices
from support.statements import JANUARY as STATEMENTS
from support.statements import run_statements

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.activity.services import DayRevenue, record_revenue
from tenants.contracts.models import ContractTerms
from tenants.disputes.services import raise_dispute
from tenants.imports.models import RowProblem
from tenants.invoices.models import BillingRun
from tenants.invoices.selectors.documents import load_invoice_document
from tenants.invoices.services import (
    credit_invoice,
    generate_invoice,
    process_run,
    recalculate_invoice,
    start_run,
)
from tenants.ledger.services.closing import close_books
from tenants.payments.services import record_payment
from tenants.payments.services.files import preview_file, process_file, start_application
from tenants.review.models import ReviewItem
from tenants.schedules.models import BillingSchedule
from tenants.schedules.services import ScheduleInput, create_schedule, start_due_runs
from tenants.structure.services import create_legal_entity
from tests.support.browsers import signed_in

MARCH = month_period(2025, 3)
SHARE = {"contract_type": "revenue_share", "configuration": {"revenue_share_rate": "0.1"}}
FRENCH = {"accept-language": "fr-CA"}


@pytest.fixture
def reader(acme, client_for):
    """A person who reads French."""
    browser = signed_in(client_for, acme)
    browser.post("/language", {"language": "fr-ca", "next": "/"})
    return lambda path: browser.get(path).content.decode()


def both(api, path, **headers):
    """The items of a list of the API in English and in French."""
    return [
        api.get(path, **language).body["items"] for language in ({"accept-language": "en"}, FRENCH)
    ]


@pytest.mark.parametrize("language", ["en", "fr-ca"])
def test_why_a_contract_was_not_billed(acme, api, reader, language):
    with organisation_context(acme), override(language):
        contract = make_contract(make_site(site_name="100 % %(x)s <b>"), **SHARE)
        run = process_run(run_id=start_run(actor=SYSTEM, period=MARCH).pk)
        review = ReviewItem.objects.get()
        assert BillingRun.objects.get().items.get().contract_id == contract.pk
    english, french = "Revenue: is required by this contract", "Revenus\u00a0: "
    for page in (f"/billing-runs/{run.pk}", "/manual-review", f"/manual-review/{review.pk}"):
        text = reader(page)
        assert french in text, page
        assert "is required" not in text, page
    for path in (f"/billing/runs/{run.pk}", "/billing/manual-review"):
        said = []
        for headers in ({"accept-language": "en"}, FRENCH):
            body = api.get(path, **headers).body
            (one,) = (body.get("results") or body)["items"]
            said.append(one.get("reason") or one["cause"])
        assert said[0] == english
        assert said[1].startswith(french)


def test_why_revenue_is_asked_about(acme, api):
    with organisation_context(acme), override("fr-ca"):
        contract = make_contract(**SHARE)
        days = [DayRevenue(date(2025, 3, day), Decimal(100)) for day in range(1, 32)]
        record_revenue(actor=SYSTEM, site_id=contract.site.site_id, records=days)
        generate_invoice(actor=SYSTEM, site_id=contract.site.site_id, period=MARCH)
        record_revenue(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            records=[DayRevenue(date(2025, 3, 1), Decimal(1100))],
        )
    (english,), (french,) = both(api, "/billing/manual-review")
    assert english["cause"] == (
        "Revenue of March 2025 changed after it was invoiced: $3,100.00 was billed, "
        "$4,100.00 is recorded now."
    )
    assert "mars 2025" in french["cause"]
    assert "3\u00a0100,00\u00a0$" in french["cause"]
    with organisation_context(acme), override("en"):
        records = [DayRevenue(date(2025, 3, 1), Decimal(100))]
        record_revenue(actor=SYSTEM, site_id=contract.site.site_id, records=records)
    (english,), (french,) = both(api, "/billing/manual-review?status=resolved")
    assert english["note"] == "The recorded revenue is what was billed."
    assert french["note"] != english["note"]


def test_why_a_payment_was_not_recorded(acme, reader):
    with organisation_context(acme), override("en"):
        open_invoices(1)
        content = (
            "Date,Montant,Référence,Payeur,No. transaction\n"
            "2025-03-01,1.005,,,A1\n2025-03-01,17.00,,somebody,A2\n"
        )
        file, _created = preview_file(actor=SYSTEM, name="p.csv", content=content.encode())
        start_application(actor=SYSTEM, file_id=file.pk)
        process_file(file_id=file.pk)
    assert "CAD has no such fraction." not in reader(f"/payments/files/{file.pk}")
    assert "CAD n’a pas" in reader(f"/payments/files/{file.pk}")
    assert "No customer could be found" not in reader("/manual-review")


def test_why_a_schedule_did_not_start(acme, api, reader):
    with organisation_context(acme), override("en"):
        with time_machine.travel(datetime(2026, 1, 15, tzinfo=UTC), tick=False):
            given = ScheduleInput(name="Month end", cron="0 6 1 * *")
            schedule = create_schedule(actor=SYSTEM, given=given)
        BillingSchedule.objects.update(filters={"site_ids": ["SITE999999"]})
        with time_machine.travel(datetime(2026, 2, 1, 12, tzinfo=UTC), tick=False):
            start_due_runs()
    (english,), (french,) = both(api, f"/billing/schedules/{schedule.pk}/history")
    assert english["reason"] == "There is none of that id."
    assert french["reason"] != english["reason"]
    assert french["reason"] in reader(f"/billing-schedules/{schedule.pk}")


def test_why_a_statement_was_not_made(acme, api, reader):
    with organisation_context(acme), override("en"):
        contract = make_contract(make_site(), effective_date=date(2025, 1, 1))
        generate_invoice(actor=SYSTEM, site_id=contract.site.site_id, period=STATEMENTS)
        run_statements()
        run = run_statements()
    (english,), (french,) = both(api, f"/statements/runs/{run.pk}/items")
    assert english["reason"] == "There is a statement of this period already."
    assert french["reason"] != english["reason"]
    assert french["reason"] in reader(f"/statement-runs/{run.pk}?status=skipped")


def test_why_the_books_refused_an_invoice(acme, api, reader):
    with organisation_context(acme), override("fr-ca"):
        west = create_legal_entity(
            actor=SYSTEM, given={"name": "Acme West", "number_prefix": "AW", "currency": "CAD"}
        )
        make_contract(make_site(), details={"entity_id": west.pk})
        day = date(2025, 3, 31)
        closed = close_books(actor=SYSTEM, entity_id=west.pk, through=day, confirmed=True)
        run = process_run(run_id=start_run(actor=SYSTEM, period=MARCH).pk)
    path = f"/billing/runs/{run.pk}"
    (english,), (french,) = (
        api.get(path, **headers).body["results"]["items"]
        for headers in ({"accept-language": "en"}, FRENCH)
    )
    assert "closed through Mar 31, 2025, so nothing can be dated Mar 31, 2025" in english["reason"]
    assert "jusqu’au 31 mars 2025" in french["reason"]
    assert "Apr 1, 2025" in english["reason"]
    assert "1er avr. 2025" in french["reason"]
    (english,), (french,) = both(api, f"/ledger/closings?entity_id={west.pk}")
    assert "1 contract is not billed" in english["open_points"]
    assert "1 contract is not billed" not in french["open_points"]
    assert len(english["open_points"]) == len(french["open_points"]) == len(closed.open_points)
    assert french["open_points"][0] in reader(f"/ledger/closing/{west.pk}")


def test_why_a_document_was_corrected(acme, api, reader):
    with organisation_context(acme), override("fr-ca"):
        contract = make_contract(**SHARE)
        invoice = generate_invoice(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            period=MARCH,
            billing_data={"revenue_amount": 50000},
        ).invoice
        noted = credit_invoice(
            actor=SYSTEM, invoice_id=invoice.invoice_id, reason="100 %(x)s", amount=Decimal(1)
        )
        noted.delete()
        ContractTerms.objects.update(billing_configuration={"revenue_share_rate": "0.2"})
        draft = recalculate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id).correction
        printed, language = load_invoice_document(draft.pk)
    assert noted.reason == "100 %(x)s"
    path = f"/billing/invoices/{draft.invoice_id}"
    english, french = (
        api.get(path, **headers).body["reason"] for headers in ({"accept-language": "en"}, FRENCH)
    )
    assert english == "Recalculated with the terms and figures as they are now."
    assert french != english
    assert french in reader(f"/invoices/{draft.invoice_id}")
    assert (printed.reason, language) == (english, "en")  # the customer's language


def test_why_a_dispute_became_smaller(acme, api, reader):
    with organisation_context(acme), override("fr-ca"):
        contract = make_contract()
        (invoice,) = [
            generate_invoice(actor=SYSTEM, site_id=contract.site.site_id, period=MARCH).invoice
        ]
        raise_dispute(
            actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Non livré", amount=Decimal(1100)
        )
        record_payment(
            actor=SYSTEM,
            invoice_id=invoice.invoice_id,
            amount=Decimal(130),
            received_on=date(2025, 4, 20),
            method="ACH",
        )
    (english,), (french,) = both(api, "/billing/disputes")
    assert english["resolution"] == "A part was settled; $1,100.00 was disputed at first."
    assert "1\u00a0100,00\u00a0$" in french["resolution"]
    assert english["reason"] == french["reason"] == "Non livré"
    assert french["resolution"] in reader(f"/invoices/{invoice.invoice_id}")


def test_why_rows_were_not_imported(acme, api, reader):
    with organisation_context(acme), override("fr-ca"):
        site = make_site().site_id
        day = f"{site},2026-10-01,valet"
        job = bring(
            f"site_id,day,category,amount\n{day},x\n{day},5\n{day},6\nSITE999999,2026-10-01,a,1\n"
        )
        told = {"field": "", "code": "old", "message": "Comme dit 100 %(x)s."}
        RowProblem.objects.create(job=job, line=9, reasons=[told])
    said = [
        {one["row"]: one["reasons"][0]["message"] for one in rows}
        for rows in both(api, f"/imports/{job.pk}/errors")
    ]
    english, french = said
    assert english == {
        2: "Not an amount. Write it as 1234.56.",
        4: "The same site, day and category as row 3.",
        5: "There is no site SITE999999.",
        9: "Comme dit 100 %(x)s.",
    }
    assert [line for line in english if english[line] == french[line]] == [9]
    page = reader(f"/imports/{job.pk}")
    assert all(text in page for text in french.values())
    response = api.browser.get(
        f"/api/v1/imports/{job.pk}/errors.csv",
        headers={"authorization": f"Bearer {api.secret}", **FRENCH},
    )
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    assert all(one in text for one in french.values())
