"""Statements in the reader's words, and how documents are made of them."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from shared.kernel import formats
from shared.kernel.brand import HEX_COLOUR
from shared.kernel.tax_names import tax_name
from tenants.documents.contents import printable
from tenants.documents.looks import LookKey
from tenants.documents.presentation import (
    CONTRACT_TYPES,
    RUNNING_NAME_CHARACTERS,
    SHARES,
    logo_url,
)
from tenants.documents.sources import DocumentSource, Example
from tenants.statements.contents import (
    StatementDocument,
    StatementEntry,
    load_statement_document,
)
from tenants.statements.samples import sample_statement

STATEMENT = "statement"
SHEETS = ("fonts.css", "invoice.css", "statement.css", "paper.css")


class EntryText(NamedTuple):
    """One row of the table of lines; `detail` ones stand below their document."""

    day: str
    title: str
    measure: str
    amount: str
    balance: str
    is_detail: bool


class Wording:
    """Writes amounts and dates of one statement in one language."""

    def __init__(self, document: StatementDocument, language: str) -> None:
        self._document = document
        self._language = language

    def money(self, amount: Decimal, *, code: bool = False) -> str:
        """An amount in the statement's currency."""
        currency = self._document.currency
        return formats.format_money(amount, currency, language=self._language, code=code)

    def entries(self) -> list[EntryText]:
        """The lines, each movement with the balance after it."""
        balance = self._document.opening_balance
        rows = []
        for entry in self._document.lines:
            if not entry.is_detail:
                balance += entry.amount
            rows.append(self._entry(entry, balance))
        return rows

    def _entry(self, entry: StatementEntry, balance: Decimal) -> EntryText:
        title = printable(entry.description)
        amount = self.money(entry.amount)
        if entry.is_detail:
            return EntryText("", title, self._measure(entry), amount, "", True)
        day = formats.format_day(entry.posted_on, language=self._language)
        return EntryText(day, title, "", amount, self.money(balance), False)

    def _measure(self, entry: StatementEntry) -> str:
        """How the charge was measured: 25% × $50,000.00, or 160 × $53.00."""
        if entry.quantity is None or entry.rate is None:
            return ""
        if entry.code in SHARES:
            rate = formats.format_percentage(entry.rate, language=self._language)
            return f"{rate} × {self.money(entry.quantity)}"
        quantity = formats.format_quantity(entry.quantity, language=self._language)
        currency = self._document.currency
        price = formats.format_unit_price(entry.rate, currency, language=self._language)
        return f"{quantity} × {price}"

    def period(self) -> str:
        """The period; a whole month by its name."""
        document = self._document
        after = document.period_end + timedelta(days=1)
        return formats.format_period(document.period_start, after, language=self._language)

    def summary(self) -> list[tuple[str, str]]:
        """From the opening balance by movements to the closing one."""
        document = self._document
        movements = (
            (_("Invoices"), document.invoiced),
            (_("Credit notes"), document.credited),
            (_("Payments"), document.paid),
            (_("Adjustments"), document.adjusted),
        )
        return [
            (_("Opening balance"), self.money(document.opening_balance)),
            *((label, self.money(amount)) for label, amount in movements if amount),
        ]

    def ageing(self) -> list[tuple[str, str]]:
        """What is open, by days past the due date, then credit that nothing has taken."""
        document = self._document
        labels = (
            _("Not due"),
            _("1–30 days"),
            _("31–60 days"),
            _("61–90 days"),
            _("Over 90 days"),
            _("Credit"),
        )
        amounts = (*document.ageing, document.open_credit)
        return [(label, self.money(amount)) for label, amount in zip(labels, amounts, strict=True)]

    def headline_note(self) -> str:
        """What the closing balance means to the customer."""
        if self._document.closing_balance < 0:
            return _("in your favour")
        if not self._document.closing_balance:
            return _("nothing to pay")
        day = formats.format_day(self._document.period_end, "long", language=self._language)
        return _("owed on %(date)s") % {"date": day}


def present_statement(document: StatementDocument, language: str) -> dict[str, object]:
    """The context of the template `documents/statement.html`."""
    words = Wording(document, language)
    name = printable(document.supplier.name)
    short = name if len(name) <= RUNNING_NAME_CHARACTERS else f"{name[:RUNNING_NAME_CHARACTERS]}…"
    colour = document.brand_colour
    owes = document.closing_balance > 0
    instructions = printable(document.payment_instructions).strip() if owes else ""
    return {
        "document": document,
        "newline": "\n",
        "language": "fr-CA" if language.startswith("fr") else "en-CA",
        "title": _("Statement of account"),
        "number": document.code,
        "paper": document.paper,
        "own_sheet": "documents/statement.css",
        "replaces": _("Replaces %(statement)s") % {"statement": document.replaces}
        if document.replaces
        else "",
        "supplier_name": name,
        "running_name": short,
        "logo_url": logo_url(document.supplier),
        "brand_colour": colour if HEX_COLOUR.fullmatch(colour) else "",
        "facts": _facts(document, words, language),
        "parties": _parties(document),
        "headline": words.money(abs(document.closing_balance), code=True),
        "headline_note": words.headline_note(),
        "opening_label": _("Opening balance"),
        "opening_balance": words.money(document.opening_balance),
        "summary": words.summary(),
        "closing_balance": words.money(document.closing_balance, code=True),
        "entries": words.entries(),
        "ageing": words.ageing(),
        "footings": [(_("How to pay"), instructions)] if instructions else [],
    }


def _facts(document: StatementDocument, words: Wording, language: str) -> list[tuple[str, str]]:
    dated = formats.format_day(document.statement_date, language=language)
    return [
        (_("Statement date"), dated),
        (_("Period"), words.period()),
        (_("Customer"), printable(document.customer.code)),
        (_("Currency"), document.currency),
    ]


def _parties(document: StatementDocument) -> list[tuple[str, str, str]]:
    supplier, customer = document.supplier, document.customer
    registrations = (
        f"{tax_name(entry.component)} {entry.number}" for entry in supplier.registrations
    )
    from_lines = (*supplier.address, supplier.email, supplier.phone, *registrations)
    kind = str(CONTRACT_TYPES.get(document.contract_type, ""))
    to_lines = (customer.attention, *customer.address, customer.email, kind)
    return [
        (_("From"), printable(supplier.name), _joined(from_lines)),
        (_("For"), printable(customer.name), _joined(to_lines)),
    ]


def _joined(texts: tuple[str, ...]) -> str:
    return "\n".join(printable(text) for text in texts if text)


def _look_key(document: StatementDocument) -> LookKey:
    return LookKey((STATEMENT,), document.contract_type)


def statement_source(
    examples: Callable[[str], Sequence[Example]],
) -> DocumentSource[StatementDocument]:
    """How documents of statements are made; rendered once, then kept."""
    return DocumentSource(
        kind=STATEMENT,
        load=load_statement_document,
        present=present_statement,
        template="documents/statement.html",
        text_template="documents/statement.txt",
        sheets=SHEETS,
        look=_look_key,
        once=True,
        permission="statements.read",
        sample=sample_statement,
        examples=examples,
    )
