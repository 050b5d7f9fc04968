"""Issued invoices of a run are handed over to delivery once; a person is told where that fails."""

from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from support.billing import make_contract

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Invalid
from tenants.delivery.services import send_invoice
from tenants.invoices import hooks
from tenants.invoices.models import Invoice
from tenants.invoices.services import process_run, retry_failed, start_run
from tenants.invoices.services.distribution import (
    ATTEMPTS_MAX,
    distribute_run,
    due_distributions,
)
from tenants.review.models import ReviewItem

MARCH = month_period(2025, 3)


def run_march(**options):
    return process_run(run_id=start_run(actor=SYSTEM, period=MARCH, **options).pk)


@pytest.fixture
def deliveries(monkeypatch):
    """What was handed over; raises while `failing` is set."""

    class Deliveries:
        taken: list = []
        failing = False

        def __call__(self, *, actor, invoice_ids):
            if self.failing:
                raise RuntimeError("no mail server")
            self.taken = [*self.taken, *invoice_ids]

    found = Deliveries()
    monkeypatch.setattr(hooks, "_distributors", [found])
    return found


def test_issued_invoices_are_handed_over_once(in_acme, deliveries):
    make_contract()
    make_contract()
    run = run_march(auto_distribute=True)
    assert set(run.items.values_list("distribution", flat=True)) == {"waiting"}
    distribute_run(run_id=run.pk)
    distribute_run(run_id=run.pk)
    assert sorted(deliveries.taken) == sorted(Invoice.objects.values_list("invoice_id", flat=True))
    assert set(run.items.values_list("distribution", flat=True)) == {"requested"}
    run.refresh_from_db()
    assert run.distribute_after is None


def test_a_run_that_sends_nothing_hands_nothing_over(in_acme, deliveries):
    make_contract()
    run = run_march()
    distribute_run(run_id=run.pk)
    assert deliveries.taken == []
    with pytest.raises(Invalid) as refused:
        start_run(actor=SYSTEM, period=MARCH, issue=False, auto_distribute=True)
    assert refused.value.errors[0].field == "auto_distribute"


def test_a_delivery_that_fails_is_tried_again_with_pauses_then_a_person(in_acme, deliveries):
    make_contract()
    run = run_march(auto_distribute=True)
    deliveries.failing = True
    moment, pauses = now(), []
    for _attempt in range(ATTEMPTS_MAX):
        with time_machine.travel(moment, tick=False):
            distribute_run(run_id=run.pk)
        run.refresh_from_db()
        if run.distribute_after:
            pauses.append((run.distribute_after - moment).total_seconds())
            moment = run.distribute_after
            with time_machine.travel(moment + timedelta(seconds=1)):
                assert due_distributions() == [run.pk]
    assert len(pauses) == ATTEMPTS_MAX - 1
    assert all(later > earlier for earlier, later in pairwise(pauses))
    item = run.items.get()
    assert (item.status, item.distribution, item.error_kind) == ("billed", "failed", "distribution")
    review = ReviewItem.objects.get(status="open")
    assert (review.kind, review.link) == ("distribution", f"/invoices/{item.invoice.invoice_id}")
    deliveries.failing = False
    retry_failed(actor=SYSTEM, run_id=run.pk)
    distribute_run(run_id=run.pk)
    review.refresh_from_db()
    assert (review.status, deliveries.taken) == ("resolved", [item.invoice.invoice_id])
    assert run.items.get().error_kind == ""
    assert Invoice.objects.count() == 1


def test_without_anything_that_delivers_a_person_is_told(in_acme, monkeypatch):
    monkeypatch.setattr(hooks, "_distributors", [])
    make_contract()
    run = run_march(auto_distribute=True)
    for _attempt in range(ATTEMPTS_MAX):
        distribute_run(run_id=run.pk)
    review = ReviewItem.objects.get()
    assert review.cause == "Nothing is set up that delivers invoices."
    send_invoice(actor=SYSTEM, invoice_id=review.details["invoice_id"])  # by hand
    review.refresh_from_db()
    assert (review.status, review.closing_note) == ("resolved", "Handed over to delivery.")
