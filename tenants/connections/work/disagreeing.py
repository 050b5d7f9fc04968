"""Conflicts as they are found: decided by their strategy, or left to a person."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.connections.comparison import Decision, same
from tenants.connections.models import ConflictChange, Connection, SyncConflict
from tenants.connections.sides import Kept, Ours, Side
from tenants.review.services import close_items, raise_item

REVIEW_KIND = "sync_conflict"
Status = SyncConflict.Status
Resolution = SyncConflict.Resolution


def note_decided(
    connection: Connection, side: Side, code: str, ours: Ours, kept: Kept, decision: Decision
) -> SyncConflict:
    """Keep a conflict that its strategy decided, so that people can see what was done."""
    resolution = Resolution.OURS if decision.winner == "ours" else Resolution.THEIRS
    value = decision.ours if decision.winner == "ours" else decision.theirs
    conflict = SyncConflict.objects.create(
        **_content(connection, side, code, ours, kept, decision),
        status=Status.RESOLVED,
        resolution=resolution,
        value=_json(value),
        resolved_at=now(),
        resolved_by=SYSTEM.label,
    )
    _history(conflict, "decided", {"strategy": decision.strategy, "value": _json(value)})
    return conflict


def note_open(
    connection: Connection, side: Side, code: str, ours: Ours, kept: Kept, decision: Decision
) -> SyncConflict:
    """Leave a conflict to a person; one that is open already is brought up to date."""
    content = _content(connection, side, code, ours, kept, decision)
    conflict = _open(connection, side.record, code).filter(field=decision.field).first()
    if conflict is None:
        conflict = SyncConflict.objects.create(**content)
        _history(conflict, "found", {"ours": content["ours"], "theirs": content["theirs"]})
        publish(
            topic="sync.conflict_found",
            key=conflict.site_code or code,
            payload={"conflict_id": str(conflict.pk), "field": conflict.field, "code": code},
        )
    elif (conflict.ours, conflict.theirs) != (content["ours"], content["theirs"]):
        changed = ("ours", "theirs", "ours_at", "theirs_at")
        for name in changed:
            setattr(conflict, name, content[name])
        conflict.save_changes(*changed)
        _history(conflict, "changed", {"ours": content["ours"], "theirs": content["theirs"]})
    raise_item(
        kind=REVIEW_KIND,
        target=conflict,
        cause=_("%(what)s differs between here and the billing system.")
        % {"what": SyncConflict.Kind(conflict.kind).label},
        field=conflict.field,
        link=reverse("sync_conflict", args=[conflict.pk]),
    )
    return conflict


def note_unknown(connection: Connection, side: Side, code: str, kept: Kept, field: str) -> None:
    """A record that only the other side has: a person decides what it is."""
    decision = Decision(
        field=field,
        kind=SyncConflict.Kind.OTHER,
        strategy=SyncConflict.Strategy.MANUAL,
        ours=None,
        theirs=code,
        winner="nobody",
    )
    nothing = Ours({}, now(), now().date(), str(kept.values.get("customer_id", ""))[:20])
    note_open(connection, side, code, nothing, kept, decision)


def held_fields(connection: Connection, side: Side, code: str) -> list[str]:
    """Fields that wait for a person, which are therefore not sent."""
    return list(_open(connection, side.record, code).values_list("field", flat=True))


def close_agreed(
    connection: Connection, side: Side, code: str, ours: Ours | None, kept: Kept
) -> None:
    """Close the open conflicts of fields on which the sides agree by now."""
    if ours is None:
        return
    for conflict in _open(connection, side.record, code):
        known = conflict.field in ours.values
        agree = conflict.ours is None or (
            known
            and same(conflict.field, ours.values[conflict.field], kept.values.get(conflict.field))
        )
        if not agree:
            continue
        conflict.status, conflict.resolution = Status.RESOLVED, Resolution.GONE
        conflict.resolved_at, conflict.resolved_by = now(), SYSTEM.label
        conflict.save_changes("status", "resolution", "resolved_at", "resolved_by")
        _history(conflict, "agreed", {})
        close_items(actor=SYSTEM, kind=REVIEW_KIND, target_id=conflict.pk)


def _open(connection: Connection, record: str, code: str) -> QuerySet[SyncConflict]:
    return SyncConflict.objects.filter(
        connection=connection, record=record, code=code, status=Status.OPEN
    )


def _content(
    connection: Connection, side: Side, code: str, ours: Ours, kept: Kept, decision: Decision
) -> dict[str, Any]:
    return {
        "connection": connection,
        "kind": decision.kind,
        "strategy": decision.strategy,
        "record": side.record,
        "code": code,
        "site_code": ours.site_code,
        "field": decision.field,
        "ours": _json(decision.ours),
        "theirs": _json(decision.theirs),
        "ours_at": ours.at if ours.values else None,
        "theirs_at": kept.at,
    }


def _history(conflict: SyncConflict, what: str, details: dict[str, Any]) -> None:
    ConflictChange.objects.create(conflict=conflict, what=what, actor=SYSTEM.label, details=details)


def _json(value: Any) -> Any:
    """Days as text; everything else is JSON already."""
    return value.isoformat() if isinstance(value, date) else value
