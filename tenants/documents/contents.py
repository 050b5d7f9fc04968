"""What an invoice document says, apart from how it looks.

Whoever owns the rows fills an `InvoiceDocument`; rendering reads nothing else, so the same
contents give the same bytes. Amounts are exact, in `currency`; nothing is computed here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

# What XML 1.0 cannot hold at all, and the controls that would reorder the text around them.
UNPRINTABLE = re.compile(
    "[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]"
)
DocumentKind = Literal["regular", "adjustment", "credit_note", "holdback_release"]
DocumentState = Literal["draft", "issued", "partially_paid", "paid", "credited", "void"]
Paper = Literal["letter", "a4"]


@dataclass(frozen=True)
class Registration:
    """A tax registration number of the supplier: ("HST", "812345678 RT0001")."""

    component: str
    number: str


@dataclass(frozen=True)
class Letterhead:
    """The supplier as it stands on the document; `logo` is PNG, JPEG, GIF or WebP."""

    name: str
    address: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""
    registrations: tuple[Registration, ...] = ()
    logo: bytes | None = field(default=None, repr=False)
    logo_type: str = ""


@dataclass(frozen=True)
class Party:
    """A buyer or a site: its name, address lines, and whom to write to."""

    name: str
    address: tuple[str, ...] = ()
    code: str = ""
    attention: str = ""
    email: str = ""


@dataclass(frozen=True)
class DocumentLine:
    """One charge line. `code` is the line code of `domain.md` 4, `component` a hybrid's index.

    `description` is in the document's language, `detail` a smaller second line. `rate` is a
    fraction for shares (of `quantity`, an amount) and a price for everything else. `taxes` names
    the components that apply to it.
    """

    code: str
    description: str
    amount: Decimal
    quantity: Decimal | None = None
    rate: Decimal | None = None
    component: int | None = None
    detail: str = ""
    taxes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DocumentTax:
    """One tax component: `rate` as a fraction, what it was charged on, and the amount."""

    name: str
    rate: Decimal
    base: Decimal
    amount: Decimal
    registration: str = ""


@dataclass(frozen=True)
class Conversion:
    """What one unit of the document's currency was worth in `currency`, when, and who says so."""

    rate: Decimal
    currency: str
    on: date
    source: str


@dataclass(frozen=True)
class Statute:
    """The prompt payment law of a construction contract: days to pay from the receipt."""

    pay_days: int
    source: str


@dataclass(frozen=True)
class InvoiceDocument:
    """Everything an invoice, release, adjustment or credit note shows.

    Both period days are included. `holdback` is what lines keep back, a positive amount that is
    not in the total. A construction contract's document says what makes it a proper invoice.
    """

    code: str
    kind: DocumentKind
    state: DocumentState
    number: str
    invoice_date: date
    due_date: date
    terms_days: int
    period_start: date
    period_end: date
    contract_code: str
    contract_type: str
    supplier: Letterhead
    buyer: Party
    site: Party
    lines: tuple[DocumentLine, ...]
    taxes: tuple[DocumentTax, ...]
    subtotal: Decimal
    total: Decimal
    amount_paid: Decimal
    balance_due: Decimal
    currency: str
    component_types: tuple[str, ...] = ()
    corrects: str = ""
    reason: str = ""
    amount_credited: Decimal = Decimal(0)
    amount_written_off: Decimal = Decimal(0)
    holdback: Decimal = Decimal(0)
    voided_on: date | None = None
    conversion: Conversion | None = None
    purchase_order: str = ""
    is_construction: bool = False
    statute: Statute | None = None
    payment_instructions: str = ""
    notes: str = ""
    brand_colour: str = ""
    paper: Paper = "letter"


def address_lines(address: Mapping[str, str] | None) -> tuple[str, ...]:
    """Postal lines of an address with the keys of `api.md` (street1 … zip, country).

    The country is written out by its code only outside Canada.
    """
    if not address:
        return ()
    town = " ".join(part for part in (address.get("city"), address.get("state")) if part)
    place = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}".join(
        part for part in (town, address.get("zip")) if part
    )
    country = address.get("country", "CA")
    abroad = "" if country == "CA" else country
    lines = (address.get("street1"), address.get("street2"), place, abroad)
    return tuple(line for line in lines if line)


def printable(text: str) -> str:
    """The text without characters no document can show (controls, direction overrides)."""
    return UNPRINTABLE.sub("", text)
