"""Carrying out a request once per idempotency key. Source: `api.md` Idempotency.

What the request changes and the answer to it are committed together, so that a process killed
at any point has either done both or nothing. A refused request (4xx) leaves nothing behind but
its answer; an answer of 5xx undoes everything and is not kept, so the same key may try again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from shared.idempotency.models import IdempotencyKey
from shared.kernel.actor import Actor
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, FieldError, Invalid

LIFETIME = timedelta(hours=24)
PURGE_BATCH = 5_000
RETRY_AFTER_SECONDS = 1
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Content-Language")
# Says nothing about the request itself: signing in or waiting changes the answer.
PASSING_STATUSES = frozenset((401, 403, 408, 425, 429))


@dataclass(frozen=True)
class Once:
    """Which request it is: `scope` names it, `digest` covers what it says."""

    scope: bytes
    digest: bytes


class StillRunning(Conflict):
    """409: the first request with this key has no answer yet."""

    code = "still_running"


def identify(request: HttpRequest, actor: Actor, key: str) -> Once:
    """By actor (by address where nobody signed in), method, path and key; and by content."""
    caller = f"{actor.kind}:{actor.id}"
    if actor.kind == "anonymous":
        caller = f"{caller}:{actor.ip}"
    scope = "\n".join((caller, request.method or "", request.path, key))
    content = "\n".join((request.META.get("QUERY_STRING", ""), request.content_type or "", ""))
    return Once(
        scope=sha256(scope.encode()).digest(),
        digest=sha256(content.encode() + request.body).digest(),
    )


def answer_once(
    once: Once, request: HttpRequest, carry_out: Callable[[HttpRequest], HttpResponseBase]
) -> HttpResponseBase:
    """The first answer again, or that of `carry_out(request)`, kept for 24 hours.

    Raises Invalid where the key came with another content before, StillRunning where another
    process or thread works on it.
    """
    _ensure_row(once)
    with transaction.atomic():
        row = (
            IdempotencyKey.objects.select_for_update(skip_locked=True)
            .filter(scope=once.scope)
            .first()
        )
        if row is None:
            _require_same_content(IdempotencyKey.objects.filter(scope=once.scope).first(), once)
            raise StillRunning(
                _("The first request with this Idempotency-Key is still running. Ask again."),
                extra={"retry_after": RETRY_AFTER_SECONDS},
            )
        if row.created_at < now() - LIFETIME:
            _start_over(row, once)
        _require_same_content(row, once)
        if row.status is not None:
            return _replay(row)
        with transaction.atomic():
            response = carry_out(request)
            if response.status_code >= 400:
                transaction.set_rollback(True)
        # Still locked: another try must not be carried out before this answer is kept.
        if response.status_code < 500 and response.status_code not in PASSING_STATUSES:
            _keep(row, response)
    return response


def _ensure_row(once: Once) -> None:
    """Committed at once, so that a second request finds it."""
    IdempotencyKey.objects.bulk_create(
        [IdempotencyKey(scope=once.scope, request_digest=once.digest, created_at=now())],
        ignore_conflicts=True,
    )


def _start_over(row: IdempotencyKey, once: Once) -> None:
    row.request_digest, row.created_at = once.digest, now()
    row.status, row.body, row.headers = None, None, {}
    row.save()


def _require_same_content(row: IdempotencyKey | None, once: Once) -> None:
    if row is not None and bytes(row.request_digest) != once.digest:
        message = _("This Idempotency-Key was used with another body. Use a new key.")
        raise Invalid(
            message, errors=[FieldError("Idempotency-Key", "used_with_other_body", message)]
        )


def _keep(row: IdempotencyKey, response: HttpResponseBase) -> None:
    """Streamed answers are not kept: they are files, not results."""
    if not isinstance(response, HttpResponse):
        return
    row.status = response.status_code
    row.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    row.body = response.content.decode("latin-1")  # any bytes, one character each
    row.save(update_fields=["status", "headers", "body"])


def _replay(row: IdempotencyKey) -> HttpResponse:
    return HttpResponse(
        (row.body or "").encode("latin-1"),
        status=row.status,
        headers={**row.headers, "Idempotency-Replayed": "true"},
    )


def purge_expired_keys() -> int:
    """Remove keys older than 24 hours, in batches; returns how many."""
    removed = 0
    while True:
        expired = IdempotencyKey.objects.filter(created_at__lt=now() - LIFETIME)
        batch = expired.values_list("pk", flat=True)[:PURGE_BATCH]
        count, _by_model = IdempotencyKey.objects.filter(pk__in=list(batch)).delete()
        removed += count
        if count < PURGE_BATCH:
            return removed
