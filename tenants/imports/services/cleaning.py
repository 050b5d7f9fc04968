"""Throwing away what an import left behind once nobody can need it."""

from datetime import timedelta

from django.db import transaction

from shared.kernel.clock import now
from shared.keyring.storage import EncryptedStorage
from tenants.imports.models import IN_WORK, Import, RecordRow, RevenueRow, RowProblem

KEPT = timedelta(days=30)  # as long it can be undone
BATCH = 100


def purge_imports() -> int:
    """Delete file, rows and reasons of imports older than KEPT; how many. The import stays."""
    old = Import.objects.filter(created_at__lt=now() - KEPT).exclude(stored_name="")
    found = list(old.exclude(status__in=IN_WORK).values_list("pk", flat=True)[:BATCH])
    for pk in found:
        with transaction.atomic():
            job = Import.objects.select_for_update().get(pk=pk)
            name, job.stored_name = job.stored_name, ""
            if job.status == Import.Status.READY:
                job.status = Import.Status.DISCARDED
            job.save(update_fields=["stored_name", "status"])
            RevenueRow.objects.filter(job=job).delete()
            RecordRow.objects.filter(job=job).delete()
            RowProblem.objects.filter(job=job).delete()
        EncryptedStorage().delete(name)
    return len(found)
