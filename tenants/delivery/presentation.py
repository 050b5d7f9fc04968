"""What a reminder says, in its customer's language, ready to be set."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from shared.kernel import formats
from shared.kernel.brand import HEX_COLOUR
from tenants.delivery.letters import AccountItem, ReminderLetter
from tenants.documents.contents import printable
from tenants.documents.presentation import RUNNING_NAME_CHARACTERS, logo_url


def present_letter(letter: ReminderLetter, language: str) -> dict[str, Any]:
    """The context of the letter and of the e-mail that carries it.

    `credits` and `unapplied` are what was netted of the customer's own money; empty without any.
    """
    name = printable(letter.supplier.name)
    short = name if len(name) <= RUNNING_NAME_CHARACTERS else f"{name[:RUNNING_NAME_CHARACTERS]}…"
    colour = letter.brand_colour

    money = partial(formats.format_money, currency=letter.currency, language=language, code=True)
    total, sums = money(letter.total), _sums(letter, money)
    return {
        "newline": "\n",
        "language": "fr-CA" if language.startswith("fr") else "en-CA",
        "title": _title(letter.level),
        "number": letter.code,
        "paper": letter.paper,
        "supplier_name": name,
        "running_name": short,
        "logo_url": logo_url(letter.supplier),
        "brand_colour": colour if HEX_COLOUR.fullmatch(colour) else "",
        "reply_to": printable(letter.supplier.email),
        "greeting": _("Hello %(name)s,")
        % {"name": printable(letter.customer.attention or letter.customer.name)},
        "request": _request(letter.level) % {"total": total},
        "thanks": _("If your payment is on its way, thank you: please disregard this letter."),
        "level": letter.level,
        "overdue": money(letter.overdue),
        "credits": money(letter.credits) if letter.credits else "",
        "unapplied": money(letter.unapplied) if letter.unapplied else "",
        "total": total,
        "facts": [
            (_("Date"), formats.format_day(letter.dated, language=language)),
            (_("Customer"), printable(letter.customer.code)),
            *sums,
        ],
        "sums": sums,
        "parties": _parties(letter),
        "account_title": _("Statement of account") if letter.with_account else _("Overdue"),
        "items": [_item(one, letter.currency, language) for one in letter.items],
        "how_to_pay": printable(letter.payment_instructions).strip(),
        "link": letter.link,
    }


def _sums(letter: ReminderLetter, money: Callable[[Decimal], str]) -> list[tuple[str, str]]:
    """What is overdue, and where the customer has money with us, what of it is asked for."""
    rows = [
        (_("Overdue"), letter.overdue),
        (_("Your open credit notes"), -letter.credits),
        (_("Your payments without an invoice"), -letter.unapplied),
        (_("Asked for"), letter.total),
    ]
    own = letter.credits or letter.unapplied
    shown = [row for row in rows if row[1]] if own else rows[:1]
    return [(label, money(amount)) for label, amount in shown]


def _item(item: AccountItem, currency: str, language: str) -> dict[str, Any]:
    def money(amount: Decimal) -> str:
        return formats.format_money(amount, currency, language=language)

    disputed = _("in dispute: %(amount)s") % {"amount": money(item.disputed)}
    return {
        "number": printable(item.number),
        "invoice_date": formats.format_day(item.invoice_date, language=language),
        "due_date": formats.format_day(item.due_date, language=language),
        "days": item.days,
        "total": money(item.total),
        "open": money(item.open),
        "note": disputed if item.disputed else "",
    }


def _title(level: int) -> str:
    if level <= 1:
        return _("Payment reminder")
    return _("Second reminder") if level == 2 else _("Final reminder")


def _request(level: int) -> str:
    if level <= 1:
        return _("perhaps it was overlooked: %(total)s is past its due date. Please pay it soon.")
    if level == 2:
        return _("we wrote to you before: %(total)s is still unpaid. Please pay it within 10 days.")
    return _(
        "%(total)s remains unpaid in spite of our reminders. Please pay it at once, or call us "
        "if something stands in the way."
    )


def _parties(letter: ReminderLetter) -> list[tuple[str, str, str]]:
    supplier, customer = letter.supplier, letter.customer
    return [
        (
            _("From"),
            printable(supplier.name),
            _joined((*supplier.address, supplier.email, supplier.phone)),
        ),
        (
            _("For"),
            printable(customer.name),
            _joined((customer.attention, *customer.address, customer.email)),
        ),
    ]


def _joined(texts: Sequence[str]) -> str:
    return "\n".join(printable(text) for text in texts if text)
