"""Connecting the billing system, and trying again what failed."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from connectors.errors import NeedsAttention, RetryLater
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.outgoing import check_url
from shared.kernel.wording import worded as _
from tenants.connections.models import Connection, OrderedWork, SyncConflict, SyncTask
from tenants.connections.work.disagreeing import REVIEW_KIND as CONFLICT_KIND
from tenants.connections.work.fanout import queue_due
from tenants.connections.work.syncing import REVIEW_KIND, note_problem, note_success
from tenants.connections.work.systems import billing_system
from tenants.review.services import close_items, close_many

NAME_MAX = 100
TOKEN_MAX = 2_000


def create_connection(*, actor: Actor, name: str, base_url: str, token: str) -> Connection:
    """Connect the billing system; changes from now on are sent there, and a first
    reconciliation sends the rest.

    Raises Invalid naming each wrong field, Conflict where one is connected already.
    """
    authorize(actor, "connections.write")
    values = _checked({"name": name, "base_url": base_url, "token": token})
    with transaction.atomic():
        connection = Connection(created_by=actor.label, **values)
        try:
            with transaction.atomic():
                connection.save(force_insert=True)
        except IntegrityError as error:
            raise Conflict(_("A billing system is connected already.")) from error
        record(
            actor=actor,
            action="connection.created",
            target=connection,
            after={"name": values["name"], "base_url": values["base_url"]},
        )
    return connection


def update_connection(
    *,
    actor: Actor,
    connection_id: UUID,
    name: str | None = None,
    base_url: str | None = None,
    token: str | None = None,
    active: bool | None = None,
    expected_revision: int | None = None,
) -> Connection:
    """Change what is given; what waited while it was paused is sent once it is active.

    An address of another host needs its token again: ours is not for whoever it may be.
    Raises Invalid naming each wrong field, NotFound, PreconditionFailed when stale.
    """
    authorize(actor, "connections.write")
    given = {"name": name, "base_url": base_url, "token": token}
    values = _checked({key: value for key, value in given.items() if value is not None})
    if active is not None:
        state = Connection.State.ACTIVE if active else Connection.State.PAUSED
        values |= {"state": state, "problem": ""}
    with transaction.atomic():
        connection = lock_connection(connection_id)
        connection.require_revision(expected_revision)
        if "base_url" in values and values["base_url"] != connection.base_url and not token:
            message = _("Give the token again with a new address.")
            raise Invalid(errors=[FieldError("token", "required", message)])
        shown = [key for key in values if key != "token"]
        before = {key: getattr(connection, key) for key in shown}
        for key, value in values.items():
            setattr(connection, key, value)
        connection.save_changes(*values)
        if connection.state != Connection.State.PAUSED:
            queue_due([], [connection])
        after = {key: values[key] for key in shown}
        if "token" in values:
            after["token_changed"] = True
        record(
            actor=actor,
            action="connection.changed",
            target=connection,
            before=before,
            after=after,
        )
    return connection


def delete_connection(
    *, actor: Actor, connection_id: UUID, expected_revision: int | None = None
) -> None:
    """Disconnect: credentials, copies, conflicts and waiting changes go; the log stays.

    Raises NotFound, PreconditionFailed when stale.
    """
    authorize(actor, "connections.write")
    with transaction.atomic():
        connection = lock_connection(connection_id)
        connection.require_revision(expected_revision)
        pk, name = connection.pk, connection.name
        gone = [*connection.tasks.values_list("pk", flat=True)]
        gone += SyncConflict.objects.filter(connection=connection).values_list("pk", flat=True)
        note = _("The billing system was disconnected.")
        close_many(actor=actor, kinds=[REVIEW_KIND, CONFLICT_KIND], target_ids=gone, note=note)
        connection.delete()
        connection.pk = pk
        record(actor=actor, action="connection.removed", target=connection, before={"name": name})


def check_connection(*, actor: Actor, connection_id: UUID) -> Connection:
    """Reach the system with the credentials, changing nothing there; its state tells the rest.

    Raises NotFound.
    """
    authorize(actor, "connections.write")
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None:
        raise _unknown()
    try:
        with billing_system(connection) as system:
            system.check()
    except (NeedsAttention, RetryLater) as error:
        note_problem(connection, error.why)
    else:
        note_success(connection)
    Connection.objects.filter(pk=connection_id).update(checked_at=now())
    connection.refresh_from_db()
    with transaction.atomic():
        record(
            actor=actor,
            action="connection.checked",
            target=connection,
            after={"state": connection.state},
        )
    return connection


def retry_task(*, actor: Actor, task_id: UUID) -> SyncTask:
    """Send a failed change again, with three more days. Raises NotFound, Conflict."""
    authorize(actor, "connections.resolve")
    with transaction.atomic():
        task = _lock_failed(task_id)
        _reopen([task])
        close_items(actor=actor, kind=REVIEW_KIND, target_id=task.pk)
        queue_due([], [task.connection])
        record(actor=actor, action="sync.retried", target=task, after={"event_id": task.event_id})
    return task


def dismiss_task(*, actor: Actor, task_id: UUID, note: str) -> SyncTask:
    """Leave a failed change unsent, with the reason. Raises NotFound, Conflict, Invalid."""
    authorize(actor, "connections.resolve")
    if not note.strip():
        raise Invalid(errors=[FieldError("note", "required", _("Say why it need not be sent."))])
    with transaction.atomic():
        task = _lock_failed(task_id)
        task.status = OrderedWork.Status.SKIPPED
        task.save(update_fields=["status"])
        close_items(actor=actor, kind=REVIEW_KIND, target_id=task.pk, note=note.strip())
        record(
            actor=actor, action="sync.dismissed", target=task, after={"note": note.strip()[:500]}
        )
    return task


def _reopen(tasks: list[SyncTask]) -> None:
    moment = now()
    for task in tasks:
        task.status, task.due_at, task.attempts = OrderedWork.Status.WAITING, moment, 0
        task.first_tried_at, task.finished_at, task.error = None, None, ""
        task.save(
            update_fields=[
                *("status", "due_at", "attempts", "first_tried_at", "finished_at", "error")
            ]
        )


def _lock_failed(task_id: UUID) -> SyncTask:
    task = (
        SyncTask.objects.select_for_update(of=("self",))
        .select_related("connection")
        .filter(pk=task_id)
        .first()
    )
    if task is None:
        raise NotFound(_("There is no such change."))
    if task.status != OrderedWork.Status.FAILED:
        raise Conflict(_("Only what failed can be sent again or left."))
    return task


def lock_connection(connection_id: UUID) -> Connection:
    """The connection, locked until the transaction ends. Raises NotFound."""
    connection = Connection.objects.select_for_update().filter(pk=connection_id).first()
    if connection is None:
        raise _unknown()
    return connection


def _unknown() -> NotFound:
    return NotFound(_("There is no such connection."))


def _checked(given: dict[str, str]) -> dict[str, Any]:
    errors: list[FieldError] = []
    values: dict[str, Any] = {}
    for key, text in given.items():
        values[key] = text.strip()
        limit = {"name": NAME_MAX, "token": TOKEN_MAX}.get(key)
        if not values[key]:
            errors.append(FieldError(key, "required", _("This field is required.")))
        elif limit and len(values[key]) > limit:
            message = _("At most %(number)s characters.") % {"number": limit}
            errors.append(FieldError(key, "too_long", message))
        elif key == "token" and not (values[key].isascii() and values[key].isprintable()):
            errors.append(FieldError(key, "form", _("A token has plain characters only.")))
        elif key == "base_url":
            try:
                values[key] = check_url(values[key], "base_url")
            except Invalid as error:
                errors += error.errors
    if errors:
        raise Invalid(errors=errors)
    return values
