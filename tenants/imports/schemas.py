"""What the API answers about imports."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from shared.kernel.api.pagination import Paging
from shared.kernel.api.schemas import Schema, Worded
from tenants.imports.models import Import, RecordRow, RowProblem
from tenants.imports.selectors import preview


class ApplyIn(Schema):
    """Whether rows that say what is there already are imported too."""

    allow_duplicates: bool = False


class ImportFilters(Paging):
    """Which imports."""

    kind: Import.Kind | None = None


class ReasonOut(Schema):
    """What is wrong with a row; `field` is empty where it is the row as a whole."""

    field: str
    code: str
    message: Worded


class RowProblemOut(Schema):
    """A row that was left out, or that an undo kept; `row` is its number in the file."""

    row: int
    stage: str
    values: dict[str, str]
    reasons: list[ReasonOut]

    @staticmethod
    def of(problem: RowProblem) -> "RowProblemOut":
        """The answer about a row."""
        return RowProblemOut(
            row=problem.line,
            stage=problem.stage,
            values=problem.values,
            reasons=[ReasonOut(**one) for one in problem.told],
        )


class RowFilters(Paging):
    """Which rows of a file of sites or contracts."""

    effect: RecordRow.Effect | None = None


class ChangeOut(Schema):
    """One value before and after, as text; empty where there is none."""

    field: str
    before: Worded
    after: Worded


class RecordRowOut(Schema):
    """A good row: whether its record is `new`, `changed` or the `same`, and what became of it.

    A `duplicate` says what the record `duplicate_of` says, or the row `duplicate_of_row`.
    """

    row: int
    effect: str
    outcome: str
    values: dict[str, str]
    changes: list[ChangeOut]
    duplicate_of: str
    duplicate_of_row: int | None

    @staticmethod
    def of(row: RecordRow) -> "RecordRowOut":
        """The answer about a row."""
        return RecordRowOut(
            row=row.line,
            effect=row.effect,
            outcome=row.outcome,
            values=row.values,
            changes=[ChangeOut(**one) for one in row.told],
            duplicate_of=row.twin,
            duplicate_of_row=row.twin_line,
        )


class ImportOut(Schema):
    """One import. While it is `checking`, `applying` or `undoing`, ask again."""

    import_id: UUID
    kind: str
    status: str
    file_name: str
    percent: Annotated[int, Field(ge=0, le=100)]
    columns: dict[str, str]
    ignored_columns: list[str]
    rows: int
    bad_rows: int
    new_rows: int
    changed_rows: int
    unchanged_rows: int
    duplicate_rows: int
    imported_rows: int
    undone_rows: int
    kept_rows: int
    failure: Worded
    created_at: datetime
    checked_at: datetime | None
    applied_at: datetime | None
    undone_at: datetime | None

    @staticmethod
    def of(job: Import) -> "ImportOut":
        """The answer about an import."""
        return ImportOut(**_state(job))


class ImportDetailOut(ImportOut):
    """One import with its first good rows and what each would do, while it waits."""

    preview: list[dict[str, Any]]

    @staticmethod
    def of(job: Import) -> "ImportDetailOut":
        """The answer about an import."""
        return ImportDetailOut(**_state(job), preview=preview(job))


def _state(job: Import) -> dict[str, Any]:
    same = (
        *("kind", "status", "file_name", "percent", "columns", "rows", "bad_rows", "new_rows"),
        *("changed_rows", "duplicate_rows", "undone_rows", "kept_rows", "failure"),
    )
    instants = ("created_at", "checked_at", "applied_at", "undone_at")
    return {
        **{name: getattr(job, name) for name in (*same, *instants)},
        "import_id": job.pk,
        "ignored_columns": job.ignored,
        "unchanged_rows": job.same_rows,
        "imported_rows": job.applied_rows,
    }
