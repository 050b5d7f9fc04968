"""Reading the record."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shared.audit.models import Entry
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound

ACTIONS_SHOWN_MAX = 500
# From one name to the next in the index: a DISTINCT would read every entry there is.
ACTIONS = """
    WITH RECURSIVE named (action) AS (
        (SELECT action FROM audit_entry ORDER BY action LIMIT 1)
        UNION ALL
        SELECT (SELECT later.action FROM audit_entry AS later
                WHERE later.action > named.action ORDER BY later.action LIMIT 1)
        FROM named WHERE named.action IS NOT NULL
    )
    SELECT action FROM named WHERE action IS NOT NULL LIMIT %s
"""


@dataclass(frozen=True)
class EntryFilter:
    """Which entries; days are the reader's, `to_day` included."""

    who: str = ""
    action: str = ""
    object: str = ""
    text: str = ""
    from_day: date | None = None
    to_day: date | None = None


@dataclass(frozen=True)
class Change:
    """One value before and after; None where it was not there."""

    field: str
    before: str | None
    after: str | None


def list_entries(*, actor: Actor, wanted: EntryFilter) -> QuerySet[Entry]:
    """The entries that match every filter given. Raises Forbidden without audit.read."""
    authorize(actor, "audit.read")
    entries = Entry.objects.all()
    if wanted.who:
        entries = entries.filter(Q(actor_label__icontains=wanted.who) | Q(actor_id=wanted.who))
    if wanted.action:
        entries = entries.filter(action=wanted.action)
    if wanted.object:
        entries = entries.filter(
            Q(object_label__icontains=wanted.object)
            | Q(object_id=wanted.object)
            | Q(object_type=wanted.object)
        )
    if wanted.text:
        entries = entries.filter(
            Q(payload__icontains=wanted.text)
            | Q(request_id=wanted.text)
            | Q(object_label__icontains=wanted.text)
        )
    zone = timezone.get_current_timezone()
    if wanted.from_day:
        entries = entries.filter(at__gte=_midnight(wanted.from_day, zone))
    if wanted.to_day and wanted.to_day < date.max:
        entries = entries.filter(at__lt=_midnight(wanted.to_day + timedelta(days=1), zone))
    return entries


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def get_entry(*, actor: Actor, sequence: int) -> Entry:
    """One entry. Raises NotFound, and Forbidden without audit.read."""
    authorize(actor, "audit.read")
    entry = Entry.objects.filter(sequence=sequence).first()
    if entry is None:
        raise NotFound()
    return entry


def list_actions(*, actor: Actor) -> list[str]:
    """The names of what was ever done, for a filter; at most 500."""
    authorize(actor, "audit.read")
    with connection.cursor() as cursor:
        cursor.execute(ACTIONS, [ACTIONS_SHOWN_MAX])
        return [name for (name,) in cursor.fetchall()]


def payload_of(entry: Entry) -> dict[str, Any]:
    """`before` and `after` with exact numbers; empty where they were erased."""
    if not entry.payload:
        return {}
    payload: dict[str, Any] = json.loads(entry.payload, parse_float=Decimal)
    return payload


def changes_of(entry: Entry) -> list[Change]:
    """What differs between before and after, by the path of each value."""
    payload = payload_of(entry)
    before = dict(_flatten(payload.get("before", {})))
    after = dict(_flatten(payload.get("after", {})))
    return [
        Change(name, before.get(name), after.get(name))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    ]


def _flatten(value: Any, path: str = "") -> Iterator[tuple[str, str | None]]:
    """Values by their path; an empty one is as good as none."""
    if isinstance(value, dict) and value:
        for name, child in value.items():
            yield from _flatten(child, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for index, child in enumerate(value, start=1):
            yield from _flatten(child, f"{path}.{index}")
    else:
        yield path, _shown(value)


def _shown(value: Any) -> str | None:
    if value is None or value in ({}, [], ""):
        return None
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
