"""What stands below the totals of an invoice: kept back, converted, owed by law, how to pay.

Sources: the CRA's input tax credit rules (a foreign currency's tax in Canadian dollars), and
what the provinces' prompt payment acts ask of a proper invoice (Ontario: s. 6.1): contractor,
period, authority, what was supplied, amount and terms, whom to pay and where.
"""

from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.money import round_money
from shared.kernel import formats
from tenants.documents.contents import InvoiceDocument, printable


def footings(document: InvoiceDocument, language: str) -> list[tuple[str, str]]:
    """Label and text of each note that has something to say."""
    notes = _Notes(document, language)
    texts = (
        (_("Void"), notes.void()),
        (_("Reason"), document.reason),
        (_("Holdback"), notes.holdback()),
        (_("Exchange rate"), notes.conversion()),
        (_("Proper invoice"), "\n".join(notes.proper_invoice())),
        (_("How to pay"), document.payment_instructions if notes.is_owed else ""),
        (_("Notes"), document.notes),
    )
    return [(label, printable(text).strip()) for label, text in texts if text.strip()]


class _Notes:
    """Writes each note of one document; the active language is the document's."""

    def __init__(self, document: InvoiceDocument, language: str) -> None:
        self._document = document
        self._language = language

    @property
    def is_owed(self) -> bool:
        """Whether anything is to be paid on it."""
        settled = self._document.state in ("paid", "credited", "void")
        return self._document.kind != "credit_note" and not settled

    def void(self) -> str:
        """Since when it counts for nothing."""
        day = self._document.voided_on
        return (
            _("Void since %(day)s. Nothing is to be paid.") % {"day": self._day(day)} if day else ""
        )

    def holdback(self) -> str:
        """What the customer keeps for now."""
        held = self._document.holdback
        if not held:
            return ""
        return _(
            "%(amount)s is kept back and not part of the total. It is invoiced, with its tax, "
            "when the holdback is released."
        ) % {"amount": self._money(held)}

    def conversion(self) -> str:
        """The rate, its day and source, and taxes and total converted, each rounded once."""
        conversion = self._document.conversion
        if conversion is None:
            return ""
        taxes = sum((tax.amount for tax in self._document.taxes), Decimal(0))
        places = max(4, -int(conversion.rate.normalize().as_tuple().exponent))
        rate = formats.format_quantity(conversion.rate, language=self._language, places=places)
        return _(
            "1 %(currency)s = %(rate)s %(base)s (%(source)s, %(day)s). "
            "Taxes %(taxes)s, total %(total)s."
        ) % {
            "currency": self._document.currency,
            "rate": rate,
            "base": conversion.currency,
            "source": conversion.source,
            "day": self._day(conversion.on),
            "taxes": self._converted(taxes),
            "total": self._converted(self._document.total),
        }

    def proper_invoice(self) -> Iterator[str]:
        """Authority, period, whom to pay, and the statute behind the due date."""
        document = self._document
        if not document.is_construction or document.kind == "credit_note":
            return
        order = _(", purchase order %(number)s") % {"number": document.purchase_order}
        yield _("Supplied under contract %(contract)s%(order)s from %(start)s to %(end)s.") % {
            "contract": document.contract_code,
            "order": order if document.purchase_order else "",
            "start": self._day(document.period_start),
            "end": self._day(document.period_end),
        }
        supplier = document.supplier
        payee = (supplier.name, *supplier.address, supplier.phone, supplier.email)
        yield _("Pay to: %(payee)s") % {"payee": ", ".join(filter(None, payee))}
        if document.statute is not None and self.is_owed:
            yield _(
                "Payable by %(day)s, and no later than %(days)s days after receipt (%(law)s)."
            ) % {
                "day": self._day(document.due_date),
                "days": document.statute.pay_days,
                "law": document.statute.source,
            }

    def _money(self, amount: Decimal) -> str:
        return formats.format_money(amount, self._document.currency, language=self._language)

    def _converted(self, amount: Decimal) -> str:
        conversion = self._document.conversion
        assert conversion is not None
        value = round_money(amount * conversion.rate, conversion.currency)
        return formats.format_money(value, conversion.currency, language=self._language, code=True)

    def _day(self, day: object) -> str:
        return formats.format_day(day, language=self._language)  # type: ignore[arg-type]
