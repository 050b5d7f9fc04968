"""What an invoice tells programs, apart from the format: one reading for Factur-X and UBL.

Credit notes carry positive amounts, as both formats want; a price is never negative, what is
taken off has a negative quantity. Amounts are rounded to the currency's minor unit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.money import round_money
from shared.kernel.errors import Conflict
from tenants.documents.contents import (
    Conversion,
    DocumentLine,
    InvoiceDocument,
    Registration,
    printable,
)
from tenants.documents.notes import footings

# UNTDID 1001: commercial invoice, credit note, corrected invoice.
TYPE_CODES = {"credit_note": "381", "adjustment": "384"}
INVOICE_CODE = "380"
# UN/ECE Recommendation 20: one, hour.
PIECE, HOUR = "C62", "HUR"
HOURS = "labor_"
ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True)
class StructuredParty:
    """Who sells or buys, or where: the address as lines, the country as ISO 3166."""

    name: str
    address: tuple[str, ...] = ()
    country: str = "CA"
    code: str = ""
    attention: str = ""
    email: str = ""
    phone: str = ""
    registrations: tuple[Registration, ...] = ()


@dataclass(frozen=True)
class StructuredTax:
    """One component of the invoice; `percent` is 13 for 13 %."""

    name: str
    percent: Decimal
    base: Decimal
    amount: Decimal
    registration: str = ""


@dataclass(frozen=True)
class StructuredLine:
    """One line: `amount` is `quantity` x `price`, rounded. `taxes` names what applies to it."""

    number: int
    code: str
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    amount: Decimal
    taxes: tuple[str, ...]
    percent: Decimal
    """All components that apply, together."""


@dataclass
class TaxedAlike:
    """The lines under one percentage, for formats that know one tax a line."""

    percent: Decimal
    base: Decimal = ZERO
    amount: Decimal = ZERO


@dataclass(frozen=True)
class StructuredInvoice:
    """The invoice as every structured format says it; `source` has dates, texts and parties."""

    source: InvoiceDocument
    number: str
    type_code: str
    seller: StructuredParty
    buyer: StructuredParty
    site: StructuredParty
    lines: tuple[StructuredLine, ...]
    taxes: tuple[StructuredTax, ...]
    rates: tuple[TaxedAlike, ...]
    net: Decimal
    gross: Decimal
    settled: Decimal
    due: Decimal
    purchase_order: str
    conversion: Conversion | None
    notes: tuple[str, ...] = field(default=())

    @property
    def is_credit_note(self) -> bool:
        """Whether the amounts are given, and not asked for."""
        return self.source.kind == "credit_note"

    @property
    def tax_total(self) -> Decimal:
        """All components together."""
        return self.gross - self.net


def structure_invoice(document: InvoiceDocument, language: str) -> StructuredInvoice:
    """What the formats say of a document; the active language is the document's.

    Raises Conflict where it has no lines: no format has a place for that.
    """
    if not document.lines:
        raise Conflict(_("This invoice does not fit the structured format."))
    return _Reader(document, language).read()


class _Reader:
    """Reads one document."""

    def __init__(self, document: InvoiceDocument, language: str) -> None:
        self._document = document
        self._language = language
        self._sign = -ONE if document.kind == "credit_note" else ONE

    def read(self) -> StructuredInvoice:
        """The document's facts, in the formats' signs."""
        document = self._document
        taxes = tuple(self._taxes())
        lines = tuple(self._line(n, line) for n, line in enumerate(document.lines, start=1))
        net, gross = self._money(document.subtotal), self._money(document.total)
        due = self._money(document.balance_due)
        supplier, buyer, site = document.supplier, document.buyer, document.site
        return StructuredInvoice(
            source=document,
            number=document.number or document.code,
            type_code=TYPE_CODES.get(document.kind, INVOICE_CODE),
            seller=_party(
                supplier.name,
                supplier.address,
                email=supplier.email,
                phone=supplier.phone,
                registrations=supplier.registrations,
            ),
            buyer=_party(
                buyer.name,
                buyer.address,
                code=buyer.code,
                attention=printable(buyer.attention),
                email=buyer.email,
            ),
            site=_party(site.name, site.address, code=site.code),
            lines=lines,
            taxes=taxes,
            rates=self._rates(lines, gross - net),
            net=net,
            gross=gross,
            settled=gross - due,
            due=due,
            purchase_order=printable(document.purchase_order),
            conversion=document.conversion,
            notes=tuple(self._notes(taxes)),
        )

    def _money(self, amount: Decimal) -> Decimal:
        return round_money(self._sign * amount, self._document.currency)

    def _taxes(self) -> Iterator[StructuredTax]:
        for tax in self._document.taxes:
            yield StructuredTax(
                name=tax.name,
                percent=_plain(tax.rate * 100),
                base=self._money(tax.base),
                amount=self._money(tax.amount),
                registration=tax.registration,
            )

    def _notes(self, taxes: tuple[StructuredTax, ...]) -> Iterator[str]:
        for tax in taxes:
            number = f" ({tax.registration})" if tax.registration else ""
            yield printable(f"{tax.name} {tax.percent:f}% × {tax.base}: {tax.amount}{number}")
        for label, text in footings(self._document, self._language):
            yield f"{label}: {text}"

    def _line(self, number: int, line: DocumentLine) -> StructuredLine:
        amount = self._money(line.amount)
        quantity, unit, price = self._quantity(line, amount)
        applying = [tax for tax in self._document.taxes if tax.name in line.taxes]
        return StructuredLine(
            number=number,
            code=line.code,
            name=printable(line.description) or line.code,
            quantity=quantity,
            unit=unit,
            price=price,
            amount=amount,
            taxes=tuple(tax.name for tax in applying),
            percent=sum((_plain(tax.rate * 100) for tax in applying), ZERO),
        )

    def _quantity(self, line: DocumentLine, amount: Decimal) -> tuple[Decimal, str, Decimal]:
        """Hours at their rate; of anything else one piece, or one taken off."""
        if line.code.startswith(HOURS) and line.quantity is not None and line.rate is not None:
            return _plain(self._sign * line.quantity), HOUR, _plain(line.rate)
        return (-ONE if amount < 0 else ONE), PIECE, abs(amount)

    def _rates(self, lines: tuple[StructuredLine, ...], taxes: Decimal) -> tuple[TaxedAlike, ...]:
        """The breakdown by percentage; rounding differences go to the largest base."""
        rates: dict[Decimal, TaxedAlike] = {}
        for line in lines:
            rates.setdefault(line.percent, TaxedAlike(line.percent)).base += line.amount
        for rate in rates.values():
            rate.amount = round_money(rate.base * rate.percent / 100, self._document.currency)
        taxed = [rate for rate in rates.values() if rate.percent]
        if taxed:
            largest = max(taxed, key=lambda rate: abs(rate.base))
            largest.amount += taxes - sum((rate.amount for rate in taxed), ZERO)
        return tuple(rates.values())


def _plain(number: Decimal) -> Decimal:
    """Without zeros behind, and never as 1E+1."""
    return Decimal(f"{number.normalize():f}")


def _party(
    name: str,
    address: tuple[str, ...],
    *,
    code: str = "",
    attention: str = "",
    email: str = "",
    phone: str = "",
    registrations: tuple[Registration, ...] = (),
) -> StructuredParty:
    """The last line of an address abroad is its country (see `contents.address_lines`)."""
    lines = [printable(line) for line in address]
    country = lines.pop() if lines and len(lines[-1]) == 2 else "CA"
    return StructuredParty(
        name=printable(name),
        address=tuple(lines),
        country=country,
        code=code,
        attention=attention,
        email=email,
        phone=phone,
        registrations=registrations,
    )
