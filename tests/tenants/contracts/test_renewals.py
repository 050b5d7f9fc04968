"""The end of a term: notice, renewal by hand and by itself, and what is billed meanwhile."""

from datetime import date

import pytest
import time_machine
from django.db import IntegrityError, transaction
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Forbidden, Invalid, PreconditionFailed
from shared.outbox.models import Event
from tenants.contracts.models import Contract, ContractRenewal
from tenants.contracts.selectors import ending_contracts
from tenants.contracts.services import (
    activate_contract,
    renew_contract,
    sweep_renewals,
    terminate_contract,
)
from tenants.contracts.services.renewals import add_months
from tenants.contracts.tasks import look_after_renewals
from tenants.invoices.selectors.runs import billable_contracts
from tenants.invoices.services import generate_invoice

LAST = date(2025, 6, 30)
JULY = Period(date(2025, 7, 1), date(2025, 7, 31))


def ending(site=None, **details):
    return make_contract(site, end_date=LAST, details=details or None)


def renew(contract, ends_on=None, **options):
    return renew_contract(
        actor=SYSTEM, contract_id=contract.contract_id, ends_on=ends_on, **options
    )


def status_of(contract):
    return Contract.objects.get(pk=contract.pk).status


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2023, 12, 1), 2, date(2024, 2, 1)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 7, 1), 6, date(2026, 1, 1)),
    ],
)
def test_months_later(day, months, expected):
    assert add_months(day, months) == expected


def test_notice_begins_on_its_day_and_once(in_acme):
    contract = ending(renewal_notice_days=30)
    assert sweep_renewals(on=date(2025, 5, 30)) == 0
    assert sweep_renewals(on=date(2025, 5, 31)) == 1
    assert sweep_renewals(on=date(2025, 6, 1)) == 0
    assert status_of(contract) == "renewal_due"
    assert Event.objects.filter(topic="contract.renewal_due").count() == 1


@time_machine.travel("2025-06-15T12:00:00Z", tick=False)
def test_the_sweep_looks_after_each_organisation(in_acme):
    contract = ending()
    look_after_renewals(schema=in_acme.schema_name)
    assert status_of(contract) == "renewal_due"


def test_others_are_left_alone(in_acme):
    make_contract()  # until further notice
    make_contract(end_date=LAST, active=False)
    ended = ending()
    terminate_contract(actor=SYSTEM, contract_id=ended.contract_id, last_day=LAST)
    assert sweep_renewals(on=date(2025, 6, 15)) == 0


def test_what_is_due_or_renewed_is_billed_on(in_acme):
    site = make_site()
    contract = ending(site)
    sweep_renewals(on=date(2025, 6, 15))
    june = Period(date(2025, 6, 1), LAST)
    assert generate_invoice(actor=SYSTEM, site_id=site.site_id, period=june).created
    assert not billable_contracts(JULY).exists()
    renew(contract, date(2026, 6, 30), reason="Agreed by letter")
    assert status_of(contract) == "renewed"
    assert billable_contracts(JULY).get().pk == contract.pk
    assert (
        generate_invoice(actor=SYSTEM, site_id=site.site_id, period=JULY).invoice.subtotal == 1000
    )


def test_it_renews_by_itself_from_the_day_after(in_acme):
    contract = ending(auto_renew_months=12)
    sweep_renewals(on=date(2025, 6, 29))
    assert status_of(contract) == "renewal_due"
    assert sweep_renewals(on=LAST) == 1
    contract.refresh_from_db()
    assert (contract.status, contract.end_date) == ("renewed", date(2026, 6, 30))
    row = ContractRenewal.objects.get()
    assert (row.starts_on, row.ends_on, row.is_automatic) == (
        date(2025, 7, 1),
        date(2026, 6, 30),
        True,
    )
    assert sweep_renewals(on=LAST) == 0


def test_after_a_long_downtime_each_term_is_made_up(in_acme):
    contract = ending(auto_renew_months=6)
    for _day in range(3):
        sweep_renewals(on=date(2026, 8, 1))
    contract.refresh_from_db()
    assert contract.end_date == date(2026, 12, 31)  # 2025-12-31, 2026-06-30, 2026-12-31
    assert ContractRenewal.objects.count() == 3


def test_open_ended_and_refused_renewals(in_acme, actor_in):
    contract = ending()
    for wrong in (LAST, date(2025, 6, 1)):
        with pytest.raises(Invalid):
            renew(contract, wrong)
    with pytest.raises(Invalid):
        renew(contract, date.max)
    with pytest.raises(PreconditionFailed):
        renew(contract, expected_revision=99)
    with pytest.raises(Forbidden):
        renew_contract(actor=actor_in("viewer"), contract_id=contract.contract_id)
    assert renew(contract).end_date is None
    with pytest.raises(Conflict):  # runs until further notice now
        renew(contract)
    draft = make_contract(end_date=LAST, active=False)
    with pytest.raises(Conflict):
        renew(draft, date(2026, 6, 30))


def test_activating_what_is_renewed_changes_nothing(in_acme):
    contract = ending()
    renew(contract, date(2026, 6, 30))
    activate_contract(actor=SYSTEM, contract_id=contract.contract_id)
    assert status_of(contract) == "renewed"


def test_the_database_keeps_renewals(in_acme):
    renew(ending(), date(2026, 6, 30))
    row = ContractRenewal.objects.get()
    row.ends_on = date(2027, 6, 30)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_the_calendar_shows_what_ends(in_acme):
    soon = ending()
    make_contract(end_date=date(2026, 6, 30))
    found = ending_contracts(actor=SYSTEM, first=date(2025, 6, 1), last=date(2025, 12, 31))
    assert [one.pk for one in found] == [soon.pk]
