"""An import as its page shows it: what came of it, in words and figures."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from tenants.imports.kinds import KINDS, kind_of
from tenants.imports.models import Import, RecordRow, RowProblem
from tenants.imports.selectors import problems

Facts = list[tuple[str, Any]]
PROBLEM_BATCH = 1000


def headline(job: Import) -> str:
    """What is going on, in one line."""
    lines = {
        Import.Status.CHECKING: _("Checking the rows"),
        Import.Status.READY: _("Checked; nothing is imported yet"),
        Import.Status.APPLYING: _("Importing"),
        Import.Status.APPLIED: _("Imported"),
        Import.Status.UNDOING: _("Undoing"),
        Import.Status.UNDONE: _("Undone"),
        Import.Status.FAILED: _("Failed"),
        Import.Status.DISCARDED: _("Discarded"),
    }
    return lines[Import.Status(job.status)]


def counts(job: Import) -> list[dict[str, Any]]:
    """The figures of the import, each for a `stat`."""
    figures = [(_("Rows"), job.rows, ""), (_("Bad rows"), job.bad_rows, _("left out"))]
    if job.checked_at and job.status in (Import.Status.READY, Import.Status.DISCARDED):
        figures.append((_("New"), job.new_rows, ""))
        if job.kind == Import.Kind.REVENUE:
            figures.append((_("Replace"), job.changed_rows, _("another amount is stored")))
        else:
            figures.append((_("Changed"), job.changed_rows, _("something else is stored")))
        figures.append((_("Unchanged"), job.same_rows, _("stored already")))
        if job.duplicate_rows:
            figures.append((_("Duplicates"), job.duplicate_rows, _("left out unless allowed")))
    if job.applied_rows:
        figures.append((_("Imported"), job.applied_rows, ""))
    if job.undone_rows or job.kept_rows:
        figures.append((_("Undone"), job.undone_rows, ""))
        figures.append((_("Kept"), job.kept_rows, _("changed since, or needed")))
    return [{"label": label, "value": value, "note": note} for label, value, note in figures]


def column_facts(job: Import) -> Facts:
    """Which header was read as which field."""
    found: Facts = [
        (str(column.label), job.columns[column.name])
        for column in kind_of(job).columns
        if column.name in job.columns
    ]
    if job.ignored:
        found.append((_("Not used"), ", ".join(job.ignored)))
    return found


def problem_lines(rows: Iterable[RowProblem], job: Import) -> list[dict[str, Any]]:
    """Bad rows for the table: what they say, and what is wrong with it."""
    labels = {column.name: column.label for column in kind_of(job).columns}
    return [
        {
            "line": row.line,
            "stage": row.get_stage_display() if row.stage != RowProblem.Stage.CHECK else "",
            "values": ", ".join(row.values[name] for name in labels if row.values.get(name)),
            "reasons": [
                {"label": labels.get(one["field"], ""), "message": one["message"]}
                for one in row.told
            ],
        }
        for row in rows
    ]


def record_lines(rows: Iterable[RecordRow], job: Import) -> list[dict[str, Any]]:
    """Good rows for the table: which record each is, and what it makes of it."""
    labels = {column.name: column.label for column in kind_of(job).columns}
    return [
        {
            "row": row,
            "says": ", ".join(row.values[name] for name in labels if row.values.get(name)),
            "changes": [
                {**one, "label": labels.get(one["field"], one["field"])} for one in row.told
            ],
        }
        for row in rows
    ]


def effect_tabs(job: Import, url: str) -> list[dict[str, Any]]:
    """Every row, or those of one effect, each with how many there are."""
    effects = RecordRow.Effect
    numbers = {
        effects.NEW: job.new_rows,
        effects.CHANGED: job.changed_rows,
        effects.SAME: job.same_rows,
    }
    if job.duplicate_rows:
        numbers[effects.DUPLICATE] = job.duplicate_rows
    tabs = [{"label": _("Every row"), "url": url, "count": sum(numbers.values())}]
    return tabs + [
        {"label": effect.label, "url": f"{url}?effect={effect.value}", "count": number}
        for effect, number in numbers.items()
    ]


def bad_rows_file(job: Import) -> tuple[str, list[str], Iterator[list[list[object]]]]:
    """Name, header and rows of a download of the bad rows.

    It has the columns of the kind between row number and reason, so it can be mended in a
    spreadsheet and brought in again.
    """
    names = [column.name for column in kind_of(job).columns]
    file_name = f"bad-rows-{job.created_at:%Y-%m-%d}-{str(job.pk)[:8]}.csv"
    return file_name, ["row", *names, "reason"], _problem_batches(job, names)


def _problem_batches(job: Import, names: Sequence[str]) -> Iterator[list[list[object]]]:
    after = Q()
    while batch := list(problems(job).filter(after)[:PROBLEM_BATCH]):
        last = batch[-1]
        after = Q(line__gt=last.line) | Q(line=last.line, pk__gt=last.pk)
        yield [
            [
                row.line,
                *(row.values.get(name, "") for name in names),
                "; ".join(str(one["message"]) for one in row.told),
            ]
            for row in batch
        ]


def example_file(kind: str) -> str:
    """A CSV with every column and one row, to fill in."""
    columns = KINDS[Import.Kind(kind)].columns
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.name for column in columns])
    writer.writerow([column.example for column in columns])
    return "\ufeff" + text.getvalue()
