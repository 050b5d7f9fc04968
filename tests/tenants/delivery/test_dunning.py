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
from tenants.delivery.models import Reminder
from tenants.delivery.services import (
    hold_reminders,
    resume_reminders,
    save_levels,
    send_reminders,
)
from tenants.delivery.work import deliver, due_deliveries
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice
from tenants.payments.services import record_payment


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


def test_an_invoice_found_late_starts_at_the_level_it_has_reached(invoice):
    with on("05-01"):
        (reminder,) = send_reminders(actor=SYSTEM)
        assert reminder.level == 2
        assert send_reminders(actor=SYSTEM) == []


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
    assert reminder.level == 2  # the first one is 36 days late, the second 8
    assert Decimal(reminder.total) == Decimal(invoice.total) + Decimal(second.total)
    levels = dict(reminder.invoices.values_list("invoice__invoice_id", "level"))
    assert levels == {invoice.invoice_id: 2, second.invoice_id: 1}
    with on("04-29"):  # the second one is 30 days late now
        (later,) = send_reminders(actor=SYSTEM)
    assert list(later.invoices.values_list("invoice__invoice_id", flat=True)) == [second.invoice_id]


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
