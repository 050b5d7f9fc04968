"""Background work on the books and on files of payments."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.db import OperationalError

from connectors.errors import RetryLater
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.tasks import enqueue_after_commit, tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.payments.services.files import process_file, stale_files
from tenants.payments.services.online_events import (
    process_event,
    refresh_online_payment,
    silent_payments,
    waiting_events,
)
from tenants.payments.services.proving import differing_days, prove_ledger


@shared_task
def prove_all_ledgers() -> None:
    """Have the books of every organisation compared with their documents. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            prove_yesterday.delay(schema=schema)


@tenant_task(autoretry_for=(OperationalError,))
def prove_yesterday() -> None:
    """Compare the books of one organisation as of yesterday; safe to run twice.

    So are days whose difference still waits for a person: it may have been put right since.
    """
    yesterday = today() - timedelta(days=1)
    for day in {yesterday, *differing_days()}:
        prove_ledger(actor=SYSTEM, on=day)


@tenant_task()
def apply_file(file_id: str) -> None:
    """Record the matched lines of a file."""
    process_file(file_id=UUID(file_id))


@tenant_task(autoretry_for=(RetryLater, OperationalError))
def deal_with_event(event_pk: str) -> None:
    """Bring what happened at Stripe into the books."""
    process_event(event_pk=UUID(event_pk))


@tenant_task(autoretry_for=(RetryLater, OperationalError))
def ask_about_payment(online_pk: str) -> None:
    """Ask Stripe about a payment that nothing was heard of."""
    refresh_online_payment(online_pk=UUID(online_pk))


@shared_task
def sweep_payments() -> None:
    """Look after files and online payments of every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            resume_payments.delay(schema=schema)


@tenant_task()
def resume_payments() -> None:
    """Go on with what workers of one organisation left behind; safe to run twice."""
    for file_id in stale_files():
        enqueue_after_commit(apply_file, file_id=str(file_id))
    for event_pk in waiting_events():
        enqueue_after_commit(deal_with_event, event_pk=str(event_pk))
    for online_pk in silent_payments():
        enqueue_after_commit(ask_about_payment, online_pk=str(online_pk))
