"""CSV in the encodings and with the separators that spreadsheets and tills write."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.kernel.wording import worded as _
from tenants.imports.columns import Column, match_columns
from tenants.imports.errors import Unreadable
from tenants.imports.reading.content import OpenText

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_CHARACTERS = 64 * 1024
PIECE_BYTES = 1024 * 1024
ROW_CHARACTERS_MAX = 256 * 1024  # a row as long as the file would be held whole, cell by cell
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
TextRow = tuple[int, Sequence[str]]


class TextForm(NamedTuple):
    """How a text file is written; `lines` is about how many rows it has."""

    encoding: str
    delimiter: str
    lines: int

    @property
    def decimal_comma(self) -> bool:
        """Where a semicolon separates the columns, a comma separates the cents."""
        return self.delimiter == ";"


def read_form(open_text: OpenText, columns: Sequence[Column], *, whole: bool) -> TextForm:
    """The encoding that the file is valid in, and the separator that finds most columns.

    Not `whole` looks at the first megabyte only: enough for the header. Raises Unreadable for
    what is no text.
    """
    encoding = _encoding_of(open_text)
    lines = _count_lines(open_text, encoding, whole=whole)
    if lines is None and encoding == "utf-8":
        encoding = "cp1252"
        lines = _count_lines(open_text, encoding, whole=whole)
    if lines is None:
        raise Unreadable(_("The file is no text in a known encoding. Save it as CSV UTF-8."))
    with io.TextIOWrapper(open_text(), encoding=encoding, newline="") as text:
        sample = text.read(SAMPLE_CHARACTERS)
    return TextForm(encoding, _delimiter_of(sample, columns), lines)


def rows_of(open_text: OpenText, form: TextForm) -> Iterator[TextRow]:
    """Every row that is not blank, with its number as a spreadsheet counts. Raises Unreadable."""
    number = 0
    with io.TextIOWrapper(open_text(), encoding=form.encoding, newline="") as text:
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=form.delimiter)
        try:
            for number, row in enumerate(reader, start=1):
                lines.begin_row()
                if any(row):
                    yield number, row
        except csv.Error as error:
            raise Unreadable(
                _("Row %(row)s cannot be read: a quotation mark may be missing.")
                % {"row": number + 1}
            ) from error


class _Lines:
    """The lines of a text, one after the other; a row's are at most ROW_CHARACTERS_MAX long.

    A quoted cell may hold line ends, so a row can have many lines.
    """

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self.begin_row()

    def begin_row(self) -> None:
        """What follows is another row."""
        self._left = ROW_CHARACTERS_MAX

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._left + 1)
        self._left -= len(line)
        if self._left < 0:
            raise Unreadable(_("A row is too long. A quotation mark may be missing."))
        if not line:
            raise StopIteration
        return line


def _encoding_of(open_text: OpenText) -> str:
    with open_text() as source:
        start = source.read(2048)
    if not start.strip():
        raise Unreadable(_("The file is empty."))
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return encoding
    nulls = start.count(b"\x00")
    if not nulls:
        return "utf-8"
    odd = start[1::2].count(b"\x00")
    if nulls > len(start) // 4 and odd in (0, nulls):
        return "utf-16-le" if odd else "utf-16-be"
    raise Unreadable(_("This is no table. Bring a CSV or an Excel file (.xlsx)."))


def _count_lines(open_text: OpenText, encoding: str, *, whole: bool) -> int | None:
    """How many lines; None where the bytes are not valid in the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    with open_text() as source:
        try:
            while piece := source.read(PIECE_BYTES):
                lines += decoder.decode(piece).count("\n")
                if not whole:
                    return lines
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return None
    return lines


def _delimiter_of(sample: str, columns: Sequence[Column]) -> str:
    def found(delimiter: str) -> int:
        try:
            rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
            header = next((row for row in rows if any(row)), [])
        except csv.Error:
            return 0
        return len(match_columns(header, columns).places)

    return max(DELIMITERS, key=found)
