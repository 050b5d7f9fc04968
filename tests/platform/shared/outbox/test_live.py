"""The event server, driven as an ASGI application."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from django.db import connections, transaction
from django.test import override_settings

from shared.accounts.models import User
from shared.kernel import hooks
from shared.kernel.redis import redis_client
from shared.kernel.tenancy import organisation_context
from shared.organisations.models import Organisation
from shared.outbox import live
from shared.outbox.relay import relay_waiting, stream_of
from shared.outbox.services import publish


@pytest.fixture(autouse=True)
def _topics(monkeypatch):
    monkeypatch.setattr(hooks, "_topics", {"invoice": "invoices.read", "person": "people.read"})


@pytest.fixture
def organisation(throwaway_organisation):
    yield throwaway_organisation
    redis_client().delete(stream_of(throwaway_organisation.schema_name))


def sign_in(organisation, role, email):
    """A session as the sign-in page makes it; returns its key."""
    with organisation_context(organisation):
        user = User.objects.create_user(email, "x" * 12, role=role)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        return session.session_key


def publish_in(organisation, topic, **payload):
    with organisation_context(organisation):
        with transaction.atomic():
            publish(topic=topic, key="KEY", payload=payload)
        relay_waiting()
    connections.close_all()


class Answer:
    """What the application sends, as it comes."""

    def __init__(self):
        self.messages = asyncio.Queue()
        self.status = None
        self.headers = {}
        self.text = ""

    async def send(self, message):
        await self.messages.put(message)

    async def start(self):
        message = await asyncio.wait_for(self.messages.get(), 20)
        self.status = message["status"]
        self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        return self

    async def until(self, text):
        while text not in self.text:
            message = await asyncio.wait_for(self.messages.get(), 20)
            self.text += message["body"].decode()
        return self.text

    def events(self):
        lines = [line for line in self.text.splitlines() if line.startswith("data: ")]
        return [json.loads(line.removeprefix("data: ")) for line in lines]


@asynccontextmanager
async def listening(organisation, session="", *, method="GET", path="/events", **headers):
    """An open connection; at the end the caller leaves and the application must stop."""
    gone = asyncio.Event()

    async def receive():
        await gone.wait()
        return {"type": "http.disconnect"}

    query = headers.pop("query", b"")
    given = {"host": f"{organisation.host}:8001", "cookie": f"sessionid={session}", **headers}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(name.replace("_", "-").encode(), v.encode()) for name, v in given.items()],
    }
    answer = Answer()
    task = asyncio.ensure_future(live.application(scope, receive, answer.send))
    try:
        yield await answer.start()
    finally:
        gone.set()
        await asyncio.wait_for(task, 20)


def run(scenario):
    """One event loop for a scenario, with a Redis client of its own."""
    live._redis.cache_clear()

    async def whole():
        try:
            await scenario()
        finally:
            await live._redis().aclose()
            await sync_to_async(connections.close_all)()

    asyncio.run(whole())
    live._redis.cache_clear()


def events_arrive_resume_and_stop_at_permissions(organisation, session, patch):
    tell = sync_to_async(publish_in, thread_sensitive=False)

    async def scenario():
        async with listening(organisation, session) as answer:
            assert answer.status == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            await answer.until("retry:")
            await tell(organisation, "invoice.issued", number="A-1")
            await answer.until("A-1")
            await tell(organisation, "person.invited", number="A-2")
            await tell(organisation, "unheard.of", number="A-3")
            await tell(organisation, "invoice.paid", number="A-4")
            text = await answer.until("A-4")
            assert "A-2" not in text
            assert "A-3" not in text
            assert [event["topic"] for event in answer.events()] == [
                "invoice.issued",
                "invoice.paid",
            ]
            assert answer.events()[0]["payload"] == {"number": "A-1"}
            places = [line[4:] for line in text.splitlines() if line.startswith("id: ")]
        assert live._open.total() == 0

        await tell(organisation, "invoice.issued", number="A-5")
        async with listening(organisation, session, last_event_id=places[0]) as answer:
            await answer.until("A-5")
            assert "A-4" in answer.text
            assert "A-1" not in answer.text
        async with listening(organisation, session, query=f"after={places[-1]}".encode()) as answer:
            await answer.until("A-5")
            assert "A-4" not in answer.text

    run(scenario)


def who_is_not_signed_in_here_is_refused(organisation, session, patch):
    other = Organisation(subdomain="nobody")

    async def scenario():
        for organisation_asked, key in (
            (organisation, ""),
            (organisation, "x" * 32),
            (organisation, 'bad"; cookie'),
            (other, session),
        ):
            async with listening(organisation_asked, key) as answer:
                assert answer.status == 401
        async with listening(organisation, session, method="POST") as answer:
            assert answer.status == 405
        async with listening(organisation, session, path="/") as answer:
            assert answer.status == 404

    run(scenario)


def a_session_that_ends_ends_the_stream(organisation, session, patch):
    patch.setattr(live, "CHECK_AGAIN_SECONDS", 0)

    def sign_out():
        with organisation_context(organisation):
            SessionStore(session).delete()
        publish_in(organisation, "invoice.issued")

    async def scenario():
        async with listening(organisation, session) as answer:
            await answer.until("retry:")
            await sync_to_async(sign_out, thread_sensitive=False)()
            message = await asyncio.wait_for(answer.messages.get(), 20)
            while message.get("more_body"):
                message = await asyncio.wait_for(answer.messages.get(), 20)
            assert message["more_body"] is False
            assert answer.events() == []

    run(scenario)


def connections_have_limits_and_heartbeats(organisation, session, patch):
    patch.setattr(live, "CONNECTIONS_A_PERSON_MAX", 1)
    patch.setattr(live, "HEARTBEAT_SECONDS", 0.05)

    async def scenario():
        async with listening(organisation, session) as answer:
            await answer.until(": still here")
            async with listening(organisation, session) as second:
                assert second.status == 503
        async with listening(organisation, session) as again:
            assert again.status == 200

    run(scenario)


def test_streams_of_an_organisation(organisation, subtests, monkeypatch):
    for scenario in (
        events_arrive_resume_and_stop_at_permissions,
        who_is_not_signed_in_here_is_refused,
        a_session_that_ends_ends_the_stream,
        connections_have_limits_and_heartbeats,
    ):
        with subtests.test(scenario=scenario.__name__), monkeypatch.context() as patch:
            session = sign_in(organisation, "viewer", f"{scenario.__name__}@example.com")
            scenario(organisation, session, patch)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://{host}:8000", True),
        ("http://{host}:9999", False),
        ("https://{host}:8000", False),
        ("http://other.localhost:8000", False),
        ("http://evil.example", False),
        ("http://[", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_pages_of_the_same_host_may_listen_from_another_port(origin, allowed):
    host = "acme.localhost"
    headers = {"host": f"{host}:8001", "origin": origin.format(host=host)}
    with override_settings(
        LIVE_URL="http://localhost:8001", PUBLIC_SCHEME="http", PUBLIC_PORT="8000"
    ):
        answer = dict(live._cross_origin(headers))
    assert (b"access-control-allow-origin" in answer) is allowed


def test_with_one_origin_no_other_may_listen():
    headers = {"host": "acme.localhost", "origin": "http://acme.localhost:8000"}
    with override_settings(LIVE_URL="", PUBLIC_SCHEME="http", PUBLIC_PORT="8000"):
        assert live._cross_origin(headers) == []


def test_the_server_starts_and_stops():
    async def scenario():
        arriving = iter(["lifespan.startup", "lifespan.shutdown"])
        sent = []

        async def receive():
            return {"type": next(arriving)}

        async def send(message):
            sent.append(message["type"])

        await live.application({"type": "lifespan"}, receive, send)
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    asyncio.run(scenario())
