"""What the evidence pack is made of: acts of the audit record, each with who approved it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from shared.audit.models import Entry
from tenants.reporting.reports.trail import INVOICE, detail_of

SECTION_MAX = 2_000  # rows of one section; the report says where it was cut
APPROVING = ("adjustment.approved", "invoice.approved", "contract.signed", "contract.activated")

Approvals = Mapping[str, Sequence[Entry]]


class Finding(NamedTuple):
    """One row: what was done when, by whom, and who approved the thing it was done to."""

    at: date | datetime | None
    who: str
    action: str
    object: str
    detail: str
    approved_by: str = ""
    approved_at: datetime | None = None


def acts_named(entries: "QuerySet[Entry]", names: Sequence[str]) -> "QuerySet[Entry]":
    """The entries with these actions; a name that ends in a dot stands for all that begin so."""
    wanted = Q()
    for name in names:
        wanted |= Q(action__startswith=name) if name.endswith(".") else Q(action=name)
    return entries.filter(wanted)


def findings_of(
    entries: "QuerySet[Entry]", detail: Callable[[Entry], str] = detail_of
) -> Iterator[Finding]:
    """A row an entry, and one more than a section holds where there are more. Two queries."""
    found = list(entries[: SECTION_MAX + 1])
    approvals = approvals_of({entry.object_id for entry in found})
    for entry in found:
        approval = _approval_of(entry, approvals)
        yield Finding(
            entry.at,
            entry.actor_label,
            entry.action,
            entry.object_label,
            detail(entry),
            *approved(approval),
        )


def approvals_of(object_ids: Iterable[str | UUID]) -> Approvals:
    """The approvals of each object, oldest first."""
    found: dict[str, list[Entry]] = defaultdict(list)
    ids = [str(one) for one in object_ids]
    if ids:
        acts = Entry.objects.filter(action__in=APPROVING, object_id__in=ids)
        for entry in acts.order_by("sequence").iterator():
            found[entry.object_id].append(entry)
    return found


def approved(approval: Entry | None) -> tuple[str, datetime | None]:
    """By whom and when, for the two last columns."""
    return (approval.actor_label, approval.at) if approval else ("", None)


def _approval_of(entry: Entry, approvals: Approvals) -> Entry | None:
    """The approval that follows the act; of a document the one before it, where none follows.

    A contract that was approved once and changed later has no approval of that change.
    """
    if entry.action in APPROVING:
        return entry
    known = approvals.get(entry.object_id, ())
    after = [one for one in known if one.sequence > entry.sequence]
    if after:
        return after[0]
    return known[-1] if known and entry.object_type == INVOICE else None
