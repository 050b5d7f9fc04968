"""`/api/v1/imports`: bring a file in, look at it, apply it, undo it."""

from typing import IO, Any, cast
from uuid import UUID

from django.http.response import HttpResponseBase
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import Page, Paging, paginate
from shared.kernel.exports import csv_response
from tenants.imports import selectors, services
from tenants.imports.models import Import
from tenants.imports.presentation import bad_rows_file
from tenants.imports.schemas import (
    ApplyIn,
    ImportDetailOut,
    ImportFilters,
    ImportOut,
    RecordRowOut,
    RowFilters,
    RowProblemOut,
)

router = Router(tags=["Imports"])
CSV: dict[str, Any] = {
    "responses": {
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "CSV"}
    }
}


@router.get("", response=Page[ImportOut])
def list_imports(request: ApiRequest, filters: Query[ImportFilters]) -> Any:
    """Imports of the kinds you may see, newest first."""
    found = selectors.imports(actor=request.actor, kind=filters.kind or "")
    page = paginate(found, filters, orderings=("created_at",), default="-created_at")
    return {"items": [ImportOut.of(job) for job in page.items], "next": page.next}


@router.post("", response={202: ImportOut})
def start_import(
    request: ApiRequest,
    file: File[UploadedFile],
    kind: Form[Import.Kind],
    day_form: Form[Import.DayForm] = Import.DayForm.ISO,
) -> Any:
    """Check a file of revenue, sites or contracts; nothing is imported before `apply`.

    CSV (UTF-8, UTF-16 or Windows-1252), CSV in gzip or ZIP, or Excel (.xlsx), by content; up to
    25 MiB. Headers may be English or French. A row that names a stored site or contract by its
    id changes it: what the file lacks, or leaves empty, stays as it is.
    """
    job = services.start_import(
        actor=request.actor,
        kind=kind,
        file=cast(IO[bytes], file.file),
        file_name=file.name or "",
        day_form=day_form,
    )
    return Status(202, ImportOut.of(job))


@router.get("/{uuid:import_id}", response=ImportDetailOut)
def get_import(request: ApiRequest, import_id: UUID) -> Any:
    """How far it is, what it would do or did."""
    return ImportDetailOut.of(selectors.import_by_id(actor=request.actor, import_id=import_id))


@router.get("/{uuid:import_id}/rows", response=Page[RecordRowOut])
def list_import_rows(request: ApiRequest, import_id: UUID, filters: Query[RowFilters]) -> Any:
    """The good rows of a file of sites or contracts: what each would change, or changed.

    A file of revenue has none here; its first rows are in the import's `preview`.
    """
    job = selectors.import_by_id(actor=request.actor, import_id=import_id)
    found = selectors.record_rows(job, filters.effect or "")
    page = paginate(found, filters, orderings=("line",), default="line")
    return {"items": [RecordRowOut.of(row) for row in page.items], "next": page.next}


@router.get("/{uuid:import_id}/errors", response=Page[RowProblemOut])
def list_import_errors(request: ApiRequest, import_id: UUID, paging: Query[Paging]) -> Any:
    """The bad rows with their reasons, in the order of the file."""
    job = selectors.import_by_id(actor=request.actor, import_id=import_id)
    page = paginate(selectors.problems(job), paging, orderings=("line",), default="line")
    return {"items": [RowProblemOut.of(row) for row in page.items], "next": page.next}


@router.get("/{uuid:import_id}/errors.csv", response={200: None}, openapi_extra=CSV)
def download_import_errors(request: ApiRequest, import_id: UUID) -> HttpResponseBase:
    """The bad rows with their reasons, to mend and bring in again."""
    job = selectors.import_by_id(actor=request.actor, import_id=import_id)
    return csv_response(*bad_rows_file(job))


@router.post("/{uuid:import_id}/apply", response={202: ImportOut})
def apply_import(request: ApiRequest, import_id: UUID, body: ApplyIn | None = None) -> Any:
    """Import every good row; bad rows are left out, and so are duplicates unless allowed.

    409 where every row is there already, or the same content was imported, unless allowed.
    """
    allowed = body is not None and body.allow_duplicates
    job = services.apply_import(actor=request.actor, import_id=import_id, allow_duplicates=allowed)
    return Status(202, ImportOut.of(job))


@router.post("/{uuid:import_id}/undo", response={202: ImportOut})
def undo_import(request: ApiRequest, import_id: UUID) -> Any:
    """Take back what the import wrote; what changed since, or is needed, stays."""
    job = services.undo_import(actor=request.actor, import_id=import_id)
    return Status(202, ImportOut.of(job))
