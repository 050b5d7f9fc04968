"""Plans as data: what is offered, what was signed, what nobody changes."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from shared.accounts.permissions import PLATFORM
from shared.audit.models import Entry
from shared.kernel.actor import ANONYMOUS, Actor
from shared.kernel.errors import Invalid, Unauthenticated
from shared.organisations.models import Organisation
from shared.subscriptions.models import Plan, PlanVersion
from shared.subscriptions.selectors import (
    feature_of,
    limit_of,
    offered_version,
    offered_versions,
)
from shared.subscriptions.services import publish_plan_version, seed_plans, start_subscription

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 21)
STAFF = Actor(kind="staff", id="1", label="Sam Staff", permissions=PLATFORM)


def _publish(code: str, **changes: Any) -> PlanVersion:
    given: dict[str, Any] = {
        "price_per_month": Decimal(59),
        "currency": "CAD",
        "usage_fee_rate": Decimal("0.004"),
        "trial_days": 7,
        "limits": {"contractors": 12},
        "features": {},
        "highlights": {"en": ["Up to 12 contractors"]},
        "effective_date": TODAY,
        **changes,
    }
    return publish_plan_version(actor=STAFF, plan_id=Plan.objects.get(code=code).pk, **given)


def test_the_plans_are_those_of_the_price_list() -> None:
    offered = offered_versions(on=TODAY)
    assert [(one.plan.code, one.price_per_month, one.limits["contractors"]) for one in offered] == [
        ("starter", 49, 10),
        ("professional", 149, 50),
        ("enterprise", 399, None),
    ]
    assert {one.usage_fee_rate for one in offered} == {Decimal("0.005")}
    assert [one.features.get("sso", False) for one in offered] == [False, False, True]


def test_seeding_again_changes_nothing() -> None:
    _publish("starter")
    seed_plans()
    assert PlanVersion.objects.count() == 4


def test_a_new_version_is_offered_from_its_day_and_recorded() -> None:
    version = _publish("starter", effective_date=TODAY + timedelta(days=1))
    assert version.number == 2
    assert offered_version(code="starter", on=TODAY).number == 1
    assert offered_version(code="starter", on=TODAY + timedelta(days=1)).number == 2
    payload = json.loads(Entry.objects.get(action="plan.version_published").payload)
    assert payload["after"] == {"plan": "starter", "version": 2, "price": "59"}


def test_a_customer_stays_on_the_version_it_signed(acme: Organisation) -> None:
    start_subscription(organisation_id=acme.id, version=offered_version(code="starter", on=TODAY))
    _publish("starter")
    assert limit_of(acme.id, "contractors") == 10
    assert feature_of(acme.id, "dashboard") == "basic"
    assert feature_of(acme.id, "sso") is None
    again = start_subscription(
        organisation_id=acme.id, version=offered_version(code="enterprise", on=TODAY)
    )
    assert again.plan_version.plan.code == "starter"
    with pytest.raises(KeyError):
        limit_of(acme.id, "contractor")


def test_unlimited_is_none(acme: Organisation) -> None:
    version = offered_version(code="enterprise", on=TODAY)
    subscription = start_subscription(organisation_id=acme.id, version=version)
    assert limit_of(acme.id, "contractors") is None
    assert subscription.trial_ends_at - subscription.started_at == timedelta(days=14)


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_a_version(change: str) -> None:
    version = PlanVersion.objects.filter(plan__code="starter")
    with pytest.raises(DatabaseError), transaction.atomic():
        version.update(price_per_month=1) if change == "update" else version.delete()
    assert version.get().price_per_month == 49


@pytest.mark.parametrize("limit", [-1, "10", 1.5, True])
def test_a_limit_is_a_whole_number_or_null(limit: Any) -> None:
    with pytest.raises(Invalid):
        _publish("starter", limits={"contractors": limit})
    assert PlanVersion.objects.count() == 3


def test_only_staff_publish() -> None:
    with pytest.raises(Unauthenticated):
        publish_plan_version(
            actor=ANONYMOUS,
            plan_id=Plan.objects.get(code="starter").pk,
            price_per_month=Decimal(1),
            currency="CAD",
            usage_fee_rate=Decimal(0),
            trial_days=0,
            limits={},
            features={},
            highlights={},
            effective_date=TODAY,
        )


def test_an_unknown_or_withdrawn_plan_is_not_sold() -> None:
    Plan.objects.filter(code="starter").update(is_offered=False)
    for code in ("starter", "free"):
        with pytest.raises(Invalid) as caught:
            offered_version(code=code, on=TODAY)
        assert caught.value.errors[0].field == "plan"


def test_the_price_list_is_open_to_everybody(django_assert_num_queries: Any) -> None:
    client = Client(HTTP_HOST="localhost")
    client.get("/api/v1/plans")
    with django_assert_num_queries(1):
        response = client.get("/api/v1/plans")
    assert response.status_code == 200
    first = response.json()[0]
    assert first["code"] == "starter"
    assert first["price_per_month"] == 49.0
    assert '"price_per_month":49.00' in response.text.replace(": ", ":")
    assert first["limits"] == {"contractors": 10}
