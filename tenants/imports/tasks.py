"""Importing in the background, on the queue `sync`."""

from uuid import UUID

from celery import shared_task
from django.db import OperationalError

from shared.kernel.tasks import enqueue_after_commit, tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.imports.selectors import imports_to_resume
from tenants.imports.services import process_import, purge_imports


@tenant_task(autoretry_for=(OperationalError,))
def continue_import(import_id: str) -> None:
    """Go on with an import where it stands."""
    if process_import(import_id=UUID(import_id)):
        enqueue_after_commit(continue_import, import_id=import_id)


@shared_task
def sweep_imports() -> None:
    """Look after the imports of every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            resume_imports.delay(schema=schema)


@shared_task
def purge_all_imports() -> None:
    """Throw away what is too old in every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            purge_own_imports.delay(schema=schema)


@tenant_task()
def resume_imports() -> None:
    """Go on with the imports of one organisation whose worker is gone; safe to run twice."""
    for import_id in imports_to_resume():
        enqueue_after_commit(continue_import, import_id=str(import_id))


@tenant_task()
def purge_own_imports() -> None:
    """Throw away what is too old in one organisation."""
    purge_imports()
