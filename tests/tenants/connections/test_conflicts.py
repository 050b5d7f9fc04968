from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site

from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed
from shared.kernel.tenancy import organisation_context
from tenants.connections.models import SyncConflict
from tenants.connections.services.conflicts import Choice, resolve_conflict, resolve_conflicts
from tenants.contracts.models import ContractTerms
from tenants.review.models import ReviewItem
from tenants.sites.services import create_territory, update_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(connection, territory):
    return make_site(territory_id="TER0001")


@pytest.fixture
def conflict(site, reconcile, sandbox):
    """They say the site is in another territory."""
    reconcile()
    create_territory(actor=SYSTEM, name="Ottawa", territory_id="TER0002")
    sandbox.change("customers", site.site_id, territory_code="TER0002")
    reconcile()
    return SyncConflict.objects.get()


@pytest.fixture
def type_conflict(site, reconcile, sandbox):
    contract = make_contract(site)
    reconcile()
    sandbox.change(
        "contract-configurations",
        contract.contract_id,
        billing_method="revenue_share",
        configuration={"revenue_percentage": Decimal("0.25"), "minimum_amount": 500},
    )
    reconcile()
    return SyncConflict.objects.get()


def decide(conflict, choice, **changes):
    return resolve_conflict(
        actor=changes.pop("actor", SYSTEM),
        conflict_id=conflict.pk,
        choice=Choice(choice, changes.pop("value", None), changes.pop("effective_date", None)),
        **changes,
    )


def test_ours_is_sent(conflict, sync, sandbox, site):
    decide(conflict, "ours")
    sync()
    assert sandbox.customers[site.site_id]["territory_code"] == "TER0001"
    conflict.refresh_from_db()
    assert (conflict.status, conflict.resolution, conflict.value) == ("resolved", "ours", "TER0001")
    assert [one.what for one in conflict.history.all()] == ["found", "resolved"]
    assert not ReviewItem.objects.filter(kind="sync_conflict", status="open").exists()
    assert Entry.objects.filter(action="conflict.resolved").exists()


def test_theirs_becomes_ours(conflict, sync, sandbox, site):
    decide(conflict, "theirs")
    site.refresh_from_db()
    assert site.territory.territory_id == "TER0002"
    sync()
    assert sandbox.customers[site.site_id]["territory_code"] == "TER0002"
    assert not SyncConflict.objects.filter(status="open").exists()


def test_another_value_becomes_both(conflict, sync, sandbox, site):
    create_territory(actor=SYSTEM, name="Kingston", territory_id="TER0003")
    decide(conflict, "edited", value="TER0003")
    site.refresh_from_db()
    assert site.territory.territory_id == "TER0003"
    sync()
    assert sandbox.customers[site.site_id]["territory_code"] == "TER0003"


def test_a_value_that_does_not_fit_changes_nothing(conflict, site):
    with pytest.raises(Invalid) as caught:
        decide(conflict, "edited", value="TER9999")
    assert [one.field for one in caught.value.errors] == ["territory_id"]
    conflict.refresh_from_db()
    assert conflict.status == "open"
    for value in (None, {"a": "b"}):
        with pytest.raises(Invalid):
            decide(conflict, "edited", value=value)


def test_it_is_decided_once(conflict):
    decide(conflict, "ours")
    with pytest.raises(Conflict):
        decide(conflict, "theirs")


def test_a_stale_decision_is_refused(conflict):
    with pytest.raises(PreconditionFailed):
        decide(conflict, "ours", expected_revision=conflict.revision + 1)


def test_a_decision_on_what_has_changed_meanwhile_is_refused(conflict, site):
    create_territory(actor=SYSTEM, name="Kingston", territory_id="TER0003")
    update_site(actor=SYSTEM, site_id=site.site_id, territory_id="TER0003")
    with pytest.raises(Conflict):
        decide(conflict, "theirs")


def test_their_type_brings_its_rates_from_a_day_on(type_conflict, sync, sandbox):
    assert type_conflict.kind == "contract_type_mismatch"
    decide(type_conflict, "theirs", effective_date=date(2026, 12, 1))
    terms = ContractTerms.objects.order_by("valid_from").last()
    assert (terms.contract_type, terms.valid_from) == ("revenue_share", date(2026, 12, 1))
    assert terms.billing_configuration == {
        "revenue_share_rate": Decimal("0.25"),
        "minimum_guarantee": Decimal(500),
    }
    sync()
    assert not SyncConflict.objects.filter(status="open").exists()
    assert sandbox.configurations[type_conflict.code]["billing_method"] == "revenue_share"


def test_our_type_is_sent_with_our_rates(type_conflict, sync, sandbox):
    decide(type_conflict, "ours")
    sync()
    sent = sandbox.configurations[type_conflict.code]
    assert sent["billing_method"] == "fixed_fee"
    assert sent["configuration"] == {"monthly_fee": Decimal(1000)}


def test_a_third_type_has_no_rates(type_conflict):
    with pytest.raises(Conflict):
        decide(type_conflict, "edited", value="per_labor_hour")


def test_several_are_decided_item_by_item(conflict, site, reconcile, sandbox):
    sandbox.change(
        "customers", "SITE777777", customer_name="Who?", billing_address={}, territory_code=""
    )
    reconcile()
    unknown = SyncConflict.objects.get(code="SITE777777")
    outcomes = resolve_conflicts(
        actor=SYSTEM, conflict_ids=[unknown.pk, conflict.pk], choice=Choice("theirs")
    )
    assert [one.conflict is not None for one in outcomes] == [False, True]
    site.refresh_from_db()
    assert site.territory.territory_id == "TER0002"
    unknown.refresh_from_db()
    assert unknown.status == "open"
    decide(unknown, "ours")


def test_who_may_decide(conflict, actor_in, globex):
    with pytest.raises(Forbidden):
        decide(conflict, "ours", actor=actor_in("viewer"))
    with organisation_context(globex), pytest.raises(NotFound):
        decide(conflict, "ours")
    decide(conflict, "theirs", actor=actor_in("billing_manager"))
