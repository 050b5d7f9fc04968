"""Writing the record. Call it as the last statement of the service's transaction:
it locks the head of the chain, which everybody who records waits for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import structlog
from django.db import connection, models, transaction

from shared.audit import chain
from shared.audit.models import ChainHead, Entry
from shared.kernel.actor import Actor
from shared.kernel.clock import now
from shared.kernel.tenancy import current_organisation_id, current_schema
from shared.keyring.door import open_door
from shared.keyring.fields import EncryptedField

logger = structlog.get_logger(__name__)

LABEL_MAX = 254
ID_MAX = 80


@dataclass(frozen=True)
class Target:
    """What was acted on, where it is no model instance."""

    type: str
    id: str = ""
    label: str = ""


@dataclass(frozen=True)
class Act:
    """One act of several that are recorded together."""

    action: str
    target: models.Model | Target | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def record(
    *,
    actor: Actor,
    action: str,
    target: models.Model | Target | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> int:
    """Record one act (`invoice.issued`) and return its sequence number.

    `before` and `after` hold only what changed; values under secret names and of encrypted
    fields of the target are replaced. Raises RuntimeError outside a transaction, so that the
    act and its record are saved together or not at all.
    """
    act = Act(action=action, target=target, before=before or {}, after=after or {})
    return record_many(actor=actor, acts=[act])


def record_many(*, actor: Actor, acts: Sequence[Act]) -> int:
    """Record many acts of one actor under one lock and return the last sequence number.

    Raises as `record`.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Record an act inside the transaction that does it.")
    rows = [_describe(actor, act) for act in acts]
    head = ChainHead.objects.select_for_update().get(pk=1)
    if not rows:
        return head.sequence
    moment = now()
    sequence, previous = head.sequence, bytes(head.digest)
    for row in rows:
        sequence += 1
        previous = _chain(row, sequence, moment, previous)
    _append(rows, seal=_seal_next(head, sequence, previous))
    return sequence


def _describe(actor: Actor, act: Act) -> dict[str, Any]:
    target = _target(act.target)
    encrypted = _encrypted_fields(act.target)
    payload = {
        name: chain.redact(values, encrypted)
        for name, values in (("before", act.before), ("after", act.after))
        if values
    }
    row: dict[str, Any] = {
        "action": act.action,
        "actor_kind": actor.kind,
        "actor_id": actor.id[:ID_MAX],
        "actor_label": _storable(actor.label)[:LABEL_MAX],
        "object_type": target.type[:ID_MAX],
        "object_id": _storable(target.id)[:ID_MAX],
        "object_label": _storable(target.label)[:LABEL_MAX],
        "ip": actor.ip or "",
        "request_id": actor.request_id or "",
        "payload": chain.canonical_json(payload) if payload else "",
    }
    row["payload_digest"] = chain.digest_payload(
        actor_label=row["actor_label"],
        object_label=row["object_label"],
        ip=row["ip"],
        payload=row["payload"],
    )
    return row


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL in text."""
    return text.replace("\x00", "")


def _target(target: models.Model | Target | None) -> Target:
    if target is None:
        return Target(type="")
    if isinstance(target, Target):
        return target
    return Target(type=target._meta.label_lower, id=str(target.pk), label=str(target))


def _encrypted_fields(target: models.Model | Target | None) -> frozenset[str]:
    if not isinstance(target, models.Model):
        return frozenset()
    fields = target._meta.get_fields()
    return frozenset(one.name for one in fields if isinstance(one, EncryptedField))


def _chain(row: dict[str, Any], sequence: int, moment: datetime, previous: bytes) -> bytes:
    """Complete the row as the next link and return its digest."""
    row.update(sequence=sequence, at=moment, previous_digest=previous)
    covered = (
        "action",
        "actor_kind",
        "actor_id",
        "object_type",
        "object_id",
        "request_id",
        "payload_digest",
    )
    digest = chain.digest_entry(
        sequence=sequence,
        at=moment,
        previous_digest=previous,
        **{name: row[name] for name in covered},
    )
    row["digest"] = digest
    return digest


def _seal_next(head: ChainHead, sequence: int, digest: bytes) -> bytes:
    """Seal the new head; a head that was not sealed by us stays unsealed for ever.

    Business goes on, but `verify_audit` shows the break instead of our healing it.
    """
    organisation_id = current_organisation_id()
    if (head.sequence or head.seal) and not chain.seal_holds(
        organisation_id, head.sequence, bytes(head.digest), bytes(head.seal)
    ):
        logger.error("audit_seal_broken", sequence=head.sequence, schema=current_schema())
        return b""
    return chain.seal(organisation_id, sequence, digest)


_TYPES = {
    "sequence": "bigint",
    "at": "timestamptz",
    "payload_digest": "bytea",
    "previous_digest": "bytea",
    "digest": "bytea",
}
_COLUMNS = [one.name for one in Entry._meta.concrete_fields]
_RECORD = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _COLUMNS)
# One statement for entries and head: fewer round trips while everybody waits for the head. The
# entries go as one JSON document, which costs a third of what arrays of them do.
_APPEND = (
    f"WITH entries AS (INSERT INTO audit_entry ({', '.join(_COLUMNS)}) "  # noqa: S608
    f"SELECT {', '.join(_COLUMNS)} FROM json_to_recordset(%s) AS given ({_RECORD})) "
    "UPDATE audit_chainhead SET sequence = %s, digest = %s, seal = %s WHERE id = 1"
)


def _append(rows: list[dict[str, Any]], *, seal: bytes) -> None:
    last = rows[-1]
    given = [{name: _as_text(row[name]) for name in _COLUMNS} for row in rows]
    document = msgspec.json.encode(given).decode()
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [document, last["sequence"], last["digest"], seal])


def _as_text(value: Any) -> Any:
    """Bytes as PostgreSQL writes them; everything else is the same text in JSON."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else value


def erase_payloads(*, actor: Actor, sequences: Sequence[int], reason: str) -> int:
    """Blank what names a person in these entries, lawfully: the erasure is itself recorded.

    The chain still holds. Entries that record an erasure stay. Returns how many were blanked.
    """
    with transaction.atomic():
        entries = Entry.objects.filter(sequence__in=sequences).exclude(action=ERASURE)
        erased = sorted(entries.values_list("sequence", flat=True))
        with open_door():
            entries.update(actor_label="", object_label="", ip="", payload="")
        record(
            actor=actor,
            action=ERASURE,
            target=Target(type="audit.entry"),
            after={"sequences": erased, "reason": reason},
        )
    return len(erased)


ERASURE = "audit.erased"
