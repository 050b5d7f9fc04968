"""Negotiated adjustments: two people, a reason, then never changed."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed
from tenants.contracts.models import ContractAdjustment
from tenants.contracts.services import (
    approve_adjustment,
    propose_adjustment,
    reject_adjustment,
    terminate_contract,
)
from tenants.invoices.services import generate_invoice
from tenants.review.models import ReviewItem


@pytest.fixture
def proposer(actor_in):
    return actor_in("billing_manager")


@pytest.fixture
def approver(actor_in):
    return actor_in("approver")


def propose(actor, contract, **changes):
    given = {
        "amount": Decimal("-250.00"),
        "reason": "Lift out of order",
        "valid_from": date(2025, 3, 10),
        **changes,
    }
    return propose_adjustment(actor=actor, contract_id=contract.contract_id, **given)


def approve(actor, adjustment, **options):
    return approve_adjustment(
        actor=actor,
        contract_id=adjustment.contract.contract_id,
        adjustment_id=adjustment.adjustment_id,
        **options,
    )


def test_one_proposes_and_another_approves(in_acme, proposer, approver):
    adjustment = propose(proposer, make_contract())
    assert adjustment.status == "proposed"
    decided = approve(approver, adjustment, note="Agreed by phone")
    assert (decided.status, decided.decided_by) == ("approved", approver.label)
    assert decided.decided_at is not None


def test_nobody_decides_about_the_own_proposal(in_acme, proposer):
    adjustment = propose(proposer, make_contract())
    with pytest.raises(Conflict):
        approve(proposer, adjustment)
    with pytest.raises(Conflict):
        reject_adjustment(
            actor=proposer,
            contract_id=adjustment.contract.contract_id,
            adjustment_id=adjustment.adjustment_id,
            note="No",
        )


def test_the_database_too_wants_two_people(in_acme, proposer):
    adjustment = propose(proposer, make_contract())
    adjustment.status, adjustment.decider = "approved", adjustment.proposer
    with pytest.raises(IntegrityError, match="decided_by_another"), transaction.atomic():
        adjustment.save()


def test_what_is_decided_stays(in_acme, proposer, approver):
    adjustment = approve(approver, propose(proposer, make_contract()))
    with pytest.raises(Conflict):
        approve(approver, adjustment)
    adjustment.amount = Decimal(1)
    with pytest.raises(IntegrityError, match="is decided"), transaction.atomic():
        adjustment.save()
    with pytest.raises(IntegrityError, match="is decided"), transaction.atomic():
        adjustment.delete()


def test_a_rejection_needs_a_reason(in_acme, proposer, approver):
    adjustment = propose(proposer, make_contract())
    given = {
        "actor": approver,
        "contract_id": adjustment.contract.contract_id,
        "adjustment_id": adjustment.adjustment_id,
    }
    with pytest.raises(Invalid):
        reject_adjustment(**given, note=" ")
    assert reject_adjustment(**given, note="Not agreed").status == "rejected"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal("0.005")}, "amount"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"valid_from": date(2023, 12, 31)}, "valid_from"),
        ({"valid_to": date(2025, 4, 1)}, "valid_to"),
        ({"is_monthly": True}, "valid_to"),
        ({"is_monthly": True, "valid_to": date(2025, 3, 9)}, "valid_to"),
        ({"is_monthly": True, "valid_to": date(2035, 3, 9)}, "valid_to"),
    ],
)
def test_each_wrong_field_is_named(in_acme, proposer, changes, field):
    contract = make_contract()
    with pytest.raises(Invalid) as refused:
        propose(proposer, contract, **changes)
    assert [error.field for error in refused.value.errors] == [field]
    assert ContractAdjustment.objects.count() == 0


def test_who_may_and_what_is_there(in_acme, proposer, approver, actor_in):
    contract, other = make_contract(), make_contract()
    with pytest.raises(Forbidden):
        propose(approver, contract)
    adjustment = propose(proposer, contract)
    with pytest.raises(Forbidden):
        approve(actor_in("viewer"), adjustment)
    with pytest.raises(NotFound):  # of another contract
        approve_adjustment(
            actor=approver,
            contract_id=other.contract_id,
            adjustment_id=adjustment.adjustment_id,
        )
    with pytest.raises(PreconditionFailed):
        approve(approver, adjustment, expected_revision=7)
    terminate_contract(actor=SYSTEM, contract_id=other.contract_id, last_day=date(2025, 12, 31))
    with pytest.raises(Conflict):
        propose(proposer, other)


def test_an_invoiced_period_is_named_and_recalculated_on_request(in_acme, proposer, approver):
    site = make_site()
    contract = make_contract(site)
    march = Period(date(2025, 3, 1), date(2025, 3, 31))
    invoice = generate_invoice(actor=SYSTEM, site_id=site.site_id, period=march).invoice
    adjustment = propose(proposer, contract)
    with pytest.raises(Conflict) as refused:
        approve(approver, adjustment)
    assert [one["invoice_id"] for one in refused.value.extra["invoices"]] == [invoice.invoice_id]
    assert approve(approver, adjustment, allow_invoiced=True).status == "approved"
    assert ReviewItem.objects.get().target_id == invoice.pk


def test_another_organisation_knows_nothing_of_it(in_acme, globex, proposer, approver):
    from shared.kernel.tenancy import organisation_context

    adjustment = propose(proposer, make_contract(contract_id="CON00000321"))
    with organisation_context(globex):
        make_contract(contract_id="CON00000321")
        with pytest.raises(NotFound):
            approve(approver, adjustment)
