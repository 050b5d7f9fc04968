"""CSV files: which column is what, in English and in French, and how values are written."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from io import StringIO

from connectors.bank_files import LINES_MAX, BankFile, BankLine, clean
from connectors.errors import NeedsAttention
from connectors.errors import told as _

# Headings as they are compared: without accents, case, blanks and marks.
SYNONYMS: Mapping[str, Sequence[str]] = {
    "received_on": [
        "date",
        "receivedon",
        "paymentdate",
        "transactiondate",
        "postingdate",
        "postedon",
        "valuedate",
        "dateposted",
        "datedepaiement",
        "datepaiement",
        "datedoperation",
        "dateoperation",
        "datedetransaction",
        "datedevaleur",
        "datevaleur",
        "recule",
    ],
    "amount": [
        "amount",
        "paymentamount",
        "amountpaid",
        "received",
        "credit",
        "creditamount",
        "deposit",
        "deposits",
        "total",
        "montant",
        "montantpaye",
        "montantdupaiement",
        "paiement",
        "depot",
        "depots",
        "credits",
    ],
    "debit": ["debit", "debits", "debitamount", "withdrawal", "withdrawals", "retrait", "retraits"],
    "currency": ["currency", "devise", "monnaie", "ccy"],
    "reference": [
        "reference",
        "ref",
        "description",
        "memo",
        "details",
        "remittance",
        "invoice",
        "invoices",
        "invoicenumber",
        "note",
        "message",
        "libelle",
        "facture",
        "factures",
        "numerodefacture",
        "communication",
    ],
    "payer": [
        "payer",
        "payername",
        "customer",
        "customername",
        "from",
        "name",
        "client",
        "nom",
        "nomduclient",
        "payeur",
        "donneurdordre",
    ],
    "transaction_id": [
        "transactionid",
        "transactionnumber",
        "transaction",
        "id",
        "bankreference",
        "confirmation",
        "confirmationnumber",
        "numerodetransaction",
        "notransaction",
        "identifiant",
    ],
}
COLUMN = {name: field for field, names in SYNONYMS.items() for name in names}
DELIMITERS = ",;\t|"
HEADING_MAX = 20_000
_NOT_A_DIGIT = re.compile(r"[^0-9.,\-]")
_SLASHED = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[/.\-]?(\d{2})[/.\-]?(\d{2})")


def read_table(text: str) -> BankFile:
    """Read a CSV whose first line names its columns; order and delimiter are free.

    A day like 03/04/2025 is read as the file's other days show (day or month first); where none
    shows it, the line has a problem. Raises NeedsAttention where date or amount has no column.
    """
    first = text.lstrip().partition("\n")[0]
    if len(first) > HEADING_MAX:
        raise NeedsAttention(_("The first line is too long to name columns."), "file")
    delimiter = max(DELIMITERS, key=first.count)
    rows = csv.reader(StringIO(text.lstrip()), delimiter=delimiter)
    try:
        columns = _columns(next(rows))
        numbered = []
        for row in rows:
            if any(cell.strip() for cell in row):
                numbered.append((rows.line_num, row))
            if len(numbered) > LINES_MAX:
                raise NeedsAttention(
                    _("The file has more than %(max)s lines.", max=LINES_MAX), "file"
                )
    except csv.Error as error:
        raise NeedsAttention(_("Line %(line)s is no CSV.", line=rows.line_num), "file") from error
    records = [(number, _record(row, columns)) for number, row in numbered]
    day_first = _day_first([record["received_on"] for _number, record in records])
    lines, outgoing = [], []
    for number, record in records:
        amount = parse_amount(record["amount"])
        debit = parse_amount(record["debit"])
        if amount is None and debit:
            outgoing.append(_line(number, record, day_first, abs(debit)))
        elif amount is not None and amount < 0:
            outgoing.append(_line(number, record, day_first, -amount))
        else:
            lines.append(_line(number, record, day_first, amount))
    return BankFile("csv", lines, outgoing)


def plain(heading: str) -> str:
    """A heading as it is compared: "Date d'opération" is datedoperation."""
    letters = unicodedata.normalize("NFKD", heading).lower()
    return "".join(one for one in letters if one.isascii() and one.isalnum())


def parse_amount(text: str) -> Decimal | None:
    """The amount in "1,234.56", "1 234,56 $", "1.234,56", "(12.00)" or "12.00-"; None of none.

    The last point or comma is the decimal one, unless three digits follow a comma that is the
    only mark.
    """
    negative = text.strip().startswith("(") or text.strip().endswith("-")
    digits = _NOT_A_DIGIT.sub("", text).strip("-")
    negative = negative or _NOT_A_DIGIT.sub("", text).startswith("-")
    point, comma = digits.rfind("."), digits.rfind(",")
    if comma > point:
        thousands = point < 0 and len(digits) - comma == 4
        digits = digits.replace(".", "").replace(",", "" if thousands else ".")
    else:
        digits = digits.replace(",", "")
    try:
        amount = Decimal(digits)
    except InvalidOperation:
        return None
    return -amount if negative else amount


def parse_day(text: str, day_first: bool | None) -> date | None:
    """The day, where it is one and its order is known."""
    match = _YEAR_FIRST.fullmatch(text.strip())
    try:
        if match:
            return date(int(match[1]), int(match[2]), int(match[3]))
        match = _SLASHED.fullmatch(text.strip())
        if match is None:
            return None
        one, two = int(match[1]), int(match[2])
        if day_first is None and one != two:
            return None
        return date(int(match[3]), *((two, one) if day_first else (one, two)))
    except ValueError:
        return None


def _columns(heading: Sequence[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for place, name in enumerate(heading):
        field = COLUMN.get(plain(name))
        if field:
            columns.setdefault(field, place)
    if "received_on" not in columns:
        raise NeedsAttention(_("The first line names no column for the date."), "received_on")
    if "amount" not in columns:
        raise NeedsAttention(_("The first line names no column for the amount."), "amount")
    return columns


def _record(row: Sequence[str], columns: Mapping[str, int]) -> dict[str, str]:
    return {
        field: row[columns[field]] if columns.get(field, len(row)) < len(row) else ""
        for field in SYNONYMS
    }


def _day_first(days: Sequence[str]) -> bool | None:
    """What the file's unmistakable days show; None where they show nothing or both."""
    matches = [match for day in days if (match := _SLASHED.fullmatch(day.strip()))]
    first = any(int(match[1]) > 12 for match in matches)
    second = any(int(match[2]) > 12 for match in matches)
    return None if first == second else first


def _line(
    number: int, record: Mapping[str, str], day_first: bool | None, amount: Decimal | None
) -> BankLine:
    day = parse_day(record["received_on"], day_first)
    problem = ""
    if day is None:
        problem = "received_on"
    elif not amount:
        problem = "amount"
    return BankLine(
        position=number,
        received_on=day,
        amount=amount,
        currency=clean(record["currency"]).upper()[:3],
        reference=clean(record["reference"]),
        payer=clean(record["payer"]),
        transaction_id=clean(record["transaction_id"])[:100],
        problem=problem,
    )
