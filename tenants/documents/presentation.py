"""An `InvoiceDocument` in the reader's words: labels, amounts and dates as text.

The active language must be the document's (see `rendering.render_contents`).
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import groupby
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shared.kernel import formats
from shared.kernel.brand import HEX_COLOUR
from shared.kernel.tax_names import tax_name
from tenants.documents.contents import (
    DocumentLine,
    DocumentTax,
    InvoiceDocument,
    Letterhead,
    printable,
)
from tenants.documents.looks import LookKey
from tenants.documents.models import INVOICE
from tenants.documents.notes import footings
from tenants.documents.samples import sample_invoice
from tenants.documents.sources import DocumentSource, Example, no_examples

RUNNING_NAME_CHARACTERS = 70
NARROW_AMOUNT_CHARACTERS = 14
LOGO_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")

KINDS: dict[str, str | Promise] = {
    "regular": gettext_lazy("Invoice"),
    "adjustment": gettext_lazy("Adjustment invoice"),
    "credit_note": gettext_lazy("Credit note"),
    "holdback_release": gettext_lazy("Holdback invoice"),
}
STATES: dict[str, str | Promise] = {
    "draft": gettext_lazy("Draft"),
    "partially_paid": gettext_lazy("Partly paid"),
    "paid": gettext_lazy("Paid"),
    "credited": gettext_lazy("Credited"),
    "void": gettext_lazy("Void"),
}
WATERMARKED = ("draft", "void")
CONTRACT_TYPES: dict[str, str | Promise] = {
    "revenue_share": gettext_lazy("Revenue share"),
    "per_labor_hour": gettext_lazy("Labour hours"),
    "fixed_fee": gettext_lazy("Fixed fee"),
    "management_agreement": gettext_lazy("Management agreement"),
    "hybrid": gettext_lazy("Hybrid"),
}
# Their quantity is an amount and their rate a part of it; all other rates are prices.
SHARES = frozenset(
    ("revenue_share", "performance_bonus", "management_fee", "insurance", "profit_share")
)
AFTER_COMPONENTS = ("additional_charge", "adjustment")


@dataclass(frozen=True)
class LineText:
    """One row of the table of lines."""

    title: str
    detail: str
    quantity: str
    rate: str
    amount: str


@dataclass(frozen=True)
class SectionText:
    """The lines of one component of a hybrid contract; a plain contract has one section."""

    heading: str
    subtotal: str
    lines: list[LineText]


@dataclass(frozen=True)
class TaxText:
    """One tax component under the subtotal."""

    title: str
    detail: str
    amount: str


class Wording:
    """Writes amounts, rates and dates of one document in one language."""

    def __init__(self, document: InvoiceDocument, language: str) -> None:
        self._document = document
        self._language = language

    def money(self, amount: Decimal, *, code: bool = False) -> str:
        """An amount in the document's currency."""
        return formats.format_money(
            amount, self._document.currency, language=self._language, code=code
        )

    def line(self, line: DocumentLine) -> LineText:
        """A charge line as one row."""
        shared = is_share(line)
        return LineText(
            title=printable(line.description) or line.code,
            detail=printable(line.detail),
            quantity=self._quantity(line.quantity, shared),
            rate=self._rate(line.rate, shared),
            amount=self.money(line.amount),
        )

    def _quantity(self, quantity: Decimal | None, is_amount: bool) -> str:
        if quantity is None:
            return ""
        if is_amount:
            return self.money(quantity)
        return formats.format_quantity(quantity, language=self._language)

    def _rate(self, rate: Decimal | None, is_part: bool) -> str:
        if rate is None:
            return ""
        if is_part:
            return formats.format_percentage(rate, language=self._language)
        return formats.format_unit_price(rate, self._document.currency, language=self._language)

    def sections(self) -> Iterator[SectionText]:
        """The lines by component, in their order; headings only where there are components."""
        hybrid = any(line.component is not None for line in self._document.lines)
        for heading, group in groupby(self._document.lines, self._heading if hybrid else _none):
            lines = list(group)
            yield SectionText(
                heading=heading,
                subtotal=self.money(sum((line.amount for line in lines), Decimal(0))),
                lines=[self.line(line) for line in lines],
            )

    def _heading(self, line: DocumentLine) -> str:
        if line.component is None:
            other = line.code in AFTER_COMPONENTS
            return _("Other charges") if other else _("Contract as a whole")
        types = self._document.component_types
        known = types[line.component] if line.component < len(types) else ""
        number = line.component + 1
        return f"{number}. {CONTRACT_TYPES.get(known, _('Component'))}"

    def tax(self, tax: DocumentTax) -> TaxText:
        """A tax component with its rate, base and the supplier's registration number."""
        rate = formats.format_percentage(tax.rate, language=self._language)
        parts = [_("on %(base)s") % {"base": self.money(tax.base)}]
        if tax.registration:
            parts.append(_("No. %(number)s") % {"number": printable(tax.registration)})
        return TaxText(f"{tax_name(tax.name)} {rate}", " · ".join(parts), self.money(tax.amount))

    def terms(self) -> str:
        """The payment terms in words."""
        days = self._document.terms_days
        if days == 0:
            return _("Due on receipt")
        return ngettext("Net %(days)s day", "Net %(days)s days", days) % {"days": days}

    def period(self) -> str:
        """The billed period; a whole month by its name."""
        document = self._document
        after = document.period_end + timedelta(days=1)
        return formats.format_period(document.period_start, after, language=self._language)

    def facts(self) -> list[tuple[str, str]]:
        """The strip of dates, terms, period and contract below the letterhead."""
        document = self._document
        dated = formats.format_day(document.invoice_date, language=self._language)
        due = formats.format_day(document.due_date, language=self._language)
        contract = document.contract_code
        if document.purchase_order:
            contract += "\n" + _("PO %(number)s") % {"number": printable(document.purchase_order)}
        about = [(_("Period"), self.period()), (_("Contract"), contract)]
        if document.kind == "credit_note":
            return [(_("Date"), dated), *about]
        return [
            (_("Invoice date"), dated),
            (_("Due date"), due),
            (_("Terms"), self.terms()),
            *about,
        ]

    def headline(self) -> tuple[str, str]:
        """The one amount that matters, and what it is."""
        document = self._document
        if document.state == "void":
            return self.money(document.total, code=True), _("void, nothing to pay")
        if document.kind == "credit_note":
            return self.money(abs(document.total), code=True), _("credited to your account")
        if document.state == "paid":
            return self.money(document.total, code=True), _("paid in full, thank you")
        if document.state == "credited":
            return self.money(document.total, code=True), _("settled by credit, nothing to pay")
        due = formats.format_day(document.due_date, "long", language=self._language)
        return self.money(document.balance_due, code=True), _("due %(date)s") % {"date": due}

    def settlements(self) -> list[tuple[str, str]]:
        """What was paid, credited and written off of the total, as far as there is any."""
        document = self._document
        given_back = document.kind == "credit_note"
        rows = (
            (_("Refunded") if given_back else _("Amount paid"), document.amount_paid),
            (_("Applied") if given_back else _("Amount credited"), document.amount_credited),
            (_("Written off"), document.amount_written_off),
        )
        return [(label, self.money(-amount)) for label, amount in rows if amount]


def is_share(line: DocumentLine) -> bool:
    """Whether the line is a part of an amount; a cost with a markup is 115 % of itself."""
    return line.code in SHARES or (line.code == "reimbursable_cost" and line.quantity != 1)


def _none(line: DocumentLine) -> str:
    return ""


def logo_url(letterhead: Letterhead) -> str:
    """The logo as a data URL, so that nothing is fetched; empty without a usable one."""
    if not letterhead.logo or letterhead.logo_type not in LOGO_TYPES:
        return ""
    return f"data:{letterhead.logo_type};base64,{b64encode(letterhead.logo).decode()}"


def _lines(*texts: str) -> str:
    """The texts that are there, one a line."""
    return "\n".join(printable(text) for text in texts if text)


def parties(document: InvoiceDocument) -> list[tuple[str, str, str]]:
    """Supplier, buyer and site: label, name, and address lines parted by newlines."""
    supplier, buyer, site = document.supplier, document.buyer, document.site
    kind = str(CONTRACT_TYPES.get(document.contract_type, ""))
    registrations = (
        f"{tax_name(entry.component)} {entry.number}" for entry in supplier.registrations
    )
    return [
        (
            _("From"),
            printable(supplier.name),
            _lines(*supplier.address, supplier.email, supplier.phone, *registrations),
        ),
        (
            _("Bill to"),
            printable(buyer.name),
            _lines(buyer.attention, *buyer.address, buyer.email),
        ),
        (_("Site"), printable(site.name), _lines(*site.address, site.code, kind)),
    ]


def present_invoice(document: InvoiceDocument, language: str) -> dict[str, object]:
    """The context of the template `documents/invoice.html`."""
    words = Wording(document, language)
    headline, headline_note = words.headline()
    name = printable(document.supplier.name)
    short = name if len(name) <= RUNNING_NAME_CHARACTERS else f"{name[:RUNNING_NAME_CHARACTERS]}…"
    sections = list(words.sections())
    lines = [line for section in sections for line in section.lines]
    total = words.money(document.total)
    numbers = (text for line in lines for text in (line.quantity, line.rate, line.amount))
    widest = max(map(len, numbers), default=0)
    colour = document.brand_colour
    return {
        "document": document,
        "newline": "\n",
        "language": "fr-CA" if language.startswith("fr") else "en-CA",
        "title": KINDS[document.kind],
        "number": document.number or document.code,
        "paper": document.paper,
        "corrects": _("Corrects %(corrects)s") % {"corrects": document.corrects}
        if document.corrects
        else "",
        "state": STATES.get(document.state, ""),
        "watermark": STATES[document.state] if document.state in WATERMARKED else "",
        "supplier_name": name,
        "running_name": short,
        "logo_url": logo_url(document.supplier),
        "brand_colour": colour if HEX_COLOUR.fullmatch(colour) else "",
        "facts": words.facts(),
        "parties": parties(document),
        "headline": headline,
        "headline_note": headline_note,
        "sections": sections,
        "measured": any(line.quantity or line.rate for line in lines),
        "wide": max(widest, len(total)) > NARROW_AMOUNT_CHARACTERS,
        "subtotal": words.money(document.subtotal),
        "taxes": [words.tax(tax) for tax in document.taxes],
        "total": total,
        "settlements": words.settlements(),
        "balance_label": _("Credit") if document.kind == "credit_note" else _("Balance due"),
        "balance_due": words.money(document.balance_due, code=True),
        "footings": footings(document, language),
    }


def invoice_source(
    load: Callable[[UUID], tuple[InvoiceDocument, str]],
    kind: str = INVOICE,
    examples: Callable[[str], Sequence[Example]] = no_examples,
) -> DocumentSource[InvoiceDocument]:
    """Documents that look like invoices, whose contents `load` gives."""
    return DocumentSource(
        kind=kind,
        load=load,
        present=present_invoice,
        template="documents/invoice.html",
        text_template="documents/invoice.txt",
        look=_look_key,
        sample=partial(sample_invoice, 1),
        examples=examples,
    )


def _look_key(document: InvoiceDocument) -> LookKey:
    """Corrections look like invoices where the tenant has no template of their own for them."""
    own = () if document.kind == "regular" else (document.kind,)
    return LookKey((*own, INVOICE), document.contract_type)
