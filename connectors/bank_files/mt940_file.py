"""SWIFT MT940, through mt-940: customer statement messages."""

from __future__ import annotations

import re
from datetime import date

import mt940

from connectors.bank_files import ENTRIES_MAX, BankFile, BankLine, clean
from connectors.errors import NeedsAttention
from connectors.errors import told as _

NO_REFERENCE = "NONREF"
TAGS_MAX = 2 * ENTRIES_MAX  # an entry and its description
_TAG = re.compile(r"^:\d\d", re.MULTILINE)


def read_mt940(text: str) -> BankFile:
    """Return the credits, the reversal of a debit included, and the debits.

    Raises NeedsAttention.
    """
    if len(_TAG.findall(text)) > TAGS_MAX:
        raise NeedsAttention(_("The file has more than %(max)s fields.", max=TAGS_MAX), "file")
    try:
        entries = list(mt940.parse(text))
    except Exception as error:  # the parser raises whatever its patterns meet
        raise NeedsAttention(_("The MT940 file cannot be read."), "file") from error
    lines: list[BankLine] = []
    outgoing: list[BankLine] = []
    for entry in entries:
        data = entry.data
        amount = getattr(data.get("amount"), "amount", None)
        kept = lines if amount is not None and amount > 0 else outgoing
        told = [data.get("customer_reference"), data.get("purpose"), data.get("additional_purpose")]
        told += [data.get("extra_details"), data.get("transaction_details")]
        when = data["date"]
        kept.append(
            BankLine(
                position=len(kept) + 1,
                received_on=date(when.year, when.month, when.day),
                amount=None if amount is None else abs(amount),
                currency=clean(data.get("currency")),
                reference=clean(" ".join(str(one) for one in told if one and one != NO_REFERENCE)),
                payer=clean(data.get("applicant_name")),
                transaction_id=clean(data.get("bank_reference"))[:100],
            )
        )
    return BankFile("mt940", lines, outgoing)
