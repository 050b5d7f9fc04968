"""A file of late revenue that waits to be imported: a few corrections, and rows to mend."""

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from tenants.activity.models import RevenueRecord
from tenants.imports.models import Import
from tenants.imports.services import process_import, start_import

CORRECTED_DAYS = 5
RAISED = Decimal("1.08")
CENT = Decimal("0.01")


def bring_late_revenue(*, site_id: str, month: Period) -> Import | None:
    """Check a till's corrections of a month; importing them is left to whoever tries the demo.

    None where the site has no revenue in that month.
    """
    records = RevenueRecord.objects.filter(
        site__site_id=site_id, day__range=(month.start_date, month.end_date)
    ).order_by("day")[:CORRECTED_DAYS]
    if not records:
        return None
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Site", "Date", "Category", "Revenue", "Net"])
    writer.writerows(_rows(site_id, list(records), month))
    job = start_import(
        actor=SYSTEM,
        kind=Import.Kind.REVENUE,
        file=io.BytesIO(text.getvalue().encode()),
        file_name=f"till-corrections-{month.start_date:%Y-%m}.csv",
    )
    process_import(import_id=job.pk)
    return job


def _rows(site_id: str, records: Sequence[RevenueRecord], month: Period) -> list[list[object]]:
    corrected: list[list[object]] = [
        [
            site_id,
            row.day,
            row.category,
            (row.gross_amount * RAISED).quantize(CENT),
            (row.net_amount * RAISED).quantize(CENT),
        ]
        for row in records
    ]
    doubled = corrected[0]
    unknown = ["SITE999999", month.start_date, "parking", "120.00", ""]
    unreadable = [site_id, month.end_date - timedelta(days=1), "parking", "n/a", ""]
    return [*corrected, doubled, unknown, unreadable]
