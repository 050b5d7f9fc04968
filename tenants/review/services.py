"""Raising and closing what needs a person."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models, transaction

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound, Text
from shared.kernel.wording import worded as _
from tenants.review.kinds import kind_of
from tenants.review.models import ReviewItem

NOTE_MAX = 500
LABEL_MAX = 200
CONTENT = ("target_type", "target_label", "site_id", "cause", "field", "link", "details")


def raise_item(
    *,
    kind: str,
    target: models.Model,
    cause: Text,
    field: str = "",
    link: str = "",
    site_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
) -> ReviewItem:
    """Ask for a person's attention; raising again for the same target updates the open item.

    Called by services that have authorised their actor, inside their transaction. `details`
    holds plain JSON values. Raises KeyError for a kind that nobody registered.
    """
    kind_of(kind)
    content = {
        "target_type": target._meta.label_lower,
        "target_label": str(target)[:LABEL_MAX],
        "site_id": site_id,
        "cause": cause,
        "field": field,
        "link": link,
        "details": dict(details or {}),
    }
    with transaction.atomic():
        item, created = ReviewItem.objects.select_for_update().get_or_create(
            kind=kind, target_id=target.pk, status=ReviewItem.Status.OPEN, defaults=content
        )
        if not created:
            for name, value in content.items():
                setattr(item, name, value)
            item.save_changes(*content)
    return item


@dataclass(frozen=True)
class NewItem:
    """A review item to raise, where there are many or the target is no single row."""

    kind: str
    target_type: str
    target_id: UUID
    target_label: str
    cause: Text
    site_id: UUID | None = None
    field: str = ""
    link: str = ""
    details: Mapping[str, Any] | None = None


def raise_items(rows: Sequence[NewItem]) -> None:
    """As `raise_item` for many at once, in three statements at most; KeyError as there.

    Two callers who raise the same at the same time leave one open item.
    """
    if not rows:
        return
    for name in {row.kind for row in rows}:
        kind_of(name)
    wanted = {(row.kind, row.target_id): _content(row) for row in rows}
    with transaction.atomic():
        still_open = ReviewItem.objects.select_for_update().filter(
            status=ReviewItem.Status.OPEN,
            kind__in={row.kind for row in rows},
            target_id__in=[row.target_id for row in rows],
        )
        known = [one for one in still_open.order_by("pk") if (one.kind, one.target_id) in wanted]
        for item in known:
            for name, value in wanted.pop((item.kind, item.target_id)).items():
                setattr(item, name, value)
            item.revision += 1
            item.updated_at = now()
        ReviewItem.objects.bulk_update(known, [*CONTENT, "revision", "updated_at"])
        ReviewItem.objects.bulk_create(
            [
                ReviewItem(kind=kind, target_id=target_id, **content)
                for (kind, target_id), content in wanted.items()
            ],
            ignore_conflicts=True,
        )


def _content(row: NewItem) -> dict[str, Any]:
    content = {name: getattr(row, name) for name in CONTENT}
    label, details = row.target_label[:LABEL_MAX], dict(row.details or {})
    return {**content, "target_label": label, "details": details}


def close_items(*, actor: Actor, kind: str, target_id: UUID, note: Text = "") -> int:
    """Close the open items of a target, because what they asked for is done; how many there were.

    The caller has authorised the actor and records what was done.
    """
    return close_many(actor=actor, kinds=[kind], target_ids=[target_id], note=note)


def close_many(
    *, actor: Actor, kinds: Collection[str], target_ids: Collection[UUID], note: Text = ""
) -> int:
    """As `close_items` for many targets, in one statement."""
    return ReviewItem.objects.filter(
        kind__in=kinds, target_id__in=target_ids, status=ReviewItem.Status.OPEN
    ).update(
        status=ReviewItem.Status.RESOLVED,
        closed_by=actor.label[:LABEL_MAX],
        closed_at=now(),
        closing_note=note,
        revision=models.F("revision") + 1,
        updated_at=now(),
    )


def reword_items(*, kind: str, about: str, values: Collection[str], cause: Text) -> int:
    """Replace the cause of items, closed ones too, whose detail `about` is one of the values.

    For erasure: the caller's transaction forgets a person whom they name. How many there were.
    """
    named = {f"details__{about}__in": list(values)}
    return ReviewItem.objects.filter(kind=kind, **named).update(
        cause=cause, revision=models.F("revision") + 1, updated_at=now()
    )


def close_item(
    *,
    actor: Actor,
    item_id: UUID,
    status: str,
    note: str = "",
    expected_revision: int | None = None,
) -> ReviewItem:
    """Close one item by hand; dismissing needs a reason.

    Raises NotFound, Conflict for one that is closed, Invalid naming the field.
    """
    with transaction.atomic():
        item = ReviewItem.objects.select_for_update().filter(pk=item_id).first()
        if item is None:
            raise NotFound(_("There is no such review item."))
        authorize(actor, kind_of(item.kind).permission)
        item.require_revision(expected_revision)
        _check_closing(item, status, note)
        item.status, item.closing_note = status, note.strip()
        item.closed_by, item.closed_at = actor.label[:LABEL_MAX], now()
        item.save_changes("status", "closing_note", "closed_by", "closed_at")
        record(
            actor=actor,
            action="review_item.closed",
            target=item,
            before={"status": ReviewItem.Status.OPEN},
            after={"status": status, "note": item.closing_note},
        )
    return item


def _check_closing(item: ReviewItem, status: str, note: str) -> None:
    if item.status != ReviewItem.Status.OPEN:
        raise Conflict(_("It is closed already."))
    errors: list[FieldError] = []
    closing = (ReviewItem.Status.RESOLVED, ReviewItem.Status.DISMISSED)
    if status not in closing:
        message = _("Use one of: %(choices)s.") % {"choices": ", ".join(closing)}
        errors.append(FieldError("status", "choice", message))
    if status == ReviewItem.Status.DISMISSED and not note.strip():
        errors.append(FieldError("note", "required", _("Say why it needs nothing.")))
    if len(note) > NOTE_MAX:
        errors.append(FieldError("note", "too_long", _("At most 500 characters.")))
    if errors:
        raise Invalid(errors=errors)
