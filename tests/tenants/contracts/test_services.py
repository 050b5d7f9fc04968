"""Contracts and their dated terms: a change never alters a past period."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed
from tenants.contracts.models import Contract, ContractTerms
from tenants.contracts.selectors import contract_by_code, terms_on
from tenants.contracts.services import (
    TermsInput,
    activate_contract,
    change_terms,
    create_contract,
    terminate_contract,
)
from tenants.invoices.services import generate_invoice

FEE_2000 = TermsInput("fixed_fee", {"monthly_fee": "2000.00"})


def change(contract, day, terms=FEE_2000):
    return change_terms(
        actor=SYSTEM, contract_id=contract.contract_id, terms=terms, effective_date=day
    )


def fee_on(contract, day):
    fresh = contract_by_code(actor=SYSTEM, contract_id=contract.contract_id)
    terms = terms_on(fresh, day)
    return terms and str(terms.billing_configuration["monthly_fee"])


def test_change_keeps_the_days_before(in_acme):
    contract = make_contract()
    change(contract, date(2025, 3, 1))
    assert fee_on(contract, date(2025, 2, 28)) == "1000.00"
    assert fee_on(contract, date(2025, 3, 1)) == "2000.00"
    assert fee_on(contract, date(2023, 12, 31)) is None


def test_change_before_a_scheduled_one_ends_the_day_before_it(in_acme):
    contract = make_contract()
    change(contract, date(2025, 6, 1), TermsInput("fixed_fee", {"monthly_fee": "3000.00"}))
    change(contract, date(2025, 3, 1))
    fees = [fee_on(contract, date(2025, month, 1)) for month in (2, 3, 5, 6)]
    assert fees == ["1000.00", "2000.00", "2000.00", "3000.00"]


def test_invoiced_days_keep_their_terms(in_acme):
    site = make_site()
    contract = make_contract(site)
    generate_invoice(
        actor=SYSTEM, site_id=site.site_id, period=Period(date(2025, 1, 1), date(2025, 1, 31))
    )
    with pytest.raises(Conflict) as refused:
        change(contract, date(2025, 1, 15))
    assert refused.value.errors[0].field == "effective_date"
    assert fee_on(contract, date(2025, 1, 15)) == "1000.00"
    assert change(contract, date(2025, 2, 1)).change_id.startswith("CHG")


def test_database_refuses_overlapping_terms(in_acme):
    contract = make_contract()
    with pytest.raises(IntegrityError, match="terms_never_overlap"), transaction.atomic():
        ContractTerms.objects.create(
            change_id="CHG900000001",
            contract=contract,
            contract_type="fixed_fee",
            billing_configuration={"monthly_fee": 5},
            valid_from=date(2026, 1, 1),
        )


def test_every_wrong_field_is_named_and_nothing_saved(in_acme):
    site = make_site()
    with pytest.raises(Invalid) as refused:
        create_contract(
            actor=SYSTEM,
            site_id=site.site_id,
            terms=TermsInput(
                "revenue_share",
                {"revenue_share_rate": 15, "minimum_guarantee": -1, "surprise": True},
            ),
            effective_date=date(2025, 1, 1),
        )
    assert {error.field for error in refused.value.errors} == {
        "billing_configuration.revenue_share_rate",
        "billing_configuration.minimum_guarantee",
        "billing_configuration.surprise",
    }
    assert Contract.objects.count() == 0


def test_taken_and_malformed_ids(in_acme):
    contract = make_contract(contract_id="CON00000777")
    with pytest.raises(Conflict):
        make_contract(contract.site, contract_id="CON00000777")
    with pytest.raises(Invalid):
        make_contract(contract.site, contract_id="CON777")
    with pytest.raises(NotFound):
        activate_contract(actor=SYSTEM, contract_id="CON99999999")


def test_assigned_ids_pass_over_chosen_ones(in_acme):
    first = make_contract()
    following = f"CON{int(first.contract_id[3:]) + 1:08}"
    make_contract(first.site, contract_id=following)
    assert make_contract(first.site).contract_id not in (first.contract_id, following)


def test_activation_is_idempotent_and_stale_reads_are_refused(in_acme):
    contract = make_contract(active=False)
    active = activate_contract(
        actor=SYSTEM, contract_id=contract.contract_id, expected_revision=contract.revision
    )
    assert active.status == "active"
    with pytest.raises(PreconditionFailed):
        terminate_contract(
            actor=SYSTEM,
            contract_id=contract.contract_id,
            last_day=date(2026, 1, 1),
            expected_revision=contract.revision,
        )
    assert Contract.objects.get().status == "active"


def test_terminated_contract_cannot_lose_invoiced_days(in_acme):
    site = make_site()
    contract = make_contract(site)
    generate_invoice(
        actor=SYSTEM, site_id=site.site_id, period=Period(date(2025, 1, 1), date(2025, 1, 31))
    )
    with pytest.raises(Conflict):
        terminate_contract(
            actor=SYSTEM, contract_id=contract.contract_id, last_day=date(2025, 1, 20)
        )
    ended = terminate_contract(
        actor=SYSTEM, contract_id=contract.contract_id, last_day=date(2025, 1, 31)
    )
    assert (ended.status, ended.end_date) == ("terminated", date(2025, 1, 31))


def test_a_termination_never_makes_a_contract_longer(in_acme):
    contract = make_contract(end_date=date(2025, 6, 30))
    with pytest.raises(Invalid) as refused:
        terminate_contract(
            actor=SYSTEM, contract_id=contract.contract_id, last_day=date(2026, 6, 30)
        )
    assert refused.value.errors[0].code == "after_end"
    contract.refresh_from_db()
    assert (contract.status, contract.end_date) == ("active", date(2025, 6, 30))
    for day in (date(2025, 3, 31), date(2025, 6, 30)):  # the first day was a slip
        ended = terminate_contract(actor=SYSTEM, contract_id=contract.contract_id, last_day=day)
        assert ended.end_date == day


def test_viewer_may_not_write(in_acme, actor_in):
    contract = make_contract(active=False)
    with pytest.raises(Forbidden):
        activate_contract(actor=actor_in("viewer"), contract_id=contract.contract_id)
    with pytest.raises(Forbidden):
        change_terms(
            actor=actor_in("approver"),
            contract_id=contract.contract_id,
            terms=FEE_2000,
            effective_date=date(2025, 1, 1),
        )
    assert Contract.objects.get().status == "draft"
