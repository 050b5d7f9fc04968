"""Files of payments: preview, match, apply once, review the rest."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override
from support.billing import make_site
from support.payments import open_invoices, receive, unapplied_in_books

from billing.application import ALL_RULES
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from shared.kernel.tenancy import organisation_context
from tenants.payments.models import Payment, PaymentFile, Refund
from tenants.payments.selectors.files import counts_of
from tenants.payments.services import (
    RefundInput,
    refund_payment,
    reverse_payment,
    undo_refund,
)
from tenants.payments.services.files import (
    BYTES_MAX,
    assign_line,
    dismiss_line,
    preview_file,
    process_file,
    stale_files,
    start_application,
)
from tenants.review.models import ReviewItem

HEADING = "Date,Montant,Référence,Payeur,No. transaction\n"


def bring(text, name="payments.csv"):
    file, _created = preview_file(actor=SYSTEM, name=name, content=text.encode())
    return file


def apply(file):
    start_application(actor=SYSTEM, file_id=file.pk)
    process_file(file_id=file.pk)
    file.refresh_from_db()
    return counts_of([file])[file.pk]


def lines(file):
    return list(file.lines.select_related("customer").order_by("position"))


@pytest.fixture
def two(in_acme):
    """Two invoices of North Yard and one of Lakeside, 2,260.00."""
    north = open_invoices(2)
    (lake,) = open_invoices(site=make_site(site_name="Lakeside"), fee="2000.00")
    return north, lake


def test_a_preview_says_whose_each_line_is_and_records_nothing(two):
    (first, second), lake = two
    receive(lake, "1.00", payer="LKS HOLDINGS", transaction_id="OLD")
    file = bring(
        HEADING
        + f"2025-03-01,1130.00,paiement {second.number},,A1\n"
        + "2025-03-01,500.00,,north yard,A2\n"
        + "2025-03-01,500.00,,lks holdings,A3\n"
        + "2025-03-01,2260.00,,somebody,A4\n"
        + "2025-03-01,17.00,,somebody,A5\n"
        + f"2025-03-01,3390.00,{first.number} {lake.number},,A6\n"
        + "2025-03-01,1.00,,,OLD\n"
        + "2025-03-01,500.00,,north yard,A2\n"
        + "31.31.2025,1.00,,,A7\n"
        + "2025-03-01,1.005,,,A8\n"
        + "2025-03-01,-20.00,,bank fee,A9\n"
    )
    assert [(one.status, one.match) for one in lines(file)] == [
        ("matched", "reference"),
        ("matched", "payer"),
        ("matched", "history"),
        ("unmatched", "amount"),  # a proposal that a person confirms
        ("unmatched", ""),
        ("unmatched", ""),  # names two customers' invoices
        ("duplicate", ""),
        ("duplicate", ""),
        ("wrong", ""),
        ("wrong", ""),
    ]
    assert file.outgoing == 1
    assert Payment.objects.count() == 1


def test_applying_records_what_matches_once(two):
    (first, second), _lake = two
    file = bring(
        HEADING
        + f"2025-03-01,1100.00,{second.invoice_id},,A1\n"
        + "2025-03-02,1130.00,,North Yard,A2\n"
        + "2025-03-02,9.00,,unknown,A3\n"
    )
    assert apply(file) == {
        "matched": 0,
        "unmatched": 1,
        "duplicate": 0,
        "wrong": 0,
        "applied": 2,
        "dismissed": 0,
        "returned": 0,
    }
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.balance_due, second.balance_due) == (0, 30)
    assert Payment.objects.get(transaction_id="A2").received_on == date(2025, 3, 2)
    item = ReviewItem.objects.get(kind="payment_match")
    assert item.link == f"/payments/files/{file.pk}#line-4"
    process_file(file_id=file.pk)
    start_application(actor=SYSTEM, file_id=file.pk)
    assert Payment.objects.count() == 2
    assert ReviewItem.objects.count() == 1


def test_another_amount_under_the_same_number_is_another_payment(two):
    """Rows numbered from 1 in each file, or one number for a batch: no money is left out."""
    (first, _second), lake = two
    march = f"2025-03-01,1130.00,{first.number},,1\n2025-03-01,60.00,,lakeside,1\n"
    assert apply(bring(HEADING + march))["applied"] == 2
    april = bring(HEADING + "2025-04-01,2200.00,,lakeside,1\n" + march)
    assert [one.status for one in lines(april)] == ["matched", "duplicate", "duplicate"]
    counts = apply(april)
    assert (counts["applied"], counts["duplicate"]) == (1, 2)
    lake.refresh_from_db()
    assert (lake.balance_due, Payment.objects.count()) == (0, 3)


def test_the_same_file_again_has_no_effect(two):
    text = HEADING + "2025-03-02,1130.00,,North Yard,A2\n"
    file = bring(text)
    apply(file)
    again, created = preview_file(actor=SYSTEM, name="other.csv", content=text.encode())
    assert (again.pk, created) == (file.pk, False)
    assert apply(again)["applied"] == 1
    assert Payment.objects.count() == PaymentFile.objects.count() == 1


def test_lines_without_numbers_are_known_again_in_another_file(two):
    row = "2025-03-02,10.00,thanks,North Yard,\n"
    assert apply(bring(HEADING + row + row))["applied"] == 2
    third = bring(HEADING + row + row + row)
    assert [one.status for one in lines(third)] == ["duplicate", "duplicate", "matched"]
    assert apply(third)["applied"] == 1
    assert unapplied_in_books() == 0
    assert Payment.objects.count() == 3


def test_a_person_assigns_or_leaves_out_what_was_not_matched(two):
    (first, _second), lake = two
    file = bring(HEADING + "2025-03-02,2260.00,,Somebody,A1\n2025-03-02,5.00,,interest,A2\n")
    apply(file)
    one, two_ = lines(file)
    with pytest.raises(Invalid) as refused:
        assign_line(actor=SYSTEM, line_id=one.pk, customer_id="CUS999999")
    assert refused.value.errors[0].field == "customer_id"
    assign_line(actor=SYSTEM, line_id=one.pk, customer_id=lake.customer.customer_id)
    dismiss_line(actor=SYSTEM, line_id=two_.pk)
    lake.refresh_from_db()
    assert lake.payment_status == "paid"
    assert not ReviewItem.objects.filter(status="open").exists()
    for attempt in (dismiss_line, lambda **given: assign_line(customer_id="CUS000001", **given)):
        with pytest.raises(Conflict):
            attempt(actor=SYSTEM, line_id=one.pk)
    assert Payment.objects.get().customer == lake.customer
    assert first.customer != lake.customer


def test_what_the_service_refuses_waits_for_a_person(two):
    file = bring(HEADING + "2999-03-02,10.00,,North Yard,A1\n")
    assert apply(file)["unmatched"] == 1
    assert "future" in lines(file)[0].problem
    assert "future" in ReviewItem.objects.get().cause


def test_a_reversed_payment_teaches_nothing(two):
    _north, lake = two
    wrong = receive(lake, "1.00", payer="Jo Smith").payment
    reverse_payment(actor=SYSTEM, payment_id=wrong.payment_id, reason="Wrong customer")
    file = bring(HEADING + "2025-03-02,10.00,,Jo Smith,A1\n")
    assert lines(file)[0].status == "unmatched"


def test_an_application_that_stood_still_goes_on(two, monkeypatch):
    file = bring(HEADING + "2025-03-02,10.00,,North Yard,A1\n")
    start_application(actor=SYSTEM, file_id=file.pk)
    assert stale_files() == []
    monkeypatch.setattr("tenants.payments.services.files.STALE_AFTER", -timedelta(minutes=1))
    assert stale_files() == [file.pk]
    process_file(file_id=file.pk)
    assert stale_files() == []


@pytest.mark.parametrize(
    "text", ["", "no;columns\n1;2\n", "Date,Reference\n2025-01-01,x\n", "Date,Amount\n"]
)
def test_what_is_no_file_of_payments_is_refused(in_acme, text):
    with pytest.raises(Invalid) as refused:
        bring(text)
    (error,) = refused.value.errors
    assert error.field == "file"
    english = str(error.message)
    with override("fr-ca"):
        assert str(error.message) != english
    assert PaymentFile.objects.count() == 0


def test_a_large_file_is_refused(in_acme):
    with pytest.raises(TooLarge):
        preview_file(actor=SYSTEM, name="x", content=b"x" * (BYTES_MAX + 1))


def test_who_may_not(two, actor_in, globex):
    file = bring(HEADING + "2025-03-02,10.00,,nobody,A1\n")
    (line,) = lines(file)
    viewer = actor_in("viewer")
    for attempt in (
        lambda: preview_file(actor=viewer, name="x", content=b""),
        lambda: start_application(actor=viewer, file_id=file.pk),
        lambda: assign_line(actor=viewer, line_id=line.pk, customer_id="CUS000001"),
        lambda: dismiss_line(actor=viewer, line_id=line.pk),
    ):
        with pytest.raises(Forbidden):
            attempt()
    with organisation_context(globex):
        with pytest.raises(NotFound):
            start_application(actor=SYSTEM, file_id=file.pk)
        with pytest.raises(NotFound):
            dismiss_line(actor=SYSTEM, line_id=line.pk)
    assert Decimal(unapplied_in_books()) == 0


def test_money_that_goes_out_again_asks_whether_a_payment_came_back(two):
    (first, second), _lake = two
    paid = receive(first, "1130.00", rules=ALL_RULES, reference=first.number).payment
    file = bring(
        "Date,Withdrawals,Deposits,Description\n"
        + f"2025-03-05,1130.00,,NSF RETURN {first.number}\n"
        + f"2025-03-05,1130.00,,NSF RETURN {second.number}\n"  # which nobody has paid
        + "2025-03-05,12.00,,BANK FEE\n"
    )
    (line,) = lines(file)
    assert (line.status, line.payment, line.amount) == ("returned", paid, 1130)
    assert file.outgoing == 3
    assert not ReviewItem.objects.exists()  # nothing is asked before it is applied
    assert apply(file)["returned"] == 1
    item = ReviewItem.objects.get(kind="payment_return")
    assert item.link == f"/payments/{paid.payment_id}"
    assert "Take this payment back?" in item.cause
    reverse_payment(actor=SYSTEM, payment_id=paid.payment_id, reason="NSF")
    item.refresh_from_db()
    assert item.status == "resolved"
    # Or it was a refund that we gave, once that is recorded.
    other = receive(second, "50.00").payment
    day = today()
    file = bring(f"Date,Withdrawals,Deposits,Description\n{day},50.00,,BACK {other.payment_id}\n")
    apply(file)
    item = ReviewItem.objects.get(kind="payment_return", status="open")

    def give_back(amount):
        given = RefundInput(Decimal(amount), "ACH", "Paid twice")
        refund_payment(actor=SYSTEM, payment_id=other.payment_id, given=given)

    for amount, status in (("20.00", "open"), ("30.00", "open")):
        give_back(amount)
        item.refresh_from_db()
        assert item.status == status
    undo_refund(actor=SYSTEM, refund_id=Refund.objects.get(amount=20).refund_id, reason="x")
    undo_refund(actor=SYSTEM, refund_id=Refund.objects.get(amount=30).refund_id, reason="x")
    give_back("50.00")
    item.refresh_from_db()
    assert item.status == "resolved"
    # Another file of the same days tells nothing new.
    again = bring(
        "Date,Withdrawals,Deposits,Description\n"
        + f"2025-03-05,1130.00,,NSF RETURN {first.number}\n"
        + "2025-03-06,1.00,,BANK FEE\n",
        name="again.csv",
    )
    assert lines(again) == []


def test_a_preview_refuses_what_recording_would_refuse(two):
    (first, _second), _lake = two
    day = today() + timedelta(days=3)
    file = bring(HEADING + f"{day},1130.00,{first.number},,A1\n")
    (before,) = lines(file)
    assert (before.status, before.problem) == ("unmatched", "The day is in the future.")
    assert apply(file)["unmatched"] == 1
