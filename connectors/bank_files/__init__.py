"""What a bank's or a person's file tells of money received and returned, whatever its format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

LINES_MAX = 5_000
# Money that goes out counts, too: what is looked through must end.
ENTRIES_MAX = 4 * LINES_MAX
TEXT_MAX = 200


@dataclass(frozen=True)
class BankLine:
    """One amount that came in or went out.

    `problem` says why a line cannot be used, then values may lack.

    `transaction_id` is the bank's own; "" where it gives none. `position` is the line's number
    in the file as a person counts, or the entry's where the format has no lines.
    """

    position: int
    received_on: date | None = None
    amount: Decimal | None = None
    currency: str = ""
    reference: str = ""
    payer: str = ""
    transaction_id: str = ""
    problem: str = ""


@dataclass(frozen=True)
class BankFile:
    """A file read: its format, what came in, and what went out, with amounts above zero.

    Going out a payment that was returned looks like a bank's fee; `position` says nothing there.
    """

    format: str
    lines: Sequence[BankLine]
    outgoing: Sequence[BankLine] = ()


def clean(text: object) -> str:
    """Text on one line, with no blanks to spare, at most 200 characters."""
    printable = "".join(one if one.isprintable() else " " for one in str(text or ""))
    return " ".join(printable.split())[:TEXT_MAX]
