"""Files brought in and worked through at once, as tests of imports need them."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook

from shared.kernel.actor import SYSTEM
from tenants.imports.models import Import
from tenants.imports.services import apply_import, process_import, start_import, undo_import


def bring(content: str | bytes, *, kind: str = "revenue", **options: Any) -> Import:
    """A file as it is after its check."""
    data = content if isinstance(content, bytes) else content.encode()
    given = {"actor": SYSTEM, "file_name": "rows.csv", **options}
    return work(start_import(kind=kind, file=io.BytesIO(data), **given))


def work(job: Import) -> Import:
    """What a worker does, until nothing is left."""
    while process_import(import_id=job.pk):
        pass
    job.refresh_from_db()
    return job


def apply(job: Import) -> Import:
    """Its good rows imported."""
    return work(apply_import(actor=SYSTEM, import_id=job.pk))


def undo(job: Import) -> Import:
    """What it wrote taken back."""
    return work(undo_import(actor=SYSTEM, import_id=job.pk))


def reasons(job: Import) -> dict[int, dict[str, str]]:
    """Of each bad row the fields and codes."""
    return {
        problem.line: {one["field"]: one["code"] for one in problem.reasons}
        for problem in job.problems.all()
    }


def workbook(rows: Iterable[Sequence[object]]) -> bytes:
    """An Excel file with these rows."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Feuille1")
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
