"""Closing while others post, in real threads: a posting is inside, or it is refused."""

from datetime import date
from decimal import Decimal
from threading import Event

import pytest
from django.db import connection, transaction
from support.payments import open_invoices, receive
from support.threads import WAIT, at_once

from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.invoices.models import Invoice
from tenants.ledger.errors import BooksBusy, PeriodClosed
from tenants.ledger.models import BookClosing, JournalEntry
from tenants.ledger.services import closing
from tenants.structure.models import LegalEntity

JANUARY = date(2025, 1, 31)
AMOUNT = "10.00"


@pytest.fixture
def organisation(throwaway_organisation, django_db_blocker):
    with django_db_blocker.unblock():
        yield throwaway_organisation


def pay():
    return receive(Invoice.objects.get(), AMOUNT, received_on=JANUARY).payment


def close():
    entity = LegalEntity.objects.get(is_default=True)
    with transaction.atomic():
        closing.close_books(actor=SYSTEM, entity_id=entity.pk, through=JANUARY, confirmed=True)
        return inside()


def inside():
    return JournalEntry.objects.filter(posted_on__lte=JANUARY).count()


def waiting_for_books():
    """Whether a session waits for a lock of ours; looked at until one does, or time is up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone() is not None


def test_closing_waits_for_a_posting_under_way_which_is_inside(organisation):
    with organisation_context(organisation):
        open_invoices()
    posted = Event()

    def post_slowly():
        with transaction.atomic():
            pay()
            posted.set()
            for _look in range(10_000):
                if waiting_for_books():
                    return inside()
        raise AssertionError("the closing did not wait")

    def close_meanwhile():
        assert posted.wait(WAIT)
        return close()

    seen, closed = at_once(organisation, post_slowly, close_meanwhile)
    with organisation_context(organisation):
        assert seen == closed == inside() == 2  # the invoice and the payment
        with pytest.raises(PeriodClosed):
            pay()


def test_nothing_lands_after_the_closing(organisation):
    with organisation_context(organisation):
        open_invoices()
    works = [pay, pay, pay, close, pay, pay, pay]
    results = at_once(organisation, *works)
    refused = [one for one in results if isinstance(one, PeriodClosed)]
    paid = len(works) - 1 - len(refused)
    with organisation_context(organisation):
        assert results[3] == inside() == 1 + paid
        assert sum(
            Decimal(AMOUNT) for _one in JournalEntry.objects.filter(kind="payment")
        ) == paid * Decimal(AMOUNT)


def test_a_posting_that_takes_too_long_is_not_waited_for(organisation, monkeypatch):
    monkeypatch.setattr(closing, "WAIT_MAX", "50ms")
    with organisation_context(organisation):
        open_invoices()
    posted, tried = Event(), Event()

    def post_slowly():
        with transaction.atomic():
            pay()
            posted.set()
            assert tried.wait(WAIT)

    def close_meanwhile():
        assert posted.wait(WAIT)
        try:
            return close()
        finally:
            tried.set()

    _paid, refused = at_once(organisation, post_slowly, close_meanwhile)
    assert isinstance(refused, BooksBusy)
    with organisation_context(organisation):
        assert not BookClosing.objects.exists()
        assert close() == 2
