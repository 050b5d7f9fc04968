"""The same request many times at once, over HTTP: done once, answered to everybody."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import count
from threading import Barrier

import pytest
from django.db import connections
from support.api import (
    Program,
    active_contract,
    invoice_body,
    key_of,
    payment_body,
    site_body,
)

from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.contracts.services import TermsInput, change_terms
from tenants.invoices.models import Invoice
from tenants.payments.models import Payment

THREADS = 6
READS = 60


@pytest.fixture
def programs(throwaway_organisation, client_for):
    """As many clients of one organisation as there are threads, and its site."""
    secret = key_of(throwaway_organisation)
    made = [Program(client_for(throwaway_organisation), secret) for _n in range(THREADS)]
    site_id = made[0].make("/customer-sites", site_body())["site_id"]
    contract_id = active_contract(made[0], site_id)
    return made, site_id, contract_id


def at_once(programs, ask):
    """What each program is answered; all start together."""
    start = Barrier(len(programs))

    def run(program):
        try:
            start.wait(20)
            return ask(program)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(programs)) as pool:
        return list(pool.map(run, programs))


def test_one_invoice_and_one_payment(programs, throwaway_organisation):
    everybody, site_id, _contract_id = programs
    body = invoice_body(site_id)
    made = at_once(everybody, lambda one: one.post("/billing/generate-invoice", body))
    assert sorted(one.status for one in made) == [200] * (THREADS - 1) + [201]
    assert len({one.raw for one in made}) == 1
    path = f"/billing/invoices/{made[0].body['invoice_id']}/payment-status"
    paid = at_once(everybody, lambda one: one.put(path, payment_body()))
    assert {one.status for one in paid} == {200}
    assert len({one.raw for one in paid}) == 1
    with organisation_context(throwaway_organisation):
        assert (Invoice.objects.count(), Payment.objects.count()) == (1, 1)
        assert Invoice.objects.get().balance_due == 0


def test_part_payments_add_up(programs, throwaway_organisation):
    everybody, site_id, _contract_id = programs
    made = everybody[0].make("/billing/generate-invoice", invoice_body(site_id))
    path = f"/billing/invoices/{made['invoice_id']}/payment-status"
    numbers = count(1)
    paid = at_once(
        everybody,
        lambda one: one.put(
            path, payment_body(payment_amount=1000, transaction_id=f"T{next(numbers)}")
        ),
    )
    assert {one.status for one in paid} == {200}
    with organisation_context(throwaway_organisation):
        assert Invoice.objects.get().amount_paid == 1000 * THREADS


def test_nobody_reads_terms_older_than_what_is_committed(programs, throwaway_organisation):
    """One changes the fee again and again; readers never see less than was committed before."""
    everybody, site_id, contract_id = programs
    committed = [0]
    writer, readers = everybody[0], everybody[1:]

    def write():
        for fee in range(1, 9):
            with organisation_context(throwaway_organisation):
                change_terms(
                    actor=SYSTEM,
                    contract_id=contract_id,
                    terms=TermsInput("fixed_fee", {"monthly_fee": fee}),
                    effective_date=date(2025, 1, 1),
                )
            committed[0] = fee

    def read(program):
        stale = []
        for _n in range(READS):
            before = committed[0]
            shown = program.get(f"/customer-sites/{site_id}/billing-info").body
            fee = shown["billing_configuration"].get("monthly_fee", 0)
            stale += [(before, fee)] if fee < before else []
        return stale

    found = at_once(everybody, lambda one: write() if one is writer else read(one))
    assert [stale for stale in found if stale] == []
    assert len(readers) == THREADS - 1
    assert committed == [8]
