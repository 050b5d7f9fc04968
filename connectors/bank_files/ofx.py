"""OFX and QFX, through ofxtools: statements of bank and card accounts."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from connectors.bank_files import BankFile, BankLine, clean
from connectors.errors import NeedsAttention
from connectors.errors import told as _

HEAD_MAX = 2_000


def read_ofx(content: bytes) -> BankFile:
    """Return the credits and debits of every statement.

    The bank's number is joined to the account's end. Raises NeedsAttention for what cannot be read.
    """
    head, begun, _rest = content.upper().partition(b"<OFX>")
    if not begun or len(head) > HEAD_MAX:  # the parser's patterns look through it many times
        raise NeedsAttention(_("The OFX file cannot be read."), "file")
    from ofxtools.Parser import OFXTree  # slow to load, and few processes read bank files

    parser = OFXTree()
    try:
        parser.parse(BytesIO(content))
        statements = parser.convert().statements
    except (SyntaxError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise NeedsAttention(_("The OFX file cannot be read."), "file") from error
    lines: list[BankLine] = []
    outgoing: list[BankLine] = []
    for statement in statements:
        account = str(getattr(statement.account, "acctid", ""))[-4:]
        for entry in getattr(statement, "transactions", None) or ():
            kept = lines if entry.trnamt > 0 else outgoing
            kept.append(_line(len(kept) + 1, entry, statement.curdef, account))
    return BankFile("ofx", lines, outgoing)


def _line(position: int, entry: Any, currency: str, account: str) -> BankLine:
    name = clean(entry.name)
    memo = clean(entry.memo)
    return BankLine(
        position=position,
        received_on=entry.dtposted.date(),
        amount=abs(entry.trnamt),
        currency=currency,
        reference=clean(f"{name} {memo}") if memo else name,
        payer=name,
        transaction_id=clean(f"{account}-{entry.fitid}")[:100],
    )
