"""Idempotency keys and rate limits, through the whole middleware, at URLs of their own."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
import redis
from django.db import connection, connections
from django.http import HttpRequest
from django.test import override_settings
from django.urls import path
from ninja import Router, Status
from support.threads import WAIT

from shared.accounts.models import User
from shared.idempotency import limits, services
from shared.idempotency.models import IdempotencyKey
from shared.idempotency.services import purge_expired_keys
from shared.idempotency.tasks import purge_all_keys
from shared.kernel.api import Schema, make_api
from shared.kernel.clock import now
from shared.kernel.errors import Conflict
from shared.kernel.tenancy import organisation_context
from shared.outbox.models import Event

THREADS = 20
router = Router()
gate = threading.Event()
entered = threading.Event()


class Body(Schema):
    name: str


class Made(Schema):
    number: int
    name: str


def make_row(topic):
    """A row that shows how often a request was carried out."""
    return Event.objects.create(topic=topic, key="k", payload={}, published_at=now())


@router.post("/made", response={201: Made})
def make(request: HttpRequest, body: Body):
    return Status(201, {"number": make_row("test.made").pk, "name": body.name})


@router.post("/slow", response={201: Made})
def make_slowly(request: HttpRequest, body: Body):
    row = make_row("test.slow")
    entered.set()
    assert gate.wait(20)
    return Status(201, {"number": row.pk, "name": body.name})


@router.post("/refused")
def refuse(request: HttpRequest):
    make_row("test.refused")
    raise Conflict("Not now.")


@router.post("/broken")
def break_down(request: HttpRequest):
    make_row("test.broken")
    if Event.objects.filter(topic="test.repaired").exists():
        return {"fine": True}
    raise RuntimeError


@router.post("/signup", auth=None)
def sign_up(request: HttpRequest):
    return {"number": make_row("test.signup").pk}


@router.post("/open", auth=None)
def be_open(request: HttpRequest):
    return {"number": make_row("test.open").pk}


@router.get("/read")
def read(request: HttpRequest):
    return {"number": make_row("test.read").pk}


api = make_api(title="Test", description="", namespace="test-idempotency", rights={})
api.add_router("", router)
urlpatterns = [path("api/v1/", api.urls)]
handler404 = "shared.kernel.views.page_not_found"
handler500 = "shared.kernel.views.server_error"


def sign_in(client_for, organisation, name):
    with organisation_context(organisation):
        user = User.objects.create_user(f"{name}@example.com", "x" * 12, role="owner")
    browser = client_for(organisation)
    browser.force_login(user)
    browser.raise_request_exception = False
    return browser


@pytest.fixture(autouse=True)
def _own_urls():
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def client(acme, client_for):
    return sign_in(client_for, acme, "keys")


def post(client, where, key, body=None, **headers):
    return client.post(
        f"/api/v1/{where}",
        json.dumps(body or {"name": "a"}),
        content_type="application/json",
        headers={"idempotency-key": key, **headers},
    )


def count(organisation, topic):
    with organisation_context(organisation):
        return Event.objects.filter(topic=topic).count()


def test_the_same_key_and_body_get_the_first_answer_again(client, acme):
    first, second = (post(client, "made", "key-1") for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert second["Content-Type"] == first["Content-Type"]
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert count(acme, "test.made") == 1


def test_without_a_key_each_request_counts(client, acme):
    for _ in range(2):
        client.post("/api/v1/made", '{"name": "a"}', content_type="application/json")
    assert count(acme, "test.made") == 2


@pytest.mark.parametrize(
    "again", [{"body": {"name": "b"}}, {"where": "made?explain=true"}], ids=["body", "query"]
)
def test_the_same_key_with_another_content_is_refused(client, acme, again):
    post(client, "made", "key-2")
    answer = post(client, **{"where": "made", "key": "key-2", **again})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "used_with_other_body"
    assert count(acme, "test.made") == 1


def test_a_key_belongs_to_its_caller_path_and_organisation(client, acme, globex, client_for):
    post(client, "made", "key-3")
    assert "Idempotency-Replayed" not in post(sign_in(client_for, acme, "other"), "made", "key-3")
    assert "Idempotency-Replayed" not in post(sign_in(client_for, globex, "keys"), "made", "key-3")
    assert post(client, "refused", "key-3").status_code == 409
    assert count(acme, "test.made") == 2


def test_a_refusal_is_kept_and_leaves_nothing_behind(client, acme):
    first, second = (post(client, "refused", "key-4") for _ in range(2))
    assert (first.status_code, second.status_code) == (409, 409)
    assert second["Idempotency-Replayed"] == "true"
    assert first.content == second.content
    assert count(acme, "test.refused") == 0


def test_a_breakdown_undoes_everything_and_may_be_tried_again(client, acme):
    assert post(client, "broken", "key-5").status_code == 500
    assert count(acme, "test.broken") == 0
    with organisation_context(acme):
        make_row("test.repaired")
    assert post(client, "broken", "key-5").json() == {"fine": True}
    assert count(acme, "test.broken") == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "é"])
def test_a_key_that_is_none_is_refused(client, acme, key):
    answer = client.post(
        "/api/v1/made",
        '{"name": "a"}',
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY=key,
    )
    assert answer.status_code == 422
    assert count(acme, "test.made") == 0


def test_nobody_keeps_keys_except_to_sign_up(acme, client_for):
    client = client_for(acme)
    first, second = (post(client, "signup", "key-6") for _ in range(2))
    assert first.json() == second.json()
    elsewhere = client.post(
        "/api/v1/signup",
        '{"name": "a"}',
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY="key-6",
        REMOTE_ADDR="192.0.2.99",
    )
    assert elsewhere.json() != first.json()
    assert post(client, "open", "key-6").json() != post(client, "open", "key-6").json()
    assert post(client, "made", "key-6").status_code == 401


def test_reading_needs_no_key(client, acme):
    for _ in range(2):
        client.get("/api/v1/read", headers={"idempotency-key": "key-7"})
    assert count(acme, "test.read") == 2


def test_answers_are_stored_encrypted(client, acme):
    post(client, "made", "key-8", {"name": "shown once"})
    with organisation_context(acme), connection.cursor() as cursor:
        cursor.execute("SELECT body::text FROM idempotency_idempotencykey")
        stored = " ".join(text for (text,) in cursor.fetchall())
        assert "shown once" not in stored
        assert b"shown once".hex() not in stored
        assert "shown once" in (IdempotencyKey.objects.get().body or "")


def test_a_key_is_free_again_after_a_day_and_then_removed(client, acme):
    first = post(client, "made", "key-9").json()
    with organisation_context(acme):
        IdempotencyKey.objects.update(created_at=now() - timedelta(hours=25))
    assert post(client, "made", "key-9", {"name": "new"}).json()["number"] != first["number"]
    with organisation_context(acme):
        assert purge_expired_keys() == 0
        IdempotencyKey.objects.update(created_at=now() - timedelta(hours=25))
    purge_all_keys()
    with organisation_context(acme):
        assert not IdempotencyKey.objects.exists()


def test_threads_with_one_key_carry_it_out_once(throwaway_organisation, client_for, monkeypatch):
    """Nineteen of twenty hear 409 while the first runs; then all get its answer, also a refusal."""
    organisation = throwaway_organisation
    first = sign_in(client_for, organisation, "many")
    first.get("/")  # loads the middleware, which registers its metrics once a process
    gate.clear()
    entered.clear()

    def ask(_number, where="slow"):
        try:
            client = client_for(organisation)
            client.cookies = first.cookies
            return post(client, where, "key-10")
        finally:
            connections.close_all()

    def keep_while_asked(row, response):
        meanwhile.append(pool.submit(ask, 1, "refused").result(WAIT))
        keep(row, response)

    with ThreadPoolExecutor(THREADS) as pool:
        waiting = [pool.submit(ask, n) for n in range(THREADS)]
        assert entered.wait(20)
        busy = _finished(waiting, THREADS - 1)
        other = post(first, "slow", "key-10", {"name": "other"})
        gate.set()
        answers = [future.result() for future in waiting]

    assert [answer.status_code for answer in busy] == [409] * (THREADS - 1)
    assert busy[0].json()["code"] == "still_running"
    assert busy[0]["Retry-After"] == "1"
    assert other.status_code == 422
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (THREADS - 1)
    assert post(first, "slow", "key-10").status_code == 201
    assert count(organisation, "test.slow") == 1
    keep, meanwhile = services._keep, []
    monkeypatch.setattr(services, "_keep", keep_while_asked)
    with ThreadPoolExecutor(1) as pool:
        refused = post(first, "refused", "key-10")
    assert [answer.json()["code"] for answer in (refused, *meanwhile)] == [
        "conflict",
        "still_running",
    ]


def _finished(futures, wanted):
    """The answers of the first futures to finish; fails after 20 seconds."""
    deadline = threading.Event()
    for _tick in range(400):
        done = [future.result() for future in futures if future.done()]
        if len(done) >= wanted:
            return done
        deadline.wait(0.05)
    raise AssertionError(f"only {len(done)} of {wanted} were answered")


def test_every_answer_tells_what_is_left_and_too_many_are_refused(client, acme):
    with override_settings(RATE_LIMIT_PER_MINUTE=3):
        answers = [client.get("/api/v1/read") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
    assert {answer["RateLimit-Limit"] for answer in answers} == {"3"}
    refused = answers[-1]
    assert refused.json()["code"] == "too_many_requests"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["Retry-After"] == refused["RateLimit-Reset"]
    assert count(acme, "test.read") == 3


def test_one_caller_does_not_use_up_anothers_requests(client, acme, globex, client_for):
    others = [sign_in(client_for, acme, "rate-b"), sign_in(client_for, globex, "keys")]
    with override_settings(RATE_LIMIT_PER_MINUTE=1):
        assert [client.get("/api/v1/read").status_code for _ in range(2)] == [200, 429]
        assert [other.get("/api/v1/read").status_code for other in others] == [200, 200]


def test_the_window_slides(in_acme, time_machine):
    """At 60 a minute: half a window later, half of what was used is free again."""
    caller = uuid4().hex
    time_machine.move_to("2026-11-21T10:00:00Z", tick=False)
    assert all(limits.take(caller, limit=60).allowed for _ in range(60))
    assert not limits.take(caller, limit=60).allowed
    time_machine.move_to("2026-11-21T10:01:30Z", tick=False)
    assert [limits.take(caller, limit=60).allowed for _ in range(31)] == [True] * 30 + [False]
    time_machine.move_to("2026-11-21T10:04:00Z", tick=False)
    assert limits.take(caller, limit=60).remaining == 59


def test_without_redis_the_service_stays_open(client, acme, monkeypatch):
    def fail(**_given):
        raise redis.ConnectionError

    monkeypatch.setattr(limits, "_script", lambda: fail)
    answer = client.get("/api/v1/read")
    assert answer.status_code == 200
    assert "RateLimit-Limit" not in answer
