"""Lists as CSV files, sent while they are read, and as workbooks."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.translation import get_language, override

from shared.kernel.formats import currency_places
from shared.kernel.tenancy import current_schema, schema_context

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A spreadsheet runs a cell that starts with one of these.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Neither a cell of a workbook nor anybody's eye takes them.
_NO_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def csv_response(
    filename: str, header: Sequence[object], batches: Iterable[Iterable[Sequence[object]]]
) -> StreamingHttpResponse:
    """A download of `header` and every row of every batch, UTF-8 with the mark Excel needs.

    It is sent after the request has left the organisation's schema and its reader's language, so
    each batch is fetched inside them again. Texts that a spreadsheet would run are quoted;
    numbers are left alone.
    """
    return StreamingHttpResponse(
        _lines(header, iter(batches), current_schema(), get_language()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def in_cents(amount: Decimal, currency: str) -> Decimal:
    """With the decimals of its currency; an amount of money has no more."""
    return amount.quantize(Decimal(1).scaleb(-currency_places(currency)))


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
    from openpyxl import Workbook  # slow to load, and few processes write workbooks

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([safe_text(name) for name in header])
    for row in rows:
        sheet.append([_cell(value) for value in row])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def csv_bytes(header: Sequence[object], rows: Iterable[Sequence[object]]) -> bytes:
    """A whole file, for what is attached to an e-mail; otherwise as `csv_response`."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([safe_text(name) for name in header])
    writer.writerows([safe_text(value) for value in row] for row in rows)
    return f"\ufeff{text.getvalue()}".encode()


class _Line:
    """A file that hands back what csv writes."""

    def write(self, line: str) -> str:
        return line


def _lines(
    header: Sequence[object],
    batches: Iterator[Iterable[Sequence[object]]],
    schema: str,
    language: str | None,
) -> Iterator[str]:
    writer: Any = csv.writer(_Line())
    yield "\ufeff"
    with override(language):
        names = [safe_text(name) for name in header]
    yield writer.writerow(names)
    while True:
        with schema_context(schema), override(language):
            batch = next(batches, None)
            rows = [] if batch is None else [[safe_text(value) for value in row] for row in batch]
        if batch is None:
            return
        for row in rows:
            yield writer.writerow(row)


def safe_text(value: object) -> str:
    """A cell's text, quoted where a spreadsheet would run it.

    Numbers and days are left alone; anything else may have been typed by anybody.
    """
    text = "" if value is None else _NO_CHARACTERS.sub(" ", str(value))
    is_typed = not isinstance(value, int | float | Decimal | date)
    runs = text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS)
    return f"'{text}" if is_typed and runs else text


def _cell(value: object) -> object:
    """A workbook keeps numbers and days what they are."""
    return safe_text(value) if isinstance(value, str | Promise) else value
