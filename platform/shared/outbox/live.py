"""The event server: `GET /events` as server-sent events, nothing else (ASGI).

A connection reads its organisation's stream in Redis, so it may be held by any process, and
resumes behind Last-Event-ID. Events are hints to ask again: they carry identifiers, and only of
topics whose permission the person holds. Source: `architecture.md`, Facts; WHATWG HTML, 9.2.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import redis.asyncio
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings

from shared.outbox.listeners import Listener, find_listener
from shared.outbox.relay import stream_of

logger = structlog.get_logger(__name__)

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CONNECTIONS_MAX = 1_000
CONNECTIONS_A_PERSON_MAX = 8
HEARTBEAT_SECONDS = 15
CHECK_AGAIN_SECONDS = 60
LIFE_SECONDS = 3_600
EVENTS_A_READ = 100
RETRY_MILLISECONDS = 3_000
STREAM_ID = re.compile(r"\d{1,20}-\d{1,20}")

_open: Counter[tuple[str, str]] = Counter()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI entry point."""
    if scope["type"] == "lifespan":
        await _live_and_die(receive, send)
    elif scope["type"] == "http":
        await _answer(scope, receive, send)


async def _live_and_die(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["path"] != "/events":
        return await _refuse(send, 404, "not_found")
    if scope["method"] != "GET":
        return await _refuse(send, 405, "method_not_allowed")
    listener = await _find(headers)
    if listener is None:
        return await _refuse(send, 401, "unauthenticated", _cross_origin(headers))
    person = (listener.schema, listener.actor.id)
    if _open.total() >= CONNECTIONS_MAX or _open[person] >= CONNECTIONS_A_PERSON_MAX:
        return await _refuse(send, 503, "unavailable", _cross_origin(headers))
    _open[person] += 1
    try:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        resume = headers.get("last-event-id") or query.get("after", [""])[0]
        await _stream(listener, headers, resume, receive, send)
    finally:
        _open[person] -= 1
        if not _open[person]:
            del _open[person]
    return None


async def _find(headers: dict[str, str]) -> Listener | None:
    """In Django's one thread for such work, so that there is one database connection."""
    find = sync_to_async(find_listener, thread_sensitive=True)
    return await find(headers.get("host", ""), headers.get("cookie", ""))


async def _stream(
    listener: Listener, headers: dict[str, str], resume: str, receive: Receive, send: Send
) -> None:
    """Events until the caller leaves, the session ends or an hour has passed."""
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"cache-control", b"no-store"),
                (b"x-accel-buffering", b"no"),
                *_cross_origin(headers),
            ],
        }
    )
    await _write(send, f"retry: {RETRY_MILLISECONDS}\n\n")
    left = asyncio.ensure_future(_wait_until_left(receive))
    events = asyncio.ensure_future(_send_events(listener, headers, resume, send, left))
    try:
        await asyncio.wait({left, events}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        left.cancel()
        events.cancel()
        await asyncio.gather(left, events, return_exceptions=True)
    if not events.cancelled() and events.exception():
        logger.warning("live_stream_broke", why=type(events.exception()).__name__)
    if not left.done() or left.cancelled():
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _wait_until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_events(
    listener: Listener,
    headers: dict[str, str],
    resume: str,
    send: Send,
    left: "asyncio.Future[None]",
) -> None:
    """Asks `left` besides being cancelled: a cancellation may get lost in the Redis client."""
    stream = stream_of(listener.schema)
    client = _redis()
    last = resume if STREAM_ID.fullmatch(resume) else await _newest(client, stream)
    end = time.monotonic() + LIFE_SECONDS
    check_at = time.monotonic() + CHECK_AGAIN_SECONDS
    while time.monotonic() < end and not left.done():
        entries = await _read(client, stream, last)
        if time.monotonic() > check_at:
            now_listener = await _find(headers)
            if now_listener is None or now_listener.schema != listener.schema:
                return
            listener, check_at = now_listener, time.monotonic() + CHECK_AGAIN_SECONDS
        if not entries:
            await _write(send, ": still here\n\n")
            continue
        last = entries[-1][0]
        await _write(send, "".join(_lines(entries, listener)))


async def _read(
    client: "redis.asyncio.Redis", stream: str, after: str
) -> list[tuple[str, dict[str, str]]]:
    """Up to 100 events behind `after`, waiting for the first one up to a heartbeat."""
    found: Any = await client.xread(
        {stream: after}, count=EVENTS_A_READ, block=int(HEARTBEAT_SECONDS * 1000)
    )
    return list(found[0][1]) if found else []


async def _newest(client: "redis.asyncio.Redis", stream: str) -> str:
    newest: Any = await client.xrevrange(stream, count=1)
    return str(newest[0][0]) if newest else "0-0"


def _lines(entries: Iterable[tuple[str, dict[str, str]]], listener: Listener) -> Iterable[str]:
    """Events the person may hear, and the place of the others, so that a resume skips them."""
    for place, event in entries:
        if not listener.may_hear(event["topic"]):
            yield f"id: {place}\n\n"
            continue
        data = msgspec.json.encode(
            {
                "id": event["id"],
                "topic": event["topic"],
                "key": event["key"],
                "at": event["at"],
                "payload": msgspec.Raw(event["payload"].encode()),
            }
        )
        yield f"id: {place}\ndata: {data.decode()}\n\n"


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _refuse(
    send: Send, status: int, code: str, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    body = msgspec.json.encode(
        {"type": f"urn:invoicepatch:problem:{code}", "title": code, "status": status}
    )
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"application/problem+json"), *headers],
        }
    )
    await send({"type": "http.response.body", "body": body})


def _cross_origin(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """In development the event server has its own port: let pages of the same host in."""
    origin = headers.get("origin", "")
    host = headers.get("host", "").rsplit(":", 1)[0]
    try:
        asked = urlsplit(origin)
    except ValueError:
        return []
    if not settings.LIVE_URL or not host or asked.hostname != host:
        return []
    if asked.scheme != settings.PUBLIC_SCHEME or str(asked.port or "") != settings.PUBLIC_PORT:
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


@lru_cache(maxsize=1)
def _redis() -> "redis.asyncio.Redis":
    """A connection for each listener that waits, and some to spare."""
    return redis.asyncio.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        protocol=2,  # the answers' shape is that of RESP2
        max_connections=CONNECTIONS_MAX + 50,
        socket_timeout=HEARTBEAT_SECONDS + 10,
    )
