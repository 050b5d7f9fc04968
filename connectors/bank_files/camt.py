"""ISO 20022 CAMT.053 (statement) and CAMT.054 (notification) of any version."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from io import BytesIO
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from connectors.bank_files import ENTRIES_MAX, BankFile, BankLine, clean
from connectors.errors import NeedsAttention
from connectors.errors import told as _

CREDIT = "CRDT"
NO_REFERENCE = "NOTPROVIDED"
DEPTH_MAX = 40


def read_camt(content: bytes) -> BankFile:
    """Return credits and debits; an entry of several transactions gives a line for each.

    No document type is accepted, so that no entity is expanded. Raises NeedsAttention.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise NeedsAttention(_("The file declares a document type, which no bank's does."), "file")
    try:
        root = _root_of(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise NeedsAttention(_("The CAMT file is no XML."), "file") from error
    lines: list[BankLine] = []
    outgoing: list[BankLine] = []
    for entry in (one for one in root.iter() if _name(one) == "Ntry"):
        details = [one for one in entry.iter() if _name(one) == "TxDtls"] or [entry]
        if len(lines) + len(outgoing) + len(details) > ENTRIES_MAX:
            raise NeedsAttention(
                _("The file has more than %(max)s entries.", max=ENTRIES_MAX), "file"
            )
        whole, received_on = _text(entry, "CdtDbtInd"), _booked_on(entry)
        for detail in details:
            credit = (_text(detail, "CdtDbtInd") or whole) == CREDIT
            kept = lines if credit else outgoing
            alone = entry if len(details) == 1 else None
            kept.append(_line(len(kept) + 1, detail, received_on, alone))
    return BankFile("camt", lines, outgoing)


def _root_of(content: bytes) -> Element:
    """The document, whose elements lie no deeper than a bank's: entries are looked through."""
    depth = 0
    steps = ElementTree.iterparse(BytesIO(content), ("start", "end"))  # noqa: S314 (see above)
    for event, _element in steps:
        depth += 1 if event == "start" else -1
        if depth > DEPTH_MAX:
            raise NeedsAttention(_("The CAMT file is nested deeper than a bank's."), "file")
    root: Element = steps.root  # type: ignore[attr-defined]  # since Python 2.5
    return root


def _line(
    position: int, detail: Element, received_on: date | None, alone: Element | None
) -> BankLine:
    """A transaction; what it does not say itself its entry says where it is `alone` in it."""
    amount = _amount(detail)
    if alone is not None:
        amount = amount or _amount(alone)
    references = [
        *_texts(detail, "RmtInf/Ustrd"),
        *_texts(detail, "RmtInf/Strd/CdtrRefInf/Ref"),
        *_texts(detail, "RmtInf/Strd/RfrdDocInf/Nb"),
        *(one for one in _texts(detail, "Refs/EndToEndId") if one != NO_REFERENCE),
    ]
    payer = _text(detail, "RltdPties/Dbtr/Nm") or _text(detail, "RltdPties/Dbtr/Pty/Nm")
    number = _text(detail, "Refs/AcctSvcrRef") or _text(detail, "Refs/TxId")
    if not number and alone is not None:
        number = _text(alone, "AcctSvcrRef")
    value, currency = amount or (None, "")
    problem = "received_on" if received_on is None else "" if value else "amount"
    return BankLine(
        position=position,
        received_on=received_on,
        amount=value,
        currency=currency,
        reference=clean(" ".join(references)),
        payer=clean(payer),
        transaction_id=clean(number)[:100],
        problem=problem,
    )


def _amount(element: Element) -> tuple[Decimal, str] | None:
    """The amount and currency of an entry, or of a transaction however its bank nests it."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        for found in _at(element, path):
            try:
                return Decimal(found.text or ""), found.get("Ccy", "")
            except InvalidOperation:
                return None
    return None


def _booked_on(entry: Element) -> date | None:
    return _day(
        _text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm") or _text(entry, "ValDt/Dt")
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _name(element: Element) -> str:
    """The tag without its namespace, which differs by version and bank."""
    return element.tag.rpartition("}")[2]


def _at(element: Element, path: str) -> Iterator[Element]:
    name, _slash, rest = path.partition("/")
    for child in element:
        if _name(child) == name:
            if rest:
                yield from _at(child, rest)
            else:
                yield child


def _texts(element: Element, path: str) -> Iterator[str]:
    return (one.text.strip() for one in _at(element, path) if one.text and one.text.strip())


def _text(element: Element, path: str) -> str:
    return next(_texts(element, path), "")
