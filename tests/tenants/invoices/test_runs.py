"""A run bills every contract by itself: a bad one never stops the others."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden
from tenants.invoices.models import BillingRun, Invoice
from tenants.invoices.services import generate_invoice, process_run, start_run

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))


def outcomes(run):
    return {item.contract.contract_id: item for item in run.items.select_related("contract")}


def test_run_bills_skips_and_reports_by_contract(in_acme):
    site = make_site()
    good = make_contract(site)
    billed_before = make_contract(site)
    lacks_revenue = make_contract(
        site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.1"}
    )
    make_contract(site, active=False)
    make_contract(site, effective_date=date(2025, 6, 1))
    earlier = generate_invoice(
        actor=SYSTEM, site_id=site.site_id, contract_id=billed_before.contract_id, period=JANUARY
    ).invoice
    run = process_run(run_id=start_run(actor=SYSTEM, period=JANUARY).pk)
    found = outcomes(run)
    assert run.status == BillingRun.Status.DONE
    assert {code: item.status for code, item in found.items()} == {
        good.contract_id: "billed",
        billed_before.contract_id: "skipped",
        lacks_revenue.contract_id: "failed",
    }
    assert found[good.contract_id].invoice.total == Decimal("1130.00")
    assert found[billed_before.contract_id].invoice == earlier
    assert found[lacks_revenue.contract_id].field == "billing_data.revenue_amount"


def test_running_twice_doubles_nothing(in_acme):
    site = make_site()
    for _ in range(3):
        make_contract(site)
    first = process_run(run_id=start_run(actor=SYSTEM, period=JANUARY).pk)
    process_run(run_id=first.pk)
    process_run(run_id=start_run(actor=SYSTEM, period=JANUARY).pk)
    assert Invoice.objects.count() == 3
    numbers = sorted(Invoice.objects.values_list("number_sequence", flat=True))
    assert numbers == [1, 2, 3]


def test_one_contract_that_the_database_refuses_leaves_the_rest(in_acme, monkeypatch):
    from django.db import DataError

    from tenants.invoices.services import billing_batches as runs

    site = make_site()
    contracts = [make_contract(site) for _ in range(3)]
    bad = contracts[1].pk
    issue = runs.issue_calculated

    def refuse_one(*, actor, calculations, render):
        if any(calculation.context.contract.pk == bad for calculation in calculations):
            raise DataError("value out of range")
        return issue(actor=actor, calculations=calculations, render=render)

    monkeypatch.setattr(runs, "issue_calculated", refuse_one)
    run = process_run(run_id=start_run(actor=SYSTEM, period=JANUARY).pk)
    statuses = sorted(item.status for item in run.items.all())
    assert statuses == ["billed", "billed", "failed"]
    assert Invoice.objects.count() == 2


def test_run_needs_the_permission(in_acme, actor_in):
    with pytest.raises(Forbidden):
        start_run(actor=actor_in("approver"), period=JANUARY)
    assert BillingRun.objects.count() == 0
