"""What two people do at once to one contract happens one after the other."""

from datetime import date
from decimal import Decimal
from threading import Thread

from django.db import connections
from support.billing import make_contract

from shared.kernel.actor import SYSTEM
from shared.kernel.errors import AppError
from shared.kernel.tenancy import organisation_context
from tenants.contracts.models import Contract, ContractAdjustment, ContractRenewal
from tenants.contracts.services import (
    approve_adjustment,
    propose_adjustment,
    reject_adjustment,
    sweep_renewals,
)

LAST = date(2025, 6, 30)


def at_once(organisation, *acts):
    """Run each in a thread of its own; the refusals."""
    refused = []

    def run(act):
        try:
            with organisation_context(organisation):
                act()
        except AppError as error:
            refused.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return refused


def test_one_decision_counts_and_one_renewal_is_made(
    throwaway_organisation, django_db_blocker, actor_in
):
    with django_db_blocker.unblock(), organisation_context(throwaway_organisation):
        contract = make_contract(end_date=LAST, details={"auto_renew_months": 12})
        adjustment = propose_adjustment(
            actor=SYSTEM,
            contract_id=contract.contract_id,
            amount=Decimal("-250.00"),
            reason="Lift out of order",
            valid_from=date(2025, 3, 10),
        )
        given = {
            "contract_id": contract.contract_id,
            "adjustment_id": adjustment.adjustment_id,
            "note": "Decided",
        }
        refused = at_once(
            throwaway_organisation,
            lambda: approve_adjustment(actor=actor_in("approver"), **given),
            lambda: reject_adjustment(actor=actor_in("approver"), **given),
            lambda: approve_adjustment(actor=actor_in("tenant_admin"), **given),
        )
        assert len(refused) == 2
        assert ContractAdjustment.objects.exclude(status="proposed").count() == 1
        sweeps = [lambda: sweep_renewals(on=LAST)] * 3
        assert at_once(throwaway_organisation, *sweeps) == []
        assert ContractRenewal.objects.count() == 1
        assert Contract.objects.get().end_date == date(2026, 6, 30)
