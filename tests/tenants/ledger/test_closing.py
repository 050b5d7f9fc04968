"""Closed books: nothing is posted up to their last day, whoever asks and however."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from support.billing import make_contract, make_site
from support.browsers import signed_in
from support.payments import open_invoices, receive

from billing.periods import Period, month_period
from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.errors import Conflict, Forbidden, Invalid
from tenants.invoices.models import Invoice
from tenants.invoices.services import (
    credit_invoice,
    generate_invoice,
    issue_invoice,
    void_invoice,
)
from tenants.invoices.services.billing_batches import bill_batch
from tenants.invoices.services.runs import start_run
from tenants.ledger.errors import OpenPoints, PeriodClosed
from tenants.ledger.models import BookClosing, JournalEntry
from tenants.ledger.periods import closed_through, first_open_day
from tenants.ledger.services.closing import close_books, reopen_books
from tenants.payments.control import control_differences
from tenants.payments.services import (
    PaymentInput,
    RefundInput,
    record_customer_payment,
    record_payment,
    refund_payment,
    reverse_payment,
    write_off_invoice,
)
from tenants.payments.services.settling import Application, apply_payment
from tenants.reporting.reports.base import Parameters
from tenants.reporting.reports.controls import REPORT
from tenants.review.models import ReviewItem
from tenants.structure.models import LegalEntity
from tenants.structure.services import create_legal_entity

JANUARY, FEBRUARY = date(2025, 1, 31), date(2025, 2, 28)


def company():
    return LegalEntity.objects.get(is_default=True)


def close(through, *, entity=None, **options):
    return close_books(
        actor=options.pop("actor", SYSTEM),
        entity_id=(entity or company()).pk,
        through=through,
        confirmed=options.pop("confirmed", True),
        **options,
    )


def refused(work, field=None):
    """The error of a work in closed time: its words, its field, and that nothing was posted."""
    before = JournalEntry.objects.count()
    with pytest.raises(PeriodClosed) as told:
        work()
    error = told.value
    assert (error.status, error.code) == (409, "period_closed")
    assert company().name in str(error.detail)
    assert [one.field for one in error.errors] == ([field] if field else [])
    assert JournalEntry.objects.count() == before
    return error


def test_every_kind_of_document_is_refused_in_closed_time_by_its_own_field(in_acme):
    first, second = open_invoices(2)
    payment = receive(first, "500.00", received_on=JANUARY).payment
    site = make_site()
    make_contract(site)
    close(FEBRUARY)

    def generated(**options):
        period = month_period(2025, 2)
        return generate_invoice(actor=SYSTEM, site_id=site.site_id, period=period, **options)

    error = refused(generated, "invoice_date")
    assert error.extra["closed_through"] == "2025-02-28"
    assert "Choose Mar 1, 2025 or a later day" in str(error.detail)
    refused(lambda: generated(issue=False), "invoice_date")
    day = {"received_on": FEBRUARY, "method": "ACH", "amount": Decimal("10.00")}
    paid = {"actor": SYSTEM, "invoice_id": first.invoice_id}
    refused(lambda: record_payment(**paid, **day), "payment_date")
    refused(lambda: receive(first, "10.00", received_on=FEBRUARY), "received_on")
    refund = RefundInput(Decimal("10.00"), "ACH", "twice", refunded_on=FEBRUARY)
    giving = {"actor": SYSTEM, "payment_id": payment.payment_id, "given": refund}
    refused(lambda: refund_payment(**giving), "refunded_on")
    lost = {"actor": SYSTEM, "invoice_id": second.invoice_id, "reason": "gone"}
    refused(lambda: write_off_invoice(**lost, on=FEBRUARY), "on")
    refused(lambda: credit_invoice(**lost, invoice_date=FEBRUARY), "invoice_date")
    # The first open day takes them all, and what is dated today never meets closed time.
    assert generated(invoice_date=FEBRUARY + timedelta(days=1)).invoice.number
    record_payment(**paid, **{**day, "received_on": date(2025, 3, 1)})
    void_invoice(actor=SYSTEM, invoice_id=second.invoice_id, reason="wrong")
    reverse_payment(actor=SYSTEM, payment_id=payment.payment_id, reason="NSF")


def test_a_draft_of_closed_time_stays_a_draft(in_acme):
    site = make_site()
    make_contract(site)
    draft = generate_invoice(
        actor=SYSTEM, site_id=site.site_id, period=month_period(2025, 1), issue=False
    ).invoice
    close(JANUARY)
    refused(lambda: issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id), "invoice_date")
    draft.refresh_from_db()
    assert (draft.number, draft.document_status) == (None, "validated")


def test_the_database_refuses_what_no_service_was_asked_about(in_acme):
    (invoice,) = open_invoices()
    entry = JournalEntry.objects.get(kind="invoice")
    close(JANUARY)
    columns = (
        "id, created_at, kind, source_id, document_id, document_code, posted_on, entity_id, "
        "customer_id, currency, base_currency"
    )
    with (
        pytest.raises(IntegrityError, match="closed through 2025-01-31"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"INSERT INTO ledger_journalentry ({columns}) SELECT gen_random_uuid(), now(), 'void', "
            "gen_random_uuid(), document_id, document_code, posted_on, entity_id, customer_id, "
            "currency, base_currency FROM ledger_journalentry WHERE id = %s",
            [entry.pk],
        )
    with (
        pytest.raises(IntegrityError, match="in open books"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        # balanced, but added to what was reported
        cursor.execute(
            "INSERT INTO ledger_journalline (entry_id, account, detail, posted_on, customer_id, "
            "currency, amount, base_amount) SELECT entry_id, account, 'late', date '2030-01-01', "
            "customer_id, currency, sign * amount, sign * base_amount FROM ledger_journalline, "
            "(VALUES (1), (-1)) AS two (sign) WHERE entry_id = %s",
            [entry.pk],
        )
    with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
        BookClosing.objects.update(through=date(2020, 1, 1))
    assert invoice.number


def test_a_run_isolates_the_contract_of_closed_books(in_acme):
    west = create_legal_entity(
        actor=SYSTEM, given={"name": "Acme West Ltd.", "number_prefix": "AW", "currency": "CAD"}
    )
    own = make_contract(make_site())
    other = make_contract(make_site(), details={"entity_id": west.pk})
    close(JANUARY, entity=west)
    run = start_run(actor=SYSTEM, period=month_period(2025, 1), issue=True)
    while bill_batch(run):
        pass
    items = {item.contract_id: item for item in run.items.all()}
    assert items[own.pk].status == "billed"
    failed = items[other.pk]
    assert (failed.status, failed.code, failed.field) == ("failed", "period_closed", "invoice_date")
    (review,) = ReviewItem.objects.filter(status="open")
    assert "Acme West Ltd." in review.cause
    assert f"contract={other.contract_id}" in review.link


def test_recognition_that_is_due_later_is_posted_ahead_and_never_meets_closed_time(in_acme):
    """An annual fee invoiced on its first day: January's part is inside, the rest stands after."""
    site = make_site()
    make_contract(site, configuration={"annual_fee": "12000.00"}, frequency="annual")
    close(JANUARY - timedelta(days=31))
    invoice = generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        period=Period(date(2025, 1, 1), date(2025, 12, 31)),
        invoice_date=date(2025, 1, 1),
    ).invoice
    earned = list(JournalEntry.objects.filter(kind="recognition").order_by("posted_on"))
    assert len(earned) == 12
    close(JANUARY)
    void_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, reason="wrong customer")
    undone = JournalEntry.objects.filter(kind="void")
    assert min(undone.values_list("posted_on", flat=True)) > JANUARY


def test_what_the_background_brings_is_entered_on_the_first_open_day(in_acme):
    (invoice,) = open_invoices()
    close(FEBRUARY)
    receipt = record_customer_payment(
        actor=SYSTEM,
        customer_id=invoice.customer.customer_id,
        given=PaymentInput(Decimal("1130.00"), "CAD", date(2025, 2, 3), "ACH"),
        into_open_time=True,
    )
    assert receipt.payment.received_on == date(2025, 3, 1)
    assert [one.applied_on for one in receipt.allocations] == [date(2025, 3, 1)]


def test_between_companies_an_application_waits_for_both_books(in_acme):
    site = make_site()
    west = create_legal_entity(
        actor=SYSTEM, given={"name": "Acme West Ltd.", "number_prefix": "AW", "currency": "CAD"}
    )
    (own,) = open_invoices(site=site)
    made = make_contract(site, details={"entity_id": west.pk})
    other = generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        contract_id=made.contract_id,
        period=month_period(2025, 1),
    ).invoice
    close(FEBRUARY, entity=west)
    paid = record_payment(
        actor=SYSTEM,
        invoice_id=own.invoice_id,
        amount=Decimal("2260.00"),
        received_on=date(2025, 2, 3),
        method="ACH",
    )
    with transaction.atomic():
        (applied,) = apply_payment(
            payment=paid.payment,
            parts=[Application(other, Decimal("1130.00"))],
            on=date(2025, 2, 3),
            by="bank file",
        )
    assert applied.applied_on == date(2025, 3, 1)
    assert control_differences(actor=SYSTEM, on=date(2999, 1, 1)) == []


def test_closing_goes_forward_and_reopening_back_and_both_stay_on_record(in_acme, actor_in):
    with pytest.raises(Invalid) as early:
        close(today())
    assert [(one.field, one.code) for one in early.value.errors] == [("through", "future")]
    with pytest.raises(Conflict):
        reopen_books(actor=SYSTEM, entity_id=company().pk, to=JANUARY, reason="too soon")
    close(FEBRUARY, note="audited")
    with pytest.raises(Invalid) as again:
        close(JANUARY)
    assert [(one.field, one.code) for one in again.value.errors] == [("through", "closed")]
    back = {"entity_id": company().pk, "to": JANUARY, "reason": "a late invoice"}
    with pytest.raises(Forbidden):
        reopen_books(actor=actor_in("billing_manager"), **back)
    with pytest.raises(Invalid):
        reopen_books(actor=SYSTEM, **{**back, "reason": " "})
    with pytest.raises(Invalid):
        reopen_books(actor=SYSTEM, **{**back, "to": FEBRUARY})
    reopen_books(actor=SYSTEM, **back)
    assert closed_through([company().pk]) == {company().pk: JANUARY}
    history = list(BookClosing.objects.order_by("number").values_list("act", "through", "reason"))
    assert history == [("closed", FEBRUARY, "audited"), ("reopened", JANUARY, "a late invoice")]
    assert list(
        Entry.objects.filter(action__startswith="books.")
        .order_by("sequence")
        .values_list("action", flat=True)
    ) == ["books.closed", "books.reopened"]
    assert first_open_day([company().pk], date(2024, 5, 1)) == date(2025, 2, 1)
    present = month_period(today().year, today().month)
    sections = {row[0] for row in REPORT.rows(SYSTEM, Parameters(period=present, on=today()))}
    assert {"Books closed", "Exception: books reopened"} <= sections


def test_open_points_ask_once(in_acme):
    make_contract(make_site(), effective_date=date(2025, 1, 1))
    with pytest.raises(OpenPoints) as asked:
        close(JANUARY, confirmed=False)
    assert "1 contract is not billed" in asked.value.extra["open_points"]
    assert not BookClosing.objects.exists()
    made = close(JANUARY, confirmed=True)
    assert "1 contract is not billed" in made.open_points


def test_over_http_and_on_the_pages(acme, in_acme, api, client_for):
    entity = str(company().pk)
    (books,) = api.get("/ledger/books").body
    assert (books["entity_id"], books["closed_through"]) == (entity, None)
    body = {"entity_id": entity, "through": "2025-01-31"}
    asked = api.post("/ledger/closings", body)
    assert (asked.status, asked.body["code"]) == (409, "open_points")
    made = api.post("/ledger/closings", {**body, "confirmed": True})
    assert (made.status, made.body["through"]) == (201, "2025-01-31")
    assert api.post("/ledger/closings", {**body, "through": "2999-01-31"}).fields == {
        "through": "future"
    }
    browser = signed_in(client_for, acme)
    assert (
        "Closed through January 31, 2025"
        in browser.get(f"/ledger/closing/{entity}").content.decode()
    )
    assert "closed through Jan 31, 2025" in browser.get("/ledger").content.decode()
    sent = {"through": "2025-02-28", "note": ""}
    page = browser.post(f"/ledger/closing/{entity}", sent)
    assert page.status_code == 422
    assert "Still open through Feb 28, 2025" in page.content.decode()
    assert "tick that you close anyway" in page.content.decode()
    assert 'value="2024-12-31"' in page.content.decode()  # the month before is offered to reopen to
    sent["confirmed"] = "on"
    assert browser.post(f"/ledger/closing/{entity}", sent).status_code == 302
    back = {"action": "reopen", "to": "2025-01-31", "reason": "late"}
    assert browser.post(f"/ledger/closing/{entity}", back).status_code == 302
    assert [one["act"] for one in api.get("/ledger/closings").body["items"]] == [
        "reopened",
        "closed",
        "closed",
    ]
    again = api.post("/ledger/reopenings", {"entity_id": entity, "to": "2024-12-31", "reason": "x"})
    assert again.status == 201
    assert "Acme" in browser.get("/ledger/closing").content.decode()


def test_one_organisations_books_do_not_close_anothers(acme, globex, in_acme, api, client_for):
    close(JANUARY)
    browser = signed_in(client_for, globex)
    assert browser.get(f"/ledger/closing/{company().pk}").status_code == 404
    assert Invoice.objects.count() == 0
