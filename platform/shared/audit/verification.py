"""Checking the chain from its first entry to its head."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from shared.audit import chain
from shared.audit.models import ChainHead, Entry
from shared.audit.services import ERASURE
from shared.kernel.tenancy import current_organisation_id, current_schema

PROBLEMS_SHOWN_MAX = 50
BATCH = 2_000


@dataclass(frozen=True)
class Verdict:
    """What a check found; no problem means that nothing was changed, added or removed."""

    schema: str
    entries: int
    erased: int
    problems: tuple[str, ...]


def verify_chain() -> Verdict:
    """Check every entry of the present schema against its digests, its neighbour and the head.

    Finds a changed, removed, inserted or reordered entry, a rewritten chain (its head's seal)
    and a payload that was blanked without a recorded erasure.
    """
    problems: list[str] = []
    blanked: set[int] = set()
    lawful: set[int] = set()
    expected, previous = 1, chain.GENESIS
    # One cursor, one snapshot: entries that are written meanwhile come after the head.
    head = ChainHead.objects.get(pk=1)
    entries = Entry.objects.filter(sequence__lte=head.sequence).order_by("sequence")
    for entry in entries.iterator(BATCH):
        problems.extend(_problems(entry, expected, previous))
        if _is_blank(entry):
            blanked.add(entry.sequence)
        elif entry.action == ERASURE:
            lawful.update(_erased_by(entry))
        expected, previous = entry.sequence + 1, bytes(entry.digest)
    problems.extend(_problems_of_head(head, expected - 1, previous))
    problems.extend(f"entry {n}: blanked without a record" for n in sorted(blanked - lawful))
    return Verdict(
        schema=current_schema(),
        entries=head.sequence,
        erased=len(blanked),
        problems=tuple(problems[:PROBLEMS_SHOWN_MAX]),
    )


def _problems(entry: Entry, expected: int, previous: bytes) -> Iterator[str]:
    if entry.sequence != expected:
        yield f"entries {expected} to {entry.sequence - 1}: missing"
    if bytes(entry.previous_digest) != previous:
        yield f"entry {entry.sequence}: does not follow the entry before it"
    digest = chain.digest_entry(
        sequence=entry.sequence,
        at=entry.at,
        action=entry.action,
        actor_kind=entry.actor_kind,
        actor_id=entry.actor_id,
        object_type=entry.object_type,
        object_id=entry.object_id,
        request_id=entry.request_id,
        payload_digest=bytes(entry.payload_digest),
        previous_digest=bytes(entry.previous_digest),
    )
    if digest != bytes(entry.digest):
        yield f"entry {entry.sequence}: was changed"
    elif not _is_blank(entry) and _payload_digest(entry) != bytes(entry.payload_digest):
        yield f"entry {entry.sequence}: its payload was changed"


def _payload_digest(entry: Entry) -> bytes:
    return chain.digest_payload(
        actor_label=entry.actor_label,
        object_label=entry.object_label,
        ip=entry.ip,
        payload=entry.payload,
    )


def _is_blank(entry: Entry) -> bool:
    """Blanked; an entry that never held anything still matches its digest."""
    blank = not (entry.actor_label or entry.object_label or entry.ip or entry.payload)
    return blank and _payload_digest(entry) != bytes(entry.payload_digest)


def _erased_by(entry: Entry) -> list[int]:
    sequences: list[int] = json.loads(entry.payload).get("after", {}).get("sequences", [])
    return sequences


def _problems_of_head(head: ChainHead, last: int, digest: bytes) -> Iterator[str]:
    if head.sequence != last:
        yield f"entries {last + 1} to {head.sequence}: missing at the end"
    elif bytes(head.digest) != digest:
        yield "the head does not name the last entry"
    if not head.sequence and not last:
        if bytes(head.seal):
            yield "the record was emptied"
    elif not chain.seal_holds(
        current_organisation_id(), head.sequence, bytes(head.digest), bytes(head.seal)
    ):
        yield "the head was not sealed by this service"
    extra = Entry.objects.filter(sequence__gt=head.sequence).count()
    newest = ChainHead.objects.get(pk=1).sequence
    if extra > newest - head.sequence:
        yield f"{extra} entries after the head"
