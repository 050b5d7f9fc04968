"""Rendering in the background, on the queue `rendering`."""

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.db import OperationalError

from shared.kernel.clock import now
from shared.kernel.tasks import tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, current_schema, serving_schemas
from tenants.documents.models import Document
from tenants.documents.services import DOCUMENTS_A_TASK
from tenants.documents.work import free_documents, render_document

logger = logging.getLogger(__name__)

SWEPT_MAX = 500
QUEUED_RECENTLY = timedelta(minutes=1)


@tenant_task(autoretry_for=(OperationalError,))
def render_documents(document_ids: list[str]) -> None:
    """Render these documents one after the other; safe to run twice and at once.

    A failed one keeps its error and waits for the sweep; it does not stop the others.
    """
    for document_id in document_ids:
        try:
            render_document(document_id=UUID(document_id))
        except OperationalError:
            raise
        except Exception:
            logger.warning("document.left_to_sweep", extra={"document_id": document_id})


@shared_task
def sweep_documents() -> None:
    """Queue a sweep of every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            sweep_schema.delay(schema=schema)


@tenant_task()
def sweep_schema() -> None:
    """Queue what waits or was left behind by a killed worker or a lost message."""
    old = now() - QUEUED_RECENTLY
    left = Document.objects.filter(free_documents(), created_at__lte=old).order_by("created_at")
    found = [str(pk) for pk in left.values_list("pk", flat=True)[:SWEPT_MAX]]
    for start in range(0, len(found), DOCUMENTS_A_TASK):
        render_documents.delay(
            document_ids=found[start : start + DOCUMENTS_A_TASK], schema=current_schema()
        )
