"""A file of a million rows of revenue: read and checked, imported, and taken back.

From the upload's compressed CSV to stored records, through the encrypted file, the staging and
the same services as a worker runs, in one process on real PostgreSQL.
"""

import gzip
import io
import resource
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import connection

from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.activity.models import RevenueRecord
from tenants.demo.benchmarks import machine
from tenants.demo.benchmarks.organisation import make_site, organisation
from tenants.imports.models import Import
from tenants.imports.services import apply_import, process_import, start_import, undo_import

SITES, DAYS = 500, 1000
CATEGORIES = ("general", "valet")
ROWS = SITES * DAYS * len(CATEGORIES)
LAST_DAY = date(2026, 10, 31)


def measure(_repeats: int) -> dict[str, Any]:
    """Wall time, once: a million rows are their own repeats. Peak memory of this process."""
    with organisation_context(organisation()):
        content = _file([make_site().site_id for _ in range(SITES)])
        before = _peak_megabytes()
        started = time.perf_counter()
        job = start_import(
            actor=SYSTEM, kind="revenue", file=io.BytesIO(content), file_name="till.csv.gz"
        )
        checked = _work(job)
        apply_import(actor=SYSTEM, import_id=job.pk)
        applied = _work(job)
        whole = time.perf_counter() - started
        stored = RevenueRecord.objects.count()
        undo_import(actor=SYSTEM, import_id=job.pk)
        undone = _work(job)
        job.refresh_from_db()
        with connection.cursor() as cursor:
            cursor.execute("SHOW fsync")
            (fsync,) = cursor.fetchone()
        return {
            "rows_per_second": round(ROWS / whole),
            "seconds_for_a_million": round(whole * 1_000_000 / ROWS, 1),
            "of_them_checking": round(checked, 1),
            "of_them_importing": round(applied, 1),
            "undo_seconds": round(undone, 1),
            "peak_rss_mb": round(_peak_megabytes()),
            "peak_rss_mb_before": round(before),
            "rows": ROWS,
            "stored": stored,
            "left_after_undo": RevenueRecord.objects.count(),
            "file_mb_compressed": round(len(content) / 1024**2, 1),
            "state": job.status,
            "statistic": "wall time, one worker process, memory without PostgreSQL's own",
            "fsync": fsync,
            "machine": machine(),
        }


def _work(job: Import) -> float:
    """What the worker does, until nothing is left."""
    started = time.perf_counter()
    while process_import(import_id=job.pk):
        pass
    return time.perf_counter() - started


def _file(codes: list[str]) -> bytes:
    packed = io.BytesIO()
    with gzip.open(packed, "wt", compresslevel=6, newline="") as text:
        text.write("site_id,day,category,gross_amount,net_amount\n")
        text.writelines(_lines(codes))
    return packed.getvalue()


def _lines(codes: list[str]) -> Iterator[str]:
    """Day by day, as a till exports; amounts differ from row to row."""
    for back in range(DAYS):
        day = LAST_DAY - timedelta(days=back)
        for number, code in enumerate(codes):
            for share, category in enumerate(CATEGORIES):
                cents = (back * 7919 + number * 104_729 + share * 31) % 900_000
                yield f"{code},{day},{category},{cents / 80:.2f},{cents / 100:.2f}\n"


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
