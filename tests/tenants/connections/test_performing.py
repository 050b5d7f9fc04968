from datetime import date, timedelta
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site

from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Invalid
from tenants.activity.models import RevenueRecord
from tenants.connections.models import SyncLog, WeeklySiteFigure
from tenants.connections.selectors.quality import weekly_totals
from tenants.connections.services.runs import start_due_runs, start_performance
from tenants.connections.work.performing import week_of
from tenants.connections.work.runs import process_run

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 2)  # to Sunday, 8 November


@pytest.fixture
def take(in_acme):
    def make(site, day, amount):
        RevenueRecord.objects.create(
            site=site, day=day, gross_amount=Decimal(amount), net_amount=Decimal(amount)
        )

    return make


def run_week(week=MONDAY):
    run = start_performance(actor=SYSTEM, week_start=week)
    process_run(run_id=run.pk)
    run.refresh_from_db()
    return run


def figure(site):
    return WeeklySiteFigure.objects.get(site=site)


def test_a_share_of_the_weeks_revenue(take):
    site = make_site()
    make_contract(site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.15"})
    take(site, date(2026, 11, 1), "500")  # the Sunday before
    take(site, date(2026, 11, 2), "1000.10")
    take(site, date(2026, 11, 8), "200")
    take(site, date(2026, 11, 9), "900")  # the Monday after
    run = run_week()
    assert (run.status, run.counts["inserted"]) == ("done", 1)
    found = figure(site)
    # (500 + 1,200.10) × 0.15 = 255.015, half up 255.02; less 500 × 0.15 = 75.00
    assert (found.revenue, found.billing_impact) == (Decimal("1200.10"), Decimal("180.02"))
    assert found.days_reported == 2


def test_a_guarantee_swallows_a_weak_week(take):
    site = make_site()
    make_contract(
        site,
        contract_type="revenue_share",
        configuration={"revenue_share_rate": "0.10", "minimum_guarantee": "100.00"},
    )
    take(site, date(2026, 11, 3), "900")  # a share of 90.00, below the guarantee anyway
    run_week()
    assert figure(site).billing_impact == Decimal("0")
    take(site, date(2026, 11, 4), "400")  # together 130.00: 30.00 above it
    run_week()
    assert figure(site).billing_impact == Decimal("30.00")


def test_a_fixed_fee_does_not_depend_on_revenue(take):
    site = make_site()
    make_contract(site)
    take(site, date(2026, 11, 3), "900")
    run_week()
    assert (figure(site).revenue, figure(site).billing_impact) == (Decimal("900"), Decimal("0"))


def test_a_week_across_two_months_is_both_parts(take):
    site = make_site()
    make_contract(
        site,
        contract_type="revenue_share",
        configuration={
            "tiers": [{"up_to": "1000", "rate": "0.10"}, {"up_to": None, "rate": "0.20"}]
        },
    )
    take(site, date(2026, 10, 1), "1000")
    take(site, date(2026, 10, 31), "100")  # October is past its first tier: 100 × 0.20 = 20.00
    take(site, date(2026, 11, 1), "100")  # November begins anew: 100 × 0.10 = 10.00
    run_week(date(2026, 10, 26))
    assert figure(site).billing_impact == Decimal("30.00")


def test_it_is_sent_once_and_again_when_it_changed(connection, sandbox, take):
    site = make_site()
    take(site, date(2026, 11, 3), "900")
    assert run_week().counts["sent"] == 1
    assert "sent" not in run_week().counts
    assert [row["revenue"] for row in sandbox.performance] == [900]
    take(site, date(2026, 11, 4), "1")
    run_week()
    assert [row["revenue"] for row in sandbox.performance] == [900, 901]
    line = SyncLog.objects.filter(process_name="WeeklyPerformanceSync").latest("id")
    assert (line.status, line.details["week_start"]) == ("success", "2026-11-02")


def test_the_report_adds_up_by_week_and_currency(take):
    first, second = make_site(), make_site(site_name="Other", currency="USD")
    take(first, date(2026, 11, 3), "900")
    take(second, date(2026, 11, 3), "100")
    run_week()
    rows = [(one.currency, one.sites, one.revenue) for one in weekly_totals(actor=SYSTEM)]
    assert rows == [("CAD", 1, Decimal("900")), ("USD", 1, Decimal("100"))]


@pytest.mark.parametrize("week", [date(2026, 11, 3), date(2999, 1, 7), date(2001, 1, 1)])
def test_only_a_past_week_from_its_monday(in_acme, week):
    with pytest.raises(Invalid):
        start_performance(actor=SYSTEM, week_start=week)


def test_what_is_due_starts_once(connection, time_machine):
    time_machine.move_to("2026-11-23T06:30:00Z", tick=False)  # half past one in Toronto
    assert start_due_runs() == []
    time_machine.move_to("2026-11-23T07:30:00Z", tick=False)
    started = start_due_runs()
    assert {run.kind for run in started} == {"reconciliation", "performance"}
    assert [run.week_start for run in started if run.week_start] == [date(2026, 11, 16)]
    assert start_due_runs() == []
    assert week_of(date(2026, 11, 22)) == date(2026, 11, 22) - timedelta(days=6)
