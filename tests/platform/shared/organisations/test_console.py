"""The staff console and the staff's API on the bare domain."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from shared.accounts.models import User
from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from shared.keyring.models import DataKey
from shared.organisations.models import Organisation, ProvisioningJob
from shared.subscriptions.models import Plan, PlanVersion, Subscription
from shared.subscriptions.selectors import offered_version
from shared.subscriptions.services import start_subscription

pytestmark = pytest.mark.django_db

LISTS = (
    "organisations/organisation",
    "organisations/provisioningjob",
    "organisations/migrationstate",
    "subscriptions/plan",
    "subscriptions/planversion",
    "subscriptions/subscription",
    "accounts/user",
    "keyring/datakey",
    "keyring/rotationjob",
)


@pytest.fixture
def staff() -> Client:
    call_command("create_staff", "--email", "Sam@staff.example", "--password", "correct horse 9")
    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(email="sam@staff.example"))
    return client


@pytest.fixture
def signed(acme: Organisation) -> Subscription:
    from datetime import date

    version = offered_version(code="starter", on=date(2026, 11, 21))
    return start_subscription(organisation_id=acme.id, version=version)


@pytest.mark.parametrize("name", LISTS)
def test_staff_see_every_list(staff: Client, signed: Subscription, name: str) -> None:
    ProvisioningJob.objects.create(subdomain="x", organisation_name="X", owner_email="a@b.example")
    assert staff.get("/staff/").status_code == 200
    response = staff.get(f"/staff/{name}/")
    assert response.status_code == 200
    assert staff.get(f"/staff/{name}/?q=x").status_code == 200


def test_details_show_no_secret(staff: Client, acme: Organisation, signed: Subscription) -> None:
    key = DataKey.objects.filter(organisation_id=acme.id).first()
    job = ProvisioningJob.objects.create(
        subdomain="x", organisation_name="X", owner_email="a@b.example", owner_password="h4sh"
    )
    version = PlanVersion.objects.first()
    assert key is not None
    assert version is not None
    for path in (
        f"organisations/organisation/{acme.pk}",
        f"organisations/provisioningjob/{job.pk}",
        f"keyring/datakey/{key.pk}",
        f"subscriptions/planversion/{version.pk}",
        f"subscriptions/subscription/{signed.pk}",
    ):
        page = staff.get(f"/staff/{path}/change/")
        assert page.status_code == 200, path
        assert "wrapped_key" not in page.text
        assert "h4sh" not in page.text


def test_nobody_else_enters(acme: Organisation, staff: Client) -> None:
    stranger = Client(HTTP_HOST="localhost")
    response = stranger.get("/staff/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/")
    User.objects.filter(email="sam@staff.example").update(is_staff=False)
    assert staff.get("/staff/organisations/organisation/").status_code in (302, 403)
    with organisation_context(acme):
        owner = add_person(actor=SYSTEM, email="o@acme.example", name="O", role="owner")
        User.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    tenant = Client(HTTP_HOST=acme.host)
    with organisation_context(acme):
        tenant.force_login(owner)
    assert tenant.get("/staff/").status_code == 404


def test_actions_go_through_the_services(
    staff: Client, acme: Organisation, signed: Subscription
) -> None:
    base = f"/staff/organisations/organisation/{acme.pk}"
    asked = staff.get(f"{base}/suspend/")
    assert asked.status_code == 200
    acme.refresh_from_db()
    assert acme.state == "active"
    done = staff.post(f"{base}/suspend/", {"_form_submitted": "on", "reason": "Unpaid"})
    assert done.headers["HX-Redirect"] == f"{base}/change/"
    acme.refresh_from_db()
    assert (acme.state, acme.state_reason) == ("suspended", "Unpaid")
    for name, state in (
        ("reactivate", "active"),
        ("request_deletion", "deleting"),
        ("undo_deletion", "active"),
    ):
        staff.post(f"{base}/{name}/", {"_form_submitted": "on"})
        acme.refresh_from_db()
        assert acme.state == state, name
    assert staff.post(f"{base}/undo_deletion/", {"_form_submitted": "on"}).status_code == 403
    page = staff.get(f"{base}/change/").text
    assert "Suspend" in page
    assert "Undo deletion" not in page


def test_nothing_is_changed_or_deleted_by_hand(staff: Client, acme: Organisation) -> None:
    base = f"/staff/organisations/organisation/{acme.pk}"
    assert staff.post(f"{base}/change/", {"name": "Mine"}).status_code == 403
    assert staff.post(f"{base}/delete/", {"post": "yes"}).status_code == 403
    assert staff.get("/staff/organisations/organisation/add/").status_code == 403
    acme.refresh_from_db()
    assert acme.name == "Acme Electric"


def test_a_plan_version_is_published_from_the_console(staff: Client) -> None:
    plan = Plan.objects.get(code="starter")
    response = staff.post(
        "/staff/subscriptions/planversion/add/",
        {
            "plan": str(plan.pk),
            "price_per_month": "59",
            "currency": "CAD",
            "usage_fee_rate": "0.005",
            "trial_days": "14",
            "limits": '{"contractors": 12}',
            "features": "{}",
            "highlights": '{"en": ["Up to 12 contractors"]}',
            "effective_date": "2027-01-01",
        },
    )
    assert response.status_code == 302
    version = PlanVersion.objects.get(plan=plan, number=2)
    assert (version.price_per_month, version.limits) == (59, {"contractors": 12})


def test_the_staffs_api(staff: Client, acme: Organisation, signed: Subscription) -> None:
    anonymous = Client(HTTP_HOST="localhost")
    assert anonymous.get("/api/v1/organisations").status_code == 401
    listed = staff.get("/api/v1/organisations", {"subdomain": "acme"}).json()
    assert [(one["subdomain"], one["plan"]) for one in listed["items"]] == [("acme", "starter")]
    assert staff.get(f"/api/v1/organisations/{acme.pk}").json()["url"] == acme.url
    _act(staff, acme, "suspend", {"reason": "Unpaid"}, "suspended")
    _act(staff, acme, "reactivate", None, "active")
    _act(staff, acme, "erase", None, "deleting")
    _act(staff, acme, "undo-erase", None, "active")


def _act(
    staff: Client, acme: Organisation, verb: str, body: dict[str, Any] | None, state: str
) -> None:
    token = staff.get("/signin").context["csrf_token"]
    response = staff.post(
        f"/api/v1/organisations/{acme.pk}/{verb}",
        json.dumps(body) if body else None,
        content_type="application/json",
        headers={"X-CSRFToken": str(token)},
    )
    assert response.status_code == 200, response.content
    assert response.json()["state"] == state


def test_a_weak_password_makes_no_staff() -> None:
    with pytest.raises(CommandError):
        call_command("create_staff", "--email", "sam@staff.example", "--password", "short")
    assert not User.objects.exists()


def test_the_query_count_of_the_list_does_not_grow(
    staff: Client, signed: Subscription, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        name = f"north{number}"
        Organisation.objects.create(name=name, schema_name=name, subdomain=name)
    staff.get("/staff/organisations/organisation/")
    with django_assert_max_num_queries(15):
        staff.get("/staff/organisations/organisation/")
    with django_assert_max_num_queries(8):
        staff.get("/api/v1/organisations")
