"""Reports of the library: to the cent, for who may see them, as page, file and API."""

import csv
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape
from openpyxl import load_workbook
from pypdf import PdfReader
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import month_period
from shared.audit.models import Entry
from shared.audit.services import record
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden, Invalid, NotFound
from shared.kernel.tenancy import organisation_context
from tenants.connections.models import WeeklySiteFigure
from tenants.delivery.services import request_deliveries
from tenants.disputes.services import raise_dispute
from tenants.invoices.models import NumberSeries
from tenants.invoices.services import (
    approve_invoice,
    credit_invoice,
    generate_invoice,
    issue_invoice,
    void_invoice,
)
from tenants.ledger.services.rates import record_rate
from tenants.payments.services import record_payment
from tenants.reporting.exporting import FileForm, make_file
from tenants.reporting.reports import LIBRARY, report_named
from tenants.reporting.reports.base import parameters_of
from tenants.reporting.selectors.library import readable_reports, run_report
from tenants.review.models import ReviewItem
from tenants.review.services import close_item, raise_item

OCTOBER = month_period(2026, 10)
AUTUMN = {"start_date": date(2026, 10, 1), "end_date": date(2026, 11, 30)}


@pytest.fixture(autouse=True)
def _in_november():
    with time_machine.travel("2026-11-21T15:00:00Z"):
        yield


def bill(amount="1000.00", period=OCTOBER, actor=SYSTEM, issue=True, **site):
    contract = make_contract(make_site(**site), configuration={"monthly_fee": amount})
    return generate_invoice(
        actor=actor,
        site_id=contract.site.site_id,
        contract_id=contract.contract_id,
        period=period,
        issue=issue,
        render=False,
    ).invoice


def table(name, actor=SYSTEM, limit=10_000, **asked):
    asked = asked or AUTUMN
    parameters = parameters_of(report_named(name), **asked)
    return run_report(actor=actor, name=name, asked=parameters, limit=limit)


def by_name(found):
    names = [column.name for column in found.report.columns]
    return [dict(zip(names, row, strict=True)) for row in found.rows]


def test_revenue_by_type_and_by_customer_is_what_was_invoiced(in_acme):
    bill("1234.50", site_name="A")
    bill("200.00", site_name="B")
    found = table(
        "revenue-by-contract-type", start_date=date(2026, 10, 1), end_date=date(2026, 11, 30)
    )
    (row,) = by_name(found)
    # 1,234.50 + 200.00; HST 13% of each: 160.485 rounded half up to 160.49, and 26.00
    assert (row["documents"], row["net"], row["tax"], row["total"]) == (
        2,
        Decimal("1434.50"),
        Decimal("186.49"),
        Decimal("1620.99"),
    )
    assert found.totals == {
        "CAD": {"net": Decimal("1434.50"), "tax": Decimal("186.49"), "total": Decimal("1620.99")}
    }
    customers = by_name(
        table("revenue-by-customer", start_date=date(2026, 10, 1), end_date=date(2026, 11, 30))
    )
    assert [(one["customer"], one["net"]) for one in customers] == [
        ("A", Decimal("1234.50")),
        ("B", Decimal("200.00")),
    ]


def test_a_void_invoice_is_no_revenue_but_evidence(in_acme):
    invoice = bill()
    void_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Billed twice")
    assert table("revenue-by-customer").rows == []
    (found,) = [one for one in by_name(table("sox-evidence")) if "void" in one["section"]]
    assert (found["object"], found["detail"]) == (invoice.number, "Billed twice")
    assert (found["who"], found["at"]) == (SYSTEM.label, Entry.objects.latest("sequence").at)


def test_the_evidence_names_both_sides_of_what_one_person_did(in_acme, actor_in):
    ann, ben = actor_in("billing_manager"), actor_in("owner")  # ann: nobody else there may
    alone, together = (
        bill(actor=ann, site_name=name, issue=False) for name in ("Alone", "Together")
    )
    for invoice, approver in ((alone, ann), (together, ben)):
        approve_invoice(actor=approver, invoice_id=invoice.invoice_id)
        issue_invoice(actor=ann, invoice_id=invoice.invoice_id)
    void_invoice(actor=ann, invoice_id=alone.invoice_id, reason="Billed twice")
    void_invoice(actor=ben, invoice_id=together.invoice_id, reason="Billed twice")
    rows = by_name(table("sox-evidence"))
    alone.refresh_from_db()

    def section(words):
        return [one["object"] for one in rows if words in one["section"]]

    assert section("same person proposed") == [alone.invoice_id]  # it had no number yet
    assert section("self-approved") == [alone.invoice_id]
    assert section("same person entered") == [alone.number]
    void = {one["who"]: one["approved_by"] for one in rows if "invoice void" in one["section"]}
    assert void == {ann.label: ann.label, ben.label: ben.label}
    assert len(section("long after the month")) > 0  # dated in October, posted on 21 November
    assert section("number missing") == section("audit record") == section("reason missing") == []


def test_the_evidence_shows_what_went_around_the_services(in_acme):
    invoice = bill()
    NumberSeries.objects.update(last_sequence=F("last_sequence") + 1)
    record_rate(
        actor=SYSTEM, currency="USD", into="CAD", on=date(2026, 11, 20), rate=Decimal("1.37")
    )
    with transaction.atomic():
        record(actor=SYSTEM, action="invoice.written_off", target=invoice, after={"reason": " "})
    sections = {one["section"]: one for one in by_name(table("sox-evidence"))}
    gap = sections["Exception: document number missing"]
    assert gap["detail"] == "1 of 2 numbers are missing."
    assert "1.37" in sections["Exception: exchange rate entered by hand"]["detail"]
    assert sections["Exception: reason missing"]["object"] == invoice.number


def test_ageing_adds_up_to_what_is_open(in_acme):
    bill("1234.50")
    found = table("ageing", on=date(2026, 11, 21))
    assert found.totals["CAD"]["total"] == Decimal("1394.99")
    (row,) = by_name(found)
    assert row["total"] == sum(
        row[name] for name in ("current", "days_1_30", "days_31_60", "days_61_90", "over_90")
    )


def test_generation_and_quality_count_the_invoices_of_the_period(in_acme):
    bill("1234.50")
    asked = {"start_date": date(2026, 9, 1), "end_date": date(2026, 10, 31)}
    rows = by_name(table("generation", **asked))
    assert rows[0]["number"] == 1
    assert [one["amount"] for one in rows if one["currency"] == "CAD"] == [
        Decimal("1234.50"),
        Decimal("160.49"),
        Decimal("1394.99"),
    ]
    assert [(one["month"], one["invoices"]) for one in by_name(table("quality", **asked))] == [
        (date(2026, 9, 1), 0),
        (date(2026, 10, 1), 1),
    ]


def test_the_trail_tells_how_an_invoice_came_about(in_acme):
    invoice = bill()
    rows = by_name(table("audit-trail", invoice=invoice.number))
    assert {"Generation", "Modification"} <= {one["kind"] for one in rows}
    assert [one["at"] for one in rows] == sorted(one["at"] for one in rows)
    assert rows == by_name(table("audit-trail", invoice=invoice.invoice_id))
    checks = [one for one in rows if one["kind"] == "Validation"]
    assert len(checks) == len(invoice.checks) > 0
    failed = [one["name"] for one in invoice.checks if not one["passed"]]
    told = [one["detail"] for one in checks if one["action"] == "invoice.check_failed"]
    assert [detail.split(" ", 1)[0] for detail in told] == failed
    with pytest.raises(NotFound):
        table("audit-trail", invoice="INV-999999999")
    with pytest.raises(Invalid) as error:
        table("audit-trail", invoice=" ")
    assert error.value.errors[0].field == "invoice"


def test_the_evidence_names_dismissed_items_and_who_configured(in_acme):
    invoice = bill()
    item = raise_item(kind="data_validation", target=invoice, cause="Revenue is missing")
    close_item(
        actor=SYSTEM, item_id=item.pk, status=ReviewItem.Status.DISMISSED, note="Closed that day"
    )
    rows = by_name(table("sox-evidence"))
    dismissed = [one for one in rows if "dismissed" in one["section"]]
    assert [one["detail"] for one in dismissed] == ["Closed that day (Revenue is missing)"]
    assert not [one for one in rows if "journal" in one["section"]]


def test_deliveries_and_weeks_are_those_of_the_days_asked_for(in_acme):
    invoice = bill()
    (delivery,) = request_deliveries(actor=SYSTEM, invoice_ids=[invoice.invoice_id])
    (row,) = by_name(table("deliveries"))
    assert (row["document"], row["asked_at"]) == (invoice.number, delivery.created_at)
    october = {"start_date": date(2026, 10, 1), "end_date": date(2026, 10, 31)}
    assert table("deliveries", **october).rows == []
    for week, revenue in ((date(2026, 10, 26), "900.00"), (date(2026, 11, 2), "100.00")):
        WeeklySiteFigure.objects.create(
            site=invoice.site, week_start=week, currency="CAD", revenue=revenue, billing_impact=0
        )
    assert table("weekly-performance").totals["CAD"]["revenue"] == Decimal("1000.00")
    # the week from 26 October to 1 November lies in both months
    assert table("weekly-performance", **october).totals["CAD"]["revenue"] == Decimal("900.00")


def test_only_who_may_read_what_it_is_made_of_sees_a_report(in_acme, actor_in):
    everything = set(LIBRARY)
    assert {one.name for one in readable_reports(actor=actor_in("billing_manager"))} == everything
    viewer = {one.name for one in readable_reports(actor=actor_in("viewer"))}
    assert viewer == everything - {"audit-trail", "sox-evidence", "weekly-performance"}
    with pytest.raises(Forbidden):
        table("sox-evidence", actor=actor_in("viewer"))
    for role in ("contractor", "customer"):
        with pytest.raises(Forbidden):
            readable_reports(actor=actor_in(role))
    with pytest.raises(NotFound):
        report_named("nothing")


def test_no_report_sees_another_organisation(in_acme, globex):
    with organisation_context(globex):
        theirs = bill("777.00")
    for name in ("revenue-by-contract-type", "revenue-by-customer", "ageing"):
        assert table(name).rows == []
    with pytest.raises(NotFound):
        table("audit-trail", invoice=theirs.number)


@pytest.mark.parametrize(
    "name", ["revenue-by-contract-type", "revenue-by-customer", "ageing", "sox-evidence"]
)
def test_more_rows_cost_no_more_queries(in_acme, name):
    bill()
    with CaptureQueriesContext(connection) as few:
        table(name)
    for at in range(4):
        bill(site_name=f"Site {at}")
    with CaptureQueriesContext(connection) as many:
        table(name)
    assert len(many) == len(few)


def test_a_cut_table_has_no_totals(in_acme):
    for at in range(3):
        bill(site_name=f"Site {at}")
    found = table("revenue-by-customer", limit=2)
    assert (len(found.rows), found.is_cut, found.totals) == (2, True, {})
    whole = table("revenue-by-customer", limit=3)
    assert (len(whole.rows), whole.is_cut) == (3, False)


def test_files_hold_the_same_figures_and_no_formula(in_acme):
    bill("1234.50", site_name="=1+1")
    found = table("revenue-by-customer")
    text = make_file(found, FileForm.CSV)
    assert text.name == "revenue-by-customer-2026-10-01-2026-11-30.csv"
    header, row = list(csv.reader(StringIO(text.content.decode("utf-8-sig"))))
    assert dict(zip(header, row, strict=True))["With tax"] == "1394.99"
    assert row[1] == "'=1+1"
    book = load_workbook(BytesIO(make_file(found, FileForm.XLSX).content))
    cells = [[cell.value for cell in line] for line in book.active.rows]
    assert cells[1][1] == "'=1+1"
    assert Decimal(str(cells[1][-1])) == Decimal("1394.99")
    pdf = PdfReader(BytesIO(make_file(found, FileForm.PDF).content))
    assert "$1,394.99" in pdf.pages[0].extract_text()


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_every_report_opens_and_is_taken_away(acme, client_for, name):
    with organisation_context(acme):
        invoice = bill("1234.50")
        request_deliveries(actor=SYSTEM, invoice_ids=[invoice.invoice_id])
        figures = {"currency": "CAD", "revenue": "900.00", "billing_impact": "135.00"}
        WeeklySiteFigure.objects.create(site=invoice.site, week_start=date(2026, 10, 26), **figures)
    browser = signed_in(client_for, acme)
    asked = {"start_date": "2026-10-01", "end_date": "2026-11-30", "on": "2026-11-21"}
    asked["invoice"] = invoice.number
    page = browser.get(f"/reports/{name}", asked)
    assert page.status_code == 200
    assert "Nothing in these days" not in page.content.decode()
    for form in FileForm:
        file = browser.get(f"/reports/{name}/export/{form}", asked)
        assert file.status_code == 200
        assert f'filename="{name}' in file["Content-Disposition"]


def test_the_library_names_its_reports_and_empty_ones_say_so(acme, client_for):
    browser = signed_in(client_for, acme, "viewer")
    text = browser.get("/reports").content.decode()
    assert "/reports/ageing" in text
    assert "/reports/sox-evidence" not in text
    assert browser.get("/reports/sox-evidence").status_code == 403
    assert browser.get("/reports/nothing").status_code == 404
    assert "Nothing in these days" in browser.get("/reports/ageing").content.decode()
    assert 'hx-trigger="load"' not in browser.get("/reports/ageing").content.decode()
    assert browser.get("/reports/ageing/export/exe").status_code == 404


def test_a_long_report_shows_its_page_first_and_asks_for_its_rows(acme, client_for):
    browser = signed_in(client_for, acme)
    with organisation_context(acme):
        void_invoice(actor=SYSTEM, invoice_id=bill().invoice_id, reason="Billed twice")
    first = browser.get("/reports/sox-evidence")
    query = first.context["query"]
    assert f'hx-get="?{escape(query)}"' in first.content.decode()
    assert first.context.get("table") is None
    rows = browser.get(
        "/reports/sox-evidence", {"start_date": "2026-11-01", "end_date": "2026-11-30"}
    )
    assert rows.context["table"].rows
    assert "hx-get" not in rows.content.decode().partition('id="report-rows"')[2]


def test_wrong_parameters_stand_beside_their_field(acme, client_for):
    browser = signed_in(client_for, acme)
    for query in ("start_date=x", "start_date=2026-10-01&end_date=2026-09-01"):
        assert browser.get(f"/reports/generation?{query}").status_code == 422
    assert browser.get("/reports/audit-trail").status_code == 200
    assert browser.get("/reports/audit-trail?invoice=INV-404").status_code == 422


def test_the_trail_has_what_corrects_and_settles_the_invoice(in_acme):
    invoice, other = bill(site_name="A"), bill(site_name="B")
    record_payment(
        actor=SYSTEM,
        invoice_id=invoice.invoice_id,
        amount=Decimal("30.00"),
        received_on=date(2026, 11, 1),
        method="ACH",
        transaction_id="T-1",
    )
    note = credit_invoice(
        actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Late", amount=Decimal(10)
    )
    note = issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    raise_dispute(actor=SYSTEM, invoice_id=invoice.invoice_id, amount=Decimal(5), reason="price")
    told = {
        one["action"]: one["detail"]
        for one in by_name(table("audit-trail", invoice=invoice.number))
    }
    assert {"payment.recorded", "invoice.credit_drafted", "dispute.raised"} <= set(told)
    assert note.invoice_id in told["invoice.credit_drafted"]
    of_other = {one["action"] for one in by_name(table("audit-trail", invoice=other.number))}
    assert not of_other & {"payment.recorded", "invoice.credit_drafted", "dispute.raised"}


def test_programs_read_reports_and_trails(api, acme):
    with organisation_context(acme):
        invoice = bill("1234.50")
    assert {one["name"] for one in api.get("/reports").body} == set(LIBRARY)
    found = api.get("/reports/revenue-by-customer?start_date=2026-10-01&end_date=2026-11-30").body
    assert found["rows"][0]["total"] == Decimal("1394.99")
    assert found["totals"]["CAD"]["net"] == Decimal("1234.50")
    text = api.get(
        "/reports/revenue-by-customer?format=csv&start_date=2026-10-01&end_date=2026-11-30"
    ).raw
    assert text.startswith("\ufeffCustomer number,")
    trail = api.get(f"/billing/reports/audit-trail?invoice={invoice.number}").body
    assert [one["action"] for one in trail["generation_events"]] == ["invoice.generated"]
    assert trail["modification_events"][0]["action"] == "invoice.issued"
    assert api.get("/reports/nothing").status == 404
    assert api.get("/billing/reports/audit-trail?invoice=INV-404").status == 404
    assert api.get("/reports/audit-trail").fields == {"invoice": "required"}
    long = api.get("/reports/generation?start_date=2020-01-01&end_date=2026-01-01")
    assert long.fields == {"end_date": "too_long"}
