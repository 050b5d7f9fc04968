"""Bringing one record to agreement: read both sides, decide, send what is ours to send.

For each site one transaction at a time holds its lock while it reads, sends and notes the
result, so that an older value can never overwrite a newer one at the other side.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from connectors.billing_system import BillingSystem
from connectors.errors import NeedsAttention
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import AppError
from shared.kernel.tenancy import current_schema
from shared.kernel.wording import worded as _
from shared.kernel.wording import wording_of
from tenants.connections.comparison import Decision, changed_fields, decide
from tenants.connections.models import Connection
from tenants.connections.sides import SIDES, Kept, Ours, Side
from tenants.connections.work.disagreeing import (
    close_agreed,
    held_fields,
    note_decided,
    note_open,
    note_unknown,
)

LOCK_CLASS = 7318
KEY_FIELDS = {"customer": "customer_id", "configuration": "contract_number"}

_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")


@dataclass(frozen=True)
class Compared:
    """What came of a record: sent or not, new there or not, which fields, how many conflicts."""

    sent: bool = False
    created: bool = False
    changes: dict[str, Any] = field(default_factory=dict)
    conflicts: int = 0
    effective_date: str = ""


@contextmanager
def hold_key(key: str) -> Iterator[None]:
    """A transaction that nobody else has for this key (a site) in this organisation."""
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, hashtext(%s))",
                [LOCK_CLASS, f"{current_schema()}:{key}"],
            )
        yield


def send_record(
    *, system: BillingSystem, connection: Connection, record: str, code: str, key: str
) -> Compared:
    """Send our record where it differs from what the other side has. Inside `hold_key`.

    `key` makes a repeated call the same one. Nothing is asked of the other side where our
    record is what it had when last compared. Raises RetryLater, NeedsAttention.
    """
    side = SIDES[record]
    ours = side.ours(code)
    if ours is None:
        return Compared()
    if ours.problems:
        first = ours.problems[0]
        raise NeedsAttention(
            _("%(field)s %(problem)s.")
            % {"field": first.field, "problem": wording_of(first.message)},
            first.field,
        )
    agreed = side.agreed(connection, code)
    if agreed is not None and not changed_fields(ours.values, agreed.values):
        return Compared()
    kept = side.fetch(system, code)
    conflicts = 0
    if kept is not None:
        conflicts = compare_record(connection=connection, side=side, code=code, kept=kept)
        ours = side.ours(code) or ours
    values = _outgoing(connection, side, code, ours, kept)
    changes = changed_fields(values, kept.values if kept else None)
    if not changes:
        return Compared(conflicts=conflicts)
    day = ours.effective_date
    digest = sha256(_ENCODER.encode([values, day])).hexdigest()[:16]
    answer = side.put(system, values, day, f"{key}-{record}-{digest}")
    side.keep(connection, answer)
    return Compared(
        sent=True,
        created=kept is None,
        changes={name: list(pair) for name, pair in changes.items()},
        conflicts=conflicts,
        effective_date=day.isoformat(),
    )


def compare_record(*, connection: Connection, side: Side, code: str, kept: Kept) -> int:
    """Decide every disagreement with what the other side has, and note it; how many there were.

    What theirs wins becomes ours at once; where it does not fit here, a person decides.
    """
    ours = side.ours(code)
    if ours is None:
        if not _exists_unbilled(side, code):
            note_unknown(connection, side, code, kept, KEY_FIELDS[side.record])
            side.keep(connection, kept)
            return 1
        side.keep(connection, kept)
        return 0
    agreed = side.agreed(connection, code)
    decisions = decide(
        ours=ours.values,
        ours_at=ours.at,
        theirs=kept.values,
        theirs_at=kept.at,
        agreed=agreed.values if agreed else None,
    )
    for decision in decisions:
        _carry_out(connection, side, code, ours, kept, decision)
    side.keep(connection, kept)
    close_agreed(connection, side, code, side.ours(code), kept)
    return len(decisions)


def _carry_out(
    connection: Connection, side: Side, code: str, ours: Ours, kept: Kept, decision: Decision
) -> None:
    if decision.winner == "nobody":
        note_open(connection, side, code, ours, kept, decision)
        return
    if decision.winner == "theirs":
        try:
            with transaction.atomic():
                side.take_over(
                    actor=SYSTEM,
                    connection=connection,
                    code=code,
                    field=decision.field,
                    value=decision.theirs,
                    day=ours.effective_date,
                )
        except AppError:
            note_open(connection, side, code, ours, kept, decision)
            return
    note_decided(connection, side, code, ours, kept, decision)


def _outgoing(
    connection: Connection, side: Side, code: str, ours: Ours, kept: Kept | None
) -> dict[str, Any]:
    """Our values; what waits for a person stays as it is there."""
    values = dict(ours.values)
    if kept is not None:
        for name in held_fields(connection, side, code):
            if name in values:
                values[name] = kept.values.get(name)
                if name == "billing_method":
                    values["configuration"] = kept.values.get("configuration")
    return values


def _exists_unbilled(side: Side, code: str) -> bool:
    """A draft contract is ours though it is not billed."""
    from tenants.contracts.models import Contract

    return side.record == "configuration" and Contract.objects.filter(contract_id=code).exists()
