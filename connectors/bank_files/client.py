"""Reading a file of unknown format: recognised by what is in it, not by its name."""

from __future__ import annotations

from connectors.bank_files import LINES_MAX, BankFile
from connectors.bank_files.camt import read_camt
from connectors.bank_files.mapping import read_table
from connectors.bank_files.mt940_file import read_mt940
from connectors.bank_files.ofx import read_ofx
from connectors.errors import NeedsAttention
from connectors.errors import told as _

HEAD = 2_000


def read_bank_file(content: bytes) -> BankFile:
    """Return the money received that a CSV, OFX/QFX, CAMT.053/054 or MT940 file tells of.

    Raises NeedsAttention where it is none of them, or has more lines than are taken at once.
    """
    text = decode(content)
    head = text[:HEAD].lstrip()
    if "\x00" in head or not head:
        raise NeedsAttention(_("The file is empty or is no text file."), "file")
    if head.startswith("OFXHEADER") or "<OFX>" in head.upper() or "<?OFX" in head.upper():
        found = read_ofx(content)
    elif head.startswith("<") and "camt.05" in head:
        found = read_camt(content)
    elif head.startswith((":20:", "{1:")) or "\n:20:" in head:
        found = read_mt940(text)
    else:
        found = read_table(text)
    if not found.lines and not found.outgoing:
        raise NeedsAttention(_("The file has no lines."), "file")
    if len(found.lines) > LINES_MAX:
        raise NeedsAttention(_("The file has more than %(max)s lines.", max=LINES_MAX), "file")
    return found


def decode(content: bytes) -> str:
    """UTF-8, else what Windows writes in Canada."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
