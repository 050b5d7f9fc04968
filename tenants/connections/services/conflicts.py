"""Deciding conflicts: one of the two values, or another one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now, today
from shared.kernel.errors import AppError, Conflict, FieldError, Invalid, NotFound
from shared.outbox.services import publish
from tenants.connections.comparison import same
from tenants.connections.models import ConflictChange, SyncConflict
from tenants.connections.sides import SIDES
from tenants.connections.work.disagreeing import REVIEW_KIND
from tenants.connections.work.fanout import CONFLICT_RESOLVED
from tenants.review.services import close_items

CHOICES = (
    SyncConflict.Resolution.OURS,
    SyncConflict.Resolution.THEIRS,
    SyncConflict.Resolution.EDITED,
)
RESOLVED_MAX = 100


@dataclass(frozen=True)
class Choice:
    """What was decided: whose value, or which; from which day terms count."""

    choice: str
    value: Any = None
    effective_date: date | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one conflict of several."""

    conflict_id: UUID
    conflict: SyncConflict | None
    error: AppError | None = None


def resolve_conflict(
    *,
    actor: Actor,
    conflict_id: UUID,
    choice: Choice,
    expected_revision: int | None = None,
) -> SyncConflict:
    """Decide an open conflict: theirs and an edited value become ours, then ours is sent.

    Taking a value over needs the permission to change the site or the contract too.
    Raises NotFound, Conflict where it is decided or has changed since, Invalid naming the field
    where the value does not fit; then nothing is changed.
    """
    authorize(actor, "connections.resolve")
    if choice.choice not in CHOICES:
        message = _("Use one of: %(choices)s.") % {"choices": ", ".join(CHOICES)}
        raise Invalid(errors=[FieldError("choice", "choice", message)])
    with transaction.atomic():
        conflict = _lock(conflict_id)
        conflict.require_revision(expected_revision)
        if conflict.status != SyncConflict.Status.OPEN:
            raise Conflict(_("This conflict is decided already."))
        value = _value_of(conflict, choice)
        if choice.choice != SyncConflict.Resolution.OURS:
            _take_over(actor, conflict, value, choice.effective_date or today())
        before = {"ours": conflict.ours, "theirs": conflict.theirs}
        _close(actor, conflict, choice.choice, value)
        record(
            actor=actor,
            action="conflict.resolved",
            target=conflict,
            before=before,
            after={"choice": choice.choice, "value": value},
        )
    return conflict


def resolve_conflicts(
    *, actor: Actor, conflict_ids: Sequence[UUID], choice: Choice
) -> list[Outcome]:
    """Decide several the same way; one that cannot be decided does not stop the others.

    Raises Invalid for more than 100, or for one edited value for several.
    """
    authorize(actor, "connections.resolve")
    if len(conflict_ids) > RESOLVED_MAX:
        raise Invalid(errors=[FieldError("conflict_ids", "too_many", _("At most 100 at once."))])
    if choice.choice == SyncConflict.Resolution.EDITED:
        message = _("Choose ours or theirs for several at once.")
        raise Invalid(errors=[FieldError("choice", "choice", message)])
    outcomes = []
    for conflict_id in dict.fromkeys(conflict_ids):
        try:
            conflict = resolve_conflict(actor=actor, conflict_id=conflict_id, choice=choice)
        except AppError as error:
            outcomes.append(Outcome(conflict_id, None, error))
        else:
            outcomes.append(Outcome(conflict_id, conflict))
    return outcomes


def _value_of(conflict: SyncConflict, choice: Choice) -> Any:
    if choice.choice == SyncConflict.Resolution.EDITED:
        if choice.value is None:
            message = _("Give the value that counts.")
            raise Invalid(errors=[FieldError("value", "required", message)])
        return choice.value
    ours = choice.choice == SyncConflict.Resolution.OURS
    return conflict.ours if ours else conflict.theirs


def _take_over(actor: Actor, conflict: SyncConflict, value: Any, day: date) -> None:
    """Make the value ours, unless ours has become something else since the conflict was found."""
    side = SIDES[conflict.record]
    ours = side.ours(conflict.code)
    present = ours.values.get(conflict.field) if ours else None
    if ours is not None and not same(conflict.field, present, conflict.ours):
        raise Conflict(
            _("Our value has changed since this conflict was found. Reconcile, then decide.")
        )
    side.take_over(
        actor=actor,
        connection=conflict.connection,
        code=conflict.code,
        field=conflict.field,
        value=value,
        day=day,
    )


def _close(actor: Actor, conflict: SyncConflict, choice: str, value: Any) -> None:
    conflict.status, conflict.resolution = SyncConflict.Status.RESOLVED, choice
    conflict.value, conflict.resolved_at, conflict.resolved_by = value, now(), actor.label[:200]
    conflict.save_changes("status", "resolution", "value", "resolved_at", "resolved_by")
    ConflictChange.objects.create(
        conflict=conflict,
        what="resolved",
        actor=actor.label[:200],
        details={"choice": choice, "value": value},
    )
    close_items(actor=actor, kind=REVIEW_KIND, target_id=conflict.pk)
    code = {"contract_id": conflict.code} if conflict.record == "configuration" else {}
    publish(
        topic=CONFLICT_RESOLVED,
        key=conflict.site_code or conflict.code,
        payload={"conflict_id": str(conflict.pk), "record": conflict.record, **code},
    )


def _lock(conflict_id: UUID) -> SyncConflict:
    conflict = (
        SyncConflict.objects.select_for_update(of=("self",))
        .select_related("connection")
        .filter(pk=conflict_id)
        .first()
    )
    if conflict is None:
        raise NotFound(_("There is no such conflict."))
    return conflict
