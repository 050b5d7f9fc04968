"""Sending changes as they happen: one event at a time for each site.

The impact on billing is assessed first: which mapped fields of the record differ from what the
other side has, and from which day on. Source: seed 000, Real-time Synchronization.
"""

import time
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from connectors.billing_system import BillingSystem, InvoiceStatus
from connectors.errors import NeedsAttention, RetryLater
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Text
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.connections.models import Connection, OrderedWork, SyncLog, SyncTask
from tenants.connections.work.comparing import Compared, hold_key, send_record
from tenants.connections.work.logs import PROCESSES, log
from tenants.connections.work.ordered import claim_next, finish, give_back
from tenants.connections.work.systems import billing_system
from tenants.contracts.models import Contract
from tenants.invoices.models import Invoice
from tenants.review.services import close_many, raise_item

TASKS_A_TURN = 200
TURN_SECONDS = 120.0
REVIEW_KIND = "sync_failed"
CONNECTION_FIELDS = frozenset({"token", "base_url"})


def send_due(*, connection_id: UUID) -> bool:
    """Send a connection's due changes, up to 200 or for two minutes; whether more may wait."""
    end = time.monotonic() + TURN_SECONDS
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None:
        return False
    with billing_system(connection) as system:
        for _number in range(TASKS_A_TURN):
            if not _is_running(connection):
                return False
            task = claim_next(SyncTask, lane="connection", receiver=connection)
            if task is None:
                return False
            process_task(system, connection, task)
            if time.monotonic() > end:
                return True
    return True


def process_task(system: BillingSystem, connection: Connection, task: SyncTask) -> None:
    """Send what one event asks for, and close, give back or fail its task.

    How long that took stands in its line of the log. Source: seed 000,
    `site_change_processing_time`.
    """
    start = time.monotonic()
    try:
        with hold_key(task.key):
            compared = _send(system, connection, task)
            _close(task, compared, milliseconds=int((time.monotonic() - start) * 1000))
    except RetryLater as error:
        if give_back(task, error.why, after=error.after):
            _fail(task, error.why, "")
    except NeedsAttention as error:
        if error.field in CONNECTION_FIELDS:
            note_problem(connection, error.why)
            if give_back(task, error.why):
                _fail(task, error.why, error.field)
            return
        if finish(task, OrderedWork.Status.FAILED, error=error.why):
            _fail(task, error.why, error.field)
    else:
        note_success(connection)


def _is_running(connection: Connection) -> bool:
    state = Connection.objects.filter(pk=connection.pk).values_list("state", flat=True).first()
    return state is not None and state != Connection.State.PAUSED


def _send(system: BillingSystem, connection: Connection, task: SyncTask) -> Compared:
    area = task.topic.partition(".")[0]
    key = f"event-{task.event_id}"
    if area in ("invoice", "payment"):
        return _send_invoice(system, connection, task, key)
    contract_id = task.payload.get("contract_id")
    if area == "site" or task.payload.get("record") == "customer":
        return _record(system, connection, "customer", task.key, key)
    if not contract_id:
        return Compared()
    if _needs_customer(connection, task.key, str(contract_id)):
        _record(system, connection, "customer", task.key, key)
    return _record(system, connection, "configuration", str(contract_id), key)


def _record(
    system: BillingSystem, connection: Connection, record: str, code: str, key: str
) -> Compared:
    return send_record(system=system, connection=connection, record=record, code=code, key=key)


def _needs_customer(connection: Connection, site_code: str, contract_id: str) -> bool:
    """A contract's customer goes before it."""
    if connection.customers.filter(customer_id=site_code).exists():
        return False
    billed = Contract.objects.exclude(status=Contract.Status.DRAFT)
    return billed.filter(contract_id=contract_id).exists()


def _send_invoice(
    system: BillingSystem, connection: Connection, task: SyncTask, key: str
) -> Compared:
    """Tell an issued invoice's amounts and status as they are now."""
    invoice = (
        Invoice.objects.select_related("contract", "site")
        .filter(invoice_id=task.payload.get("invoice_id"), number__isnull=False)
        .first()
    )
    if invoice is None:
        return Compared()
    status = InvoiceStatus(
        invoice_id=invoice.invoice_id,
        invoice_number=str(invoice.number),
        contract_number=invoice.contract.contract_id if invoice.contract else "",
        customer_id=invoice.site.site_id,
        currency=invoice.currency,
        total_amount=invoice.total,
        amount_paid=invoice.amount_paid,
        status=invoice.status,
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
    )
    system.put_invoice_status(status, idempotency_key=key)
    return Compared(
        sent=True,
        changes={"status": [None, status.status]},
        effective_date=invoice.invoice_date.isoformat(),
    )


def _close(task: SyncTask, compared: Compared, *, milliseconds: int) -> None:
    """The task, its line in the log and its event, in the transaction of what was noted."""
    outcome = OrderedWork.Status.DONE if compared.sent else OrderedWork.Status.SKIPPED
    if not finish(task, outcome):
        return
    status = SyncLog.Status.SUCCESS if compared.sent else SyncLog.Status.SKIPPED
    if compared.conflicts:
        status = SyncLog.Status.CONFLICT
    log(
        _process(task),
        status,
        records=int(compared.sent),
        site_id=task.key,
        details={
            **_about(task),
            "changes": _plain(compared.changes),
            "milliseconds": milliseconds,
        }
        | ({"effective_date": compared.effective_date} if compared.sent else {}),
    )
    if compared.sent:
        _settle_earlier(task)
        publish(topic="sync.updated", key=task.key, payload=_about(task))


def _settle_earlier(task: SyncTask) -> None:
    """Earlier changes of the same record that failed: it was sent whole, with what they changed."""
    failed = SyncTask.objects.filter(
        connection=task.connection_id,
        key=task.key,
        event_id__lt=task.event_id,
        status=OrderedWork.Status.FAILED,
    )
    same = [one.pk for one in failed if _record_of(one) == _record_of(task)]
    if same:
        SyncTask.objects.filter(pk__in=same).update(status=OrderedWork.Status.SKIPPED)
        note = _("A later change of the same record was sent.")
        close_many(actor=SYSTEM, kinds=[REVIEW_KIND], target_ids=same, note=note)


def _record_of(task: SyncTask) -> tuple[Any, ...]:
    names = ("record", "contract_id", "invoice_id")
    return (task.topic.partition(".")[0], *(task.payload.get(name) for name in names))


def _fail(task: SyncTask, why: Text, field: str) -> None:
    """Somebody has to look: the log, the review inbox and whoever listens are told."""
    with transaction.atomic():
        log(
            _process(task),
            SyncLog.Status.ERROR,
            error=why,
            site_id=task.key,
            details={**_about(task), "field": field},
        )
        raise_item(
            kind=REVIEW_KIND,
            target=task,
            cause=why,
            field=field,
            link=reverse("sync_status"),
            details=_about(task),
        )
        publish(topic="sync.failed", key=task.key, payload={**_about(task), "field": field})


def note_problem(connection: Connection, why: Text) -> None:
    """The connection itself is refused; its pages say so until it works again."""
    Connection.objects.filter(pk=connection.pk).exclude(state=Connection.State.PAUSED).update(
        state=Connection.State.ATTENTION, problem=why, checked_at=now()
    )


def note_success(connection: Connection) -> None:
    """The connection works."""
    Connection.objects.filter(pk=connection.pk).update(synced_at=now(), checked_at=now())
    Connection.objects.filter(pk=connection.pk, state=Connection.State.ATTENTION).update(
        state=Connection.State.ACTIVE, problem=""
    )


def _process(task: SyncTask) -> str:
    return PROCESSES[task.topic.partition(".")[0]]


def _about(task: SyncTask) -> dict[str, Any]:
    return {"topic": task.topic, "event_id": task.event_id, **task.payload}


def _plain(changes: dict[str, Any]) -> dict[str, Any]:
    """Days as text, for JSON."""
    return {
        name: [one.isoformat() if hasattr(one, "isoformat") else one for one in pair]
        for name, pair in changes.items()
    }
