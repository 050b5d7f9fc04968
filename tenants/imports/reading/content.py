"""What a file is, by its first bytes, and its contents unpacked within limits."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from enum import StrEnum
from typing import IO, Any
from xml.etree import ElementTree
from xml.parsers import expat

from shared.kernel.wording import worded as _
from tenants.imports.errors import Unreadable

UNPACKED_MAX = 512 * 1024 * 1024  # ten times a million rows of revenue
MEMBERS_MAX = 1000
# openpyxl reads sheets by the row; every other part of a workbook it holds in memory, whatever
# the part is called.
WHOLE_PARTS_MAX = 48 * 1024 * 1024
PART_TYPES = "[Content_Types].xml"
PART_TYPES_MAX = 1024 * 1024
SHEET_TYPE = "worksheet+xml"
PROLOG_MAX = 64 * 1024
# A sheet is read by the row, so a row has a size, and a sheet no more rows than Excel's.
SHEET_ROW = "http://schemas.openxmlformats.org/spreadsheetml/2006/main row"
SHEET_ROWS_MAX = 2**20
ROW_ELEMENTS_MAX = 100_000
ROW_BYTES_MAX = 4 * 1024 * 1024
PIECE_BYTES = 1024 * 1024
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError)

OpenText = Callable[[], IO[bytes]]


class Packing(StrEnum):
    """How the table lies in the file."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZIP = "zip"
    WORKBOOK = "workbook"


def packing_of(file: IO[bytes]) -> Packing:
    """By content, never by name. Raises Unreadable for what holds no table."""
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    if start[:2] == b"\x1f\x8b":
        return Packing.GZIP
    if start == b"PK\x03\x04":
        return _zip_packing(file)
    if start == _OLD_EXCEL:
        raise Unreadable(
            _("This is an old or a protected Excel file. Save it as .xlsx without a password.")
        )
    if start[:4] == b"%PDF":
        raise Unreadable(_("This is a PDF. Bring a CSV or an Excel file (.xlsx)."))
    return Packing.PLAIN


def text_opener(file: IO[bytes], packing: Packing) -> OpenText:
    """Opens the text from its start each time it is called."""

    def open_text() -> IO[bytes]:
        file.seek(0)
        source: Any = file
        if packing is Packing.GZIP:
            source = gzip.GzipFile(fileobj=file, mode="rb")
        elif packing is Packing.ZIP:
            archive = _archive(file)
            source = archive.open(_only_member(archive))
        return io.BufferedReader(_Limited(source), 256 * 1024)

    return open_text


def require_bounded_workbook(file: IO[bytes]) -> None:
    """Refuse a workbook that would unpack to more than is sane. Raises Unreadable.

    The sizes a ZIP declares are binding: no more than that is ever read of a member. A document
    type is refused, for it could declare entities that grow when they are read.
    """
    archive = _archive(file)
    members = archive.infolist()
    for member in members:
        if member.filename.endswith((".xml", ".rels")):
            _require_plain_xml(archive, member)
    sheets = _sheets_of(archive)
    whole = sum(one.file_size for one in members if one.filename not in sheets)
    if sum(one.file_size for one in members) > UNPACKED_MAX or whole > WHOLE_PARTS_MAX:
        raise _too_large()
    for name in sheets:
        if name in archive.NameToInfo:
            _require_bounded_rows(archive, name)


def _too_large() -> Unreadable:
    return Unreadable(_("The workbook is too large once unpacked. Save the sheet as CSV."))


def _sheets_of(archive: zipfile.ZipFile) -> set[str]:
    """The parts that are sheets and nothing else besides."""
    if archive.getinfo(PART_TYPES).file_size > PART_TYPES_MAX:
        raise _too_large()
    try:
        types = ElementTree.fromstring(archive.read(PART_TYPES))  # noqa: S314 - no document type
    except (ElementTree.ParseError, *_DAMAGED) as error:
        raise _damaged_workbook() from error
    sheets: set[str] = set()
    others: set[str] = set()
    for part in types:
        kind = sheets if part.get("ContentType", "").endswith(SHEET_TYPE) else others
        kind.add(part.get("PartName", "").removeprefix("/"))
    return sheets - others


def _require_plain_xml(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read a part up to its first element. Raises Unreadable for a document type before it."""
    parser = expat.ParserCreate()
    begun: list[str] = []
    refused: list[str] = []
    parser.StartElementHandler = lambda name, _attributes: begun.append(name)
    parser.StartDoctypeDeclHandler = lambda name, *_rest: refused.append(name)
    try:
        with archive.open(member) as part:
            parser.Parse(part.read(PROLOG_MAX), False)
    except (expat.ExpatError, *_DAMAGED) as error:
        raise _damaged_workbook() from error
    if refused or not begun:
        raise _damaged_workbook()


def _require_bounded_rows(archive: zipfile.ZipFile, name: str) -> None:
    """Read a sheet through without keeping it. Raises Unreadable for rows without end."""
    parser = expat.ParserCreate(namespace_separator=" ")
    rows, elements, row_at, fed = 0, 0, 0, 0

    def begin(element: str, _attributes: object) -> None:
        nonlocal rows, elements, row_at
        elements += 1
        if element == SHEET_ROW:
            rows, elements, row_at = rows + 1, 0, parser.CurrentByteIndex
        if rows > SHEET_ROWS_MAX or elements > ROW_ELEMENTS_MAX:
            raise _too_large()

    parser.StartElementHandler = begin
    try:
        with archive.open(name) as part:
            while piece := part.read(PIECE_BYTES):
                parser.Parse(piece, False)
                fed += len(piece)
                if fed - row_at > ROW_BYTES_MAX:
                    raise _too_large()
    except (expat.ExpatError, *_DAMAGED) as error:
        raise _damaged_workbook() from error


def _damaged_workbook() -> Unreadable:
    return Unreadable(_("The workbook is damaged. Open it in Excel, save it again and retry."))


def _zip_packing(file: IO[bytes]) -> Packing:
    names = _archive(file).namelist()
    return Packing.WORKBOOK if "[Content_Types].xml" in names else Packing.ZIP


def _archive(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGED as error:
        raise Unreadable(_("The ZIP file is damaged.")) from error
    if len(archive.infolist()) > MEMBERS_MAX:
        raise Unreadable(_("The ZIP file holds too many files."))
    return archive


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    tables = [
        one
        for one in archive.infolist()
        if one.filename.lower().endswith((".csv", ".tsv", ".txt"))
        and not one.filename.startswith("__MACOSX")
    ]
    if len(tables) != 1:
        raise Unreadable(_("The ZIP file must hold exactly one CSV file."))
    return tables[0]


class _Limited(io.RawIOBase):
    """Hands on what it reads, up to UNPACKED_MAX; says what a damaged stream is."""

    def __init__(self, source: Any) -> None:
        self._source, self._left = source, UNPACKED_MAX

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            piece = self._source.read(len(buffer))
        except _DAMAGED as error:
            raise Unreadable(_("The file is damaged: it cannot be unpacked.")) from error
        self._left -= len(piece)
        if self._left < 0:
            raise Unreadable(_("The file is too large once unpacked. Bring it in parts."))
        buffer[: len(piece)] = piece
        return len(piece)
