"""Lists as CSV files, sent while they are read, and as workbooks."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO, StringIO
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from openpyxl import Workbook

from shared.kernel.tenancy import current_schema, schema_context

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A spreadsheet runs a cell that starts with one of these.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_response(
    filename: str, header: Sequence[object], batches: Iterable[Iterable[Sequence[object]]]
) -> StreamingHttpResponse:
    """A download of `header` and every row of every batch, UTF-8 with the mark Excel needs.

    It is sent after the request has left the organisation's schema, so each batch is fetched
    inside it again. Texts that a spreadsheet would run are quoted; numbers are left alone.
    """
    return StreamingHttpResponse(
        _lines(header, iter(batches), current_schema()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def xlsx_response(
    filename: str, header: Sequence[object], rows: Iterable[Sequence[object]]
) -> HttpResponse:
    """A download of `header` and `rows` as one sheet; no cell is a formula."""
    return HttpResponse(
        xlsx_bytes(header, rows),
        content_type=XLSX_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def xlsx_bytes(header: Sequence[object], rows: Iterable[Sequence[object]]) -> bytes:
    """A workbook of one sheet, written row by row; no cell is a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([_cell(name) for name in header])
    for row in rows:
        sheet.append([_cell(value) if isinstance(value, str) else value for value in row])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def csv_bytes(header: Sequence[object], rows: Iterable[Sequence[object]]) -> bytes:
    """A whole file, for what is attached to an e-mail; otherwise as `csv_response`."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([_cell(name) for name in header])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return f"\ufeff{text.getvalue()}".encode()


class _Line:
    """A file that hands back what csv writes."""

    def write(self, line: str) -> str:
        return line


def _lines(
    header: Sequence[object], batches: Iterator[Iterable[Sequence[object]]], schema: str
) -> Iterator[str]:
    writer: Any = csv.writer(_Line())
    yield "\ufeff"
    yield writer.writerow([_cell(name) for name in header])
    while True:
        with schema_context(schema):
            batch = next(batches, None)
            rows = [] if batch is None else [[_cell(value) for value in row] for row in batch]
        if batch is None:
            return
        for row in rows:
            yield writer.writerow(row)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_STARTS) else text
