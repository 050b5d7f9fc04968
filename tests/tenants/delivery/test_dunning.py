"""Customers are reminded of what is overdue, once a level, and never of what they dispute."""

from datetime import date
from decimal import Decimal
from threading import Thread

import pytest
import time_machine
from django.core import mail
from django.db import connection
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Invalid
from shared.kernel.tenancy import organisation_context
from tenants.delivery.dunning import due_reminders
from tenants.delivery.letters import load_letter
from tenants.delivery.models import Reminder
from tenants.delivery.presentation import present_letter
from tenants.delivery.services import (
    hold_reminders,
    resume_reminders,
    save_levels,
    send_reminders,
)
from tenants.delivery.work import deliver, due_deliveries
from tenants.invoices.models import Invoice
from tenants.invoices.services import credit_invoice, generate_invoice, issue_invoice
from tenants.payments.services import record_customer_payment, record_payment
from tenants.payments.services.checking import PaymentInput
from tenants.templates.presentation import values_of


def bill(site, contract, month):
    return generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        contract_id=contract.contract_id,
        period=month_period(2026, month),
        render=False,
    ).invoice


@pytest.fixture
def invoice(in_acme):
    """Dated 31 January, due 2 March: net 30."""
    save_levels(actor=SYSTEM, levels=[(7, False), (30, True)])
    site = make_site()
    return bill(site, make_contract(site), 1)


def on(day):
    return time_machine.travel(f"2026-{day}T15:00:00Z", tick=False)


def test_nobody_is_reminded_before_the_first_level(invoice):
    assert invoice.due_date == date(2026, 3, 2)
    assert due_reminders(date(2026, 3, 8)) == []
    (letter,) = due_reminders(date(2026, 3, 9))  # seven days later
    assert (letter.level.level, letter.total) == (1, invoice.total)


def test_each_level_is_reached_once(invoice):
    made = []
    for day in ("03-09", "03-10", "03-31", "04-01", "04-02", "06-30"):
        with on(day):
            made += [(day, one.level) for one in send_reminders(actor=SYSTEM)]
    # 30 days after 2 March is 1 April.
    assert made == [("03-09", 1), ("04-01", 2)]


def test_an_invoice_found_late_starts_at_the_first_level(invoice):
    made = []
    for day in ("05-01", "05-02", "05-23", "05-24", "06-30"):
        with on(day):
            made += [(day, one.level) for one in send_reminders(actor=SYSTEM)]
    # Between the letters lie the 23 days between the levels.
    assert made == [("05-01", 1), ("05-24", 2)]


def test_what_waits_or_is_done_keeps_no_other_invoice_from_being_seen(invoice, monkeypatch):
    second = bill(invoice.site, invoice.contract, 2)  # due 30 March
    for day in ("03-09", "04-01"):
        with on(day):
            send_reminders(actor=SYSTEM)  # the first is done with
    monkeypatch.setattr("tenants.delivery.dunning.INVOICES_MAX", 1)
    (letter,) = due_reminders(date(2026, 4, 6))
    assert [one.invoice.pk for one in letter.reached] == [second.pk]
    assert [one.invoice.pk for one in letter.invoices] == [invoice.pk, second.pk]


def test_the_customers_own_money_is_not_asked_for_again(invoice):
    pay_nothing_in_particular(invoice, "30.00")
    paid = bill(invoice.site, invoice.contract, 2)
    record_payment(
        actor=SYSTEM,
        invoice_id=paid.invoice_id,
        amount=Decimal(paid.total),
        received_on=date(2026, 3, 1),
        method="ACH",
    )
    note = credit_invoice(
        actor=SYSTEM, invoice_id=paid.invoice_id, reason="Twice", amount=Decimal("100.00")
    )
    Invoice.objects.filter(pk=note.pk).update(invoice_date=date(2026, 3, 1))
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    with on("04-01"):
        (reminder,) = send_reminders(actor=SYSTEM)
        for key in due_deliveries():
            deliver(delivery_id=key)
    # 1,130.00 less a credit note of 113.00 and 30.00 of cash.
    assert (reminder.overdue, reminder.credits, reminder.unapplied) == (1130, 113, 30)
    assert reminder.total == Decimal("987.00")
    (message,) = mail.outbox
    assert "987.00" in message.body
    assert "113.00" in message.body
    # a template of the tenant's own may name each of them, and its editor lists them
    context = present_letter(load_letter(reminder.pk)[0], "en")
    netted = ("overdue", "credits", "unapplied", "total")
    assert [context[name] for name in netted] == [
        f"${amount}\xa0CAD" for amount in ("1,130.00", "113.00", "30.00", "987.00")
    ]
    for kind in ("reminder", "reminder_email"):
        shown = dict(values_of(kind, "en"))
        assert [shown[name] for name in netted] == [
            f"${amount}\xa0CAD" for amount in ("15,028.00", "565.00", "212.50", "14,250.50")
        ]


def test_there_is_no_letter_where_the_customers_money_covers_it(invoice):
    pay_nothing_in_particular(invoice, "1130.00")
    assert due_reminders(date(2026, 4, 1)) == []


def pay_nothing_in_particular(invoice, amount):
    record_customer_payment(
        actor=SYSTEM,
        customer_id=invoice.customer.customer_id,
        given=PaymentInput(Decimal(amount), "CAD", date(2026, 2, 1), "ACH"),
        rules=(),
    )


def test_only_what_is_open_and_undisputed_is_asked_for(invoice):
    total = Decimal(invoice.total)
    record_payment(
        actor=SYSTEM,
        invoice_id=invoice.invoice_id,
        amount=Decimal("100.00"),
        received_on=date(2026, 2, 15),
        method="ACH",
    )
    Invoice.objects.filter(pk=invoice.pk).update(amount_disputed=Decimal("250.00"))
    (letter,) = due_reminders(date(2026, 3, 9))
    assert letter.total == total - Decimal("350.00")
    Invoice.objects.filter(pk=invoice.pk).update(amount_disputed=total - 100)
    assert due_reminders(date(2026, 3, 9)) == []


def test_one_letter_names_all_overdue_invoices_of_a_customer(invoice):
    contract = invoice.contract
    second = bill(invoice.site, contract, 2)  # due 30 March
    with on("04-07"):
        (reminder,) = send_reminders(actor=SYSTEM)
    assert reminder.level == 1  # the first one is 36 days late, the second 8
    assert Decimal(reminder.total) == Decimal(invoice.total) + Decimal(second.total)
    levels = dict(reminder.invoices.values_list("invoice__invoice_id", "level"))
    assert levels == {invoice.invoice_id: 1, second.invoice_id: 1}
    with on("04-30"):  # 23 days later
        (later,) = send_reminders(actor=SYSTEM)
    assert (later.level, later.invoices.count()) == (2, 2)


def test_a_held_customer_is_left_alone_until_the_day(invoice):
    customer = invoice.customer
    hold_reminders(
        actor=SYSTEM,
        customer_id=customer.customer_id,
        reason="They are moving offices.",
        until=date(2026, 3, 15),
    )
    assert due_reminders(date(2026, 3, 15)) == []
    assert len(due_reminders(date(2026, 3, 16))) == 1
    resume_reminders(actor=SYSTEM, customer_id=customer.customer_id)
    assert len(due_reminders(date(2026, 3, 15))) == 1


def test_a_hold_needs_a_reason(invoice):
    with pytest.raises(Invalid) as caught:
        hold_reminders(actor=SYSTEM, customer_id=invoice.customer.customer_id, reason=" ")
    assert [error.field for error in caught.value.errors] == ["reason"]


def test_levels_must_be_later_and_later(in_acme):
    with pytest.raises(Invalid) as caught:
        save_levels(actor=SYSTEM, levels=[(14, False), (14, True), (400, True)])
    assert [error.field for error in caught.value.errors] == [
        "levels[1].days_overdue",
        "levels[2].days_overdue",
    ]


def test_the_letter_goes_out_with_the_account_attached(invoice):
    save_levels(actor=SYSTEM, levels=[(7, True)])
    bill(invoice.site, invoice.contract, 3)  # not due yet on 5 April
    with on("04-05"):
        send_reminders(actor=SYSTEM)
        for key in due_deliveries():
            deliver(delivery_id=key)
    (message,) = mail.outbox
    assert message.to == [invoice.parties["buyer"]["contact_email"]]
    assert invoice.number in message.body
    ((name, content, _kind),) = message.attachments
    assert name == f"{Reminder.objects.get().reminder_id}.pdf"
    text = pdf_text(content)
    assert "Statement of account" in text
    assert text.count("-2026-0000") >= 2  # the open invoice that is not due is there too


def test_two_workers_write_one_letter(throwaway_organisation):
    with organisation_context(throwaway_organisation):
        save_levels(actor=SYSTEM, levels=[(7, False)])
        site = make_site()
        bill(site, make_contract(site), 1)

    def remind():
        try:
            with organisation_context(throwaway_organisation):
                send_reminders(actor=SYSTEM)
        finally:
            connection.close()

    workers = [Thread(target=remind) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with organisation_context(throwaway_organisation):
        assert Reminder.objects.count() == 1


def pdf_text(content):
    from io import BytesIO

    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
