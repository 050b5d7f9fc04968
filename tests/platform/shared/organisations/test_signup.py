"""Sign-up by form and API, its progress, and the first sign-in."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import check_password
from django.test import Client

from shared.accounts.models import User
from shared.accounts.services.people import add_person
from shared.kernel.actor import ANONYMOUS, SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Gone, Invalid, TooManyRequests
from shared.kernel.tenancy import organisation_context, shared_context
from shared.organisations.models import Domain, Organisation, ProvisioningJob
from shared.organisations.services.signin import first_sign_in_url, use_first_sign_in
from shared.organisations.services.signup import SignUp, sign_up
from shared.subscriptions.models import Subscription

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued")]

Details = Callable[..., SignUp]
FORM = {
    "organisation_name": "North Shore Electric",
    "subdomain": "north-shore",
    "plan": "starter",
    "owner_name": "Ann Owner",
    "email": "Ann@NorthShore.example",
    "password": "correct horse 9",
    "language": "fr-ca",
    "time_zone": "America/Halifax",
}
BODY = {**FORM}


@pytest.fixture
def visitor() -> Client:
    return Client(HTTP_HOST="localhost")


def _post(visitor: Client, path: str, body: dict[str, Any]) -> Any:
    return visitor.post(path, json.dumps(body), content_type="application/json")


def test_sign_up_reserves_the_address_and_signs_the_plan(new_details: Details) -> None:
    details = new_details(plan="enterprise", language="fr-ca", email=" Ann@X.example ")
    job = sign_up(actor=ANONYMOUS, details=details)
    organisation = job.organisation
    assert organisation is not None
    assert organisation.state == "provisioning"
    assert (organisation.schema_name, organisation.subdomain) == (details.subdomain,) * 2
    assert (organisation.owner_email, organisation.language) == ("ann@x.example", "fr-ca")
    assert Domain.objects.get(tenant=organisation).domain == f"{details.subdomain}.localhost"
    signed = Subscription.objects.get(organisation=organisation)
    assert signed.plan_version.plan.code == "enterprise"
    assert job.owner_password != details.password
    assert check_password(details.password, job.owner_password)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"organisation_name": "  "}, "organisation_name"),
        ({"organisation_name": "x\x00y"}, "organisation_name"),
        ({"owner_name": "x" * 151}, "owner_name"),
        ({"subdomain": "acme"}, "subdomain"),
        ({"subdomain": "Ünï"}, "subdomain"),
        ({"email": "nobody"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "password123"}, "password"),
        ({"password": "ann@northshore.example"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"plan": "free"}, "plan"),
        ({"language": "de"}, "language"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    acme: Organisation, new_details: Details, change: dict[str, str], field: str
) -> None:
    before = Organisation.objects.count()
    with pytest.raises(Invalid) as caught:
        sign_up(actor=ANONYMOUS, details=new_details(**change))
    assert {one.field for one in caught.value.errors} == {field}
    assert Organisation.objects.count() == before
    assert not ProvisioningJob.objects.exists()


def test_a_schema_somebody_else_made_is_not_taken_over(new_details: Details) -> None:
    with pytest.raises(Invalid) as caught:
        sign_up(actor=ANONYMOUS, details=new_details(subdomain="globex"))
    assert caught.value.errors[0].code == "taken"


def test_sign_ups_from_one_address_are_limited(new_details: Details, settings: Any) -> None:
    from dataclasses import replace

    settings.SIGN_UPS_PER_MINUTE = 2
    actor = replace(ANONYMOUS, ip="203.0.113.77")
    with time_machine.travel(now() + timedelta(days=2), tick=False):
        for _number in range(2):
            sign_up(actor=actor, details=new_details())
        with pytest.raises(TooManyRequests):
            sign_up(actor=actor, details=new_details())
        sign_up(actor=replace(actor, ip="203.0.113.78"), details=new_details())


def test_the_form_leads_to_the_progress(visitor: Client) -> None:
    page = visitor.get("/signup?plan=professional")
    assert page.status_code == 200
    chosen = re.search(r"<input[^>]*checked[^>]*>", page.text)
    assert chosen is not None
    assert 'value="professional"' in chosen.group()
    response = visitor.post("/signup", FORM)
    job = ProvisioningJob.objects.get()
    assert response.status_code == 302
    assert response.headers["Location"] == f"/signup/{job.id}"
    progress = visitor.get(f"/signup/{job.id}")
    assert progress.status_code == 200
    assert "North Shore Electric" in progress.text
    partial = visitor.get(f"/signup/{job.id}", HTTP_HX_REQUEST="true")
    assert "<html" not in partial.text
    assert "checklist" in partial.text


def test_a_refused_form_keeps_what_was_typed_but_not_the_password(
    visitor: Client, acme: Organisation
) -> None:
    response = visitor.post("/signup", {**FORM, "subdomain": "acme"})
    assert response.status_code == 422
    assert "North Shore Electric" in response.text
    assert FORM["password"] not in response.text
    assert "already has this address" in response.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("new-one", "is free"),
        ("acme", "is taken"),
        ("xn--x", "hyphens"),
        ("admin", "kept"),
        ("", ""),
    ],
)
def test_the_address_is_checked_while_it_is_typed(
    visitor: Client, acme: Organisation, typed: str, said: str
) -> None:
    response = visitor.get("/signup/subdomain", {"subdomain": typed})
    assert response.status_code == 200
    assert said in response.text


def test_a_failed_set_up_says_so_without_the_cause(visitor: Client) -> None:
    job = ProvisioningJob.objects.create(
        organisation_name="North",
        subdomain="north",
        owner_email="a@b.example",
        status="failed",
        error="RuntimeError: password=hunter2",
    )
    response = visitor.get(f"/signup/{job.id}")
    assert "could not be set up" in response.text
    assert "hunter2" not in response.text
    assert "hx-get" not in response.text


def test_the_api_signs_up_and_tells_how_far(visitor: Client) -> None:
    response = _post(visitor, "/api/v1/signup", BODY)
    assert response.status_code == 202, response.content
    answer = response.json()
    assert answer["url"] == "http://north-shore.localhost:8000"
    assert answer["status"] == "waiting"
    assert answer["schema_name"] == "north-shore"
    again = visitor.get(answer["status_url"])
    assert again.json() == answer
    assert [step["done"] for step in answer["steps"]] == [False] * 5


def test_the_api_names_every_wrong_field(visitor: Client, acme: Organisation) -> None:
    body = {**BODY, "subdomain": "acme", "password": "short", "plan": "free"}
    response = _post(visitor, "/api/v1/signup", body)
    assert response.status_code == 422
    fields = {one["field"] for one in response.json()["errors"]}
    assert fields == {"subdomain", "password", "plan"}
    assert _post(visitor, "/api/v1/signup", {**BODY, "role": "x"}).status_code == 422


def test_sign_up_twice_with_one_idempotency_key_is_once(visitor: Client) -> None:
    answers = [
        visitor.post(
            "/api/v1/signup",
            json.dumps(BODY),
            content_type="application/json",
            headers={"Idempotency-Key": "one-sign-up"},
        )
        for _number in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert ProvisioningJob.objects.count() == 1


@pytest.fixture
def owner(acme: Organisation) -> User:
    with organisation_context(acme):
        return add_person(
            actor=SYSTEM,
            email=acme.owner_email,
            name="Ann",
            role="owner",
            password="correct horse 9",
            email_verified=False,
        )


def _token(organisation: Organisation) -> str:
    return first_sign_in_url(organisation).rsplit("/", 1)[1]


def test_the_first_sign_in_works_once_and_only_there(
    acme: Organisation, globex: Organisation, owner: User
) -> None:
    token = _token(acme)
    with organisation_context(globex), pytest.raises(Gone):
        use_first_sign_in(actor=ANONYMOUS, token=token)
    with organisation_context(acme):
        assert use_first_sign_in(actor=ANONYMOUS, token=token) == owner
        with pytest.raises(Gone):
            use_first_sign_in(actor=ANONYMOUS, token=token)
        with pytest.raises(Gone):
            use_first_sign_in(actor=ANONYMOUS, token=token[:-2])


def test_the_first_sign_in_ends_after_five_minutes(acme: Organisation, owner: User) -> None:
    token = _token(acme)
    later = now() + timedelta(minutes=6)
    with time_machine.travel(later), organisation_context(acme), pytest.raises(Gone):
        use_first_sign_in(actor=ANONYMOUS, token=token)


def test_who_signed_up_lands_signed_in_and_others_at_the_sign_in(
    visitor: Client, acme: Organisation, owner: User, mailoutbox: list[Any]
) -> None:
    with shared_context():
        job = ProvisioningJob.objects.create(
            organisation=acme,
            organisation_name=acme.name,
            subdomain="acme",
            owner_email=acme.owner_email,
            status="done",
        )
    stranger = visitor.get(f"/signup/{job.id}", HTTP_HX_REQUEST="true")
    assert stranger.headers["HX-Redirect"] == f"{acme.url}/accounts/login/"
    session = visitor.session
    session["sign_up_job"] = str(job.id)
    session.save()
    mine = visitor.get(f"/signup/{job.id}")
    assert mine.status_code == 302
    url = mine.headers["Location"]
    assert url.startswith(f"{acme.url}/welcome/")
    browser = Client(HTTP_HOST=acme.host)
    landed = browser.get(url.removeprefix(acme.url))
    assert landed.status_code == 302
    with organisation_context(acme):
        assert browser.session["_auth_user_id"] == str(owner.pk)
    assert [mail.to for mail in mailoutbox] == [[owner.email]]
    assert visitor.get(f"/signup/{job.id}").headers["Location"] == f"{acme.url}/accounts/login/"
