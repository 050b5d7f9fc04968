"""The first visible sheet of an Excel workbook, streamed: memory stays flat however long it is."""

from collections.abc import Iterator, Sequence
from typing import IO, Any

from shared.kernel.wording import worded as _
from tenants.imports.errors import Unreadable
from tenants.imports.reading.content import require_bounded_workbook

COLUMNS_MAX = 200
BLANK_ROWS_MAX = 1_000  # before the header
WorkbookRow = tuple[int, Sequence[Any]]


class Sheet:
    """A sheet that is read from its start once. Raises Unreadable for a damaged workbook."""

    def __init__(self, file: IO[bytes]) -> None:
        from openpyxl import load_workbook  # slow to load, and few processes read workbooks

        require_bounded_workbook(file)
        file.seek(0)
        try:
            self._book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet = next(
                (one for one in self._book.worksheets if one.sheet_state == "visible"), None
            )
            if sheet is None:
                raise Unreadable(_("The workbook has no visible sheet."))
            self.lines = int(sheet.max_row or 0)
            sheet.reset_dimensions()  # what it says of its size is often wrong
        except Unreadable:
            raise
        except Exception as error:  # openpyxl lets through whatever a damaged part causes
            raise _damaged() from error
        self._sheet: Any = sheet

    def rows(self) -> Iterator[WorkbookRow]:
        """Every row that is not blank, with its number. Raises Unreadable."""
        cells = self._sheet.iter_rows(values_only=True, max_col=COLUMNS_MAX)
        has_begun = False
        for number in range(1, 2**21):
            if number > BLANK_ROWS_MAX and not has_begun:
                raise Unreadable(_("The first rows of the sheet are blank."))
            try:
                row = next(cells, None)
            except Exception as error:
                raise _damaged() from error
            if row is None:
                return
            if any(cell not in (None, "") for cell in row):
                has_begun = True
                yield number, row

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()


def _damaged() -> Unreadable:
    return Unreadable(_("The workbook is damaged. Open it in Excel, save it again and retry."))
