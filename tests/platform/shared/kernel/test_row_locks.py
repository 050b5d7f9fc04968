"""Whoever points at a row never waits for whoever changes it, so that nobody deadlocks."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from django.db import connections, transaction
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.activity.services import DayRevenue, record_revenue
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice
from tenants.sites.models import Site

ROUNDS = 8


def test_a_locked_row_can_be_pointed_at(in_acme):
    with transaction.atomic():
        assert "FOR NO KEY UPDATE" in str(Site.objects.select_for_update().query)


@pytest.mark.processes
def test_billing_a_site_and_recording_its_revenue_never_deadlock(throwaway_organisation):
    """Billing holds the audit chain and points at the site; recording holds the site."""
    with organisation_context(throwaway_organisation):
        site = make_site()
        contracts = [make_contract(site) for _ in range(ROUNDS)]
    errors = []

    def work(step):
        try:
            with organisation_context(throwaway_organisation):
                for number in range(ROUNDS):
                    step(number)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    def bill(number):
        generate_invoice(
            actor=SYSTEM,
            site_id=site.site_id,
            contract_id=contracts[number].contract_id,
            period=month_period(2025, 3),
            render=False,
        )

    def report(number):
        day = DayRevenue(date(2025, 3, number + 1), Decimal(1))
        record_revenue(actor=SYSTEM, site_id=site.site_id, records=[day])

    threads = [threading.Thread(target=work, args=(step,)) for step in (bill, report, report)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    with organisation_context(throwaway_organisation):
        assert Invoice.objects.count() == ROUNDS
