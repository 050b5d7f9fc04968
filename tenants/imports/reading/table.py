"""A file as a header and rows, whatever packs it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from shared.kernel.wording import worded as _
from tenants.imports.columns import Column, Matched, require_columns
from tenants.imports.errors import Unreadable
from tenants.imports.reading.content import Packing, packing_of, text_opener
from tenants.imports.reading.text import read_form, rows_of
from tenants.imports.reading.workbook import Sheet

Cell = Any  # str of a text file; str, int, float, bool, datetime, date or time of a workbook


@dataclass(frozen=True)
class TableFile:
    """An open table: which column is which field, and the rows after the header."""

    matched: Matched
    rows: Iterator[tuple[int, Sequence[Cell]]]
    lines: int
    decimal_comma: bool = False


@contextmanager
def open_table(
    file: IO[bytes], columns: Sequence[Column], *, whole: bool = True
) -> Iterator[TableFile]:
    """The table in a seekable binary file. Raises Unreadable, also while rows are read.

    Rows come one by one: nothing here holds more than one of them. Who wants the header alone
    asks not for the `whole`, which is read through once to find its encoding.
    """
    packing = packing_of(file)
    if packing is Packing.WORKBOOK:
        sheet = Sheet(file)
        try:
            rows = sheet.rows()
            yield TableFile(require_columns(_header(rows), columns), rows, sheet.lines)
        finally:
            sheet.close()
        return
    open_text = text_opener(file, packing)
    form = read_form(open_text, columns, whole=whole)
    lines = rows_of(open_text, form)
    try:
        matched = require_columns(_header(lines), columns)
        yield TableFile(matched, lines, form.lines, decimal_comma=form.decimal_comma)
    finally:
        lines.close()  # type: ignore[attr-defined]  # a generator: closes what it reads


def _header(rows: Iterator[tuple[int, Sequence[Cell]]]) -> Sequence[Cell]:
    first = next(rows, None)
    if first is None:
        raise Unreadable(_("The file is empty."))
    return first[1]
