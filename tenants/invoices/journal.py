"""What issued and voided invoices do to the books. Source: `domain.md` 5, 6 and 9."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models.fields.json import KeyTextTransform

from billing.holdback import HOLDBACK_CODES
from billing.money import round_money
from billing.periods import Period
from billing.recognition import spread_over_months
from tenants.invoices.calculation import Calculation
from tenants.invoices.held import base_by_document, moved_by
from tenants.invoices.models import Invoice, InvoiceLine, InvoiceTax
from tenants.ledger.models import Account, JournalEntry
from tenants.ledger.rates import ONE
from tenants.ledger.selectors import entries_of_documents
from tenants.ledger.services import Entry, Leg

Kind = JournalEntry.Kind
ZERO = Decimal(0)
# A correction is earned as the line that it corrects, perhaps through an adjustment invoice.
_CORRECTING = frozenset({"credit", "recalculation"})
_CORRECTED = ("corrects__", "corrects__corrects__")
# A fee agreed by the month or year is earned as time passes; all else when it is invoiced.
EARNED_OVER_TIME = frozenset({"fee_monthly", "fee_annual"})


class Charge(NamedTuple):
    """What of a line the books need."""

    code: str
    amount: Decimal
    rule: str


class Charges(NamedTuple):
    """What of an invoice the books need: its lines and its taxes as (name, amount)."""

    lines: Sequence[Charge]
    taxes: Sequence[tuple[str, Decimal]]


def stored_charges(invoices: Iterable[Invoice]) -> dict[UUID, Charges]:
    """The charges of stored invoices, in two queries."""
    found: dict[UUID, tuple[list[Charge], list[tuple[str, Decimal]]]] = {
        invoice.pk: ([], []) for invoice in invoices
    }
    lines = InvoiceLine.objects.filter(invoice_id__in=found).order_by("invoice_id", "position")
    rules = [KeyTextTransform("rule", f"{of}trace") for of in ("", *_CORRECTED)]
    for pk, code, amount, *found_rules in lines.values_list("invoice_id", "code", "amount", *rules):
        rule = next((one for one in found_rules if one not in _CORRECTING), "")
        found[pk][0].append(Charge(code, amount, rule or ""))
    taxes = InvoiceTax.objects.filter(invoice_id__in=found).order_by("invoice_id", "position")
    for pk, name, amount in taxes.values_list("invoice_id", "name", "amount"):
        found[pk][1].append((name, amount))
    return {pk: Charges(*charges) for pk, charges in found.items()}


def calculated_charges(calculation: Calculation) -> Charges:
    """The charges of an invoice that is just being stored."""
    return Charges(
        [Charge(line.code, line.amount, line.trace.rule) for line in calculation.lines],
        [(tax.name, tax.amount) for tax in calculation.totals.taxes],
    )


def issue_entries(invoices: Iterable[Invoice], charges: Mapping[UUID, Charges]) -> Iterator[Entry]:
    """Dr receivable and holdback, Cr revenue by line code, tax payable by component.

    What a fee earns later goes to deferred revenue first and is recognised by entries of its
    own, dated when it is earned. They are posted now, ahead of their days: as the invoice's own
    day must be open, none of them falls into closed time. A credit note has negative amounts and
    so the other sides.
    """
    for invoice in invoices:
        yield from _issue_entries(invoice, charges[invoice.pk])


def _issue_entries(invoice: Invoice, charges: Charges) -> Iterator[Entry]:
    holdback, later = ZERO, defaultdict[tuple[date, str], Decimal](Decimal)
    revenue: dict[str, Decimal] = {}
    period = Period(invoice.period_start, invoice.period_end)
    for code, amount, rule in charges.lines:
        if code in HOLDBACK_CODES:
            holdback -= amount
            continue
        now_earned = amount
        if rule in EARNED_OVER_TIME and invoice.invoice_date < invoice.period_end:
            now_earned = ZERO
            for part in spread_over_months(amount, period, invoice.invoice_date, invoice.currency):
                if part.on == invoice.invoice_date:
                    now_earned = part.amount
                else:
                    later[part.on, code] += part.amount
        revenue[code] = revenue.get(code, ZERO) + now_earned
    deferred = sum(later.values(), ZERO)
    credit_note = invoice.kind == Invoice.Kind.CREDIT_NOTE
    kind = Kind.CREDIT_NOTE if credit_note else Kind.INVOICE
    legs = [
        Leg(Account.RECEIVABLE, Decimal(invoice.total)),
        Leg(Account.HOLDBACK_RECEIVABLE, holdback),
        *(Leg(Account.TAX_PAYABLE, -amount, name) for name, amount in charges.taxes),
        Leg(Account.DEFERRED_REVENUE, -deferred),
        *(Leg(Account.REVENUE, -amount, code) for code, amount in revenue.items()),
    ]
    if not revenue and invoice.exchange_rate is not None:
        legs = _without_revenue(invoice, legs)
    yield _entry(invoice, kind, invoice.invoice_date, legs)
    for on in sorted({day for day, _code in later}):
        earned = {code: part for (day, code), part in later.items() if day == on}
        legs = [Leg(Account.DEFERRED_REVENUE, sum(earned.values(), ZERO))]
        legs += [Leg(Account.REVENUE, -part, code) for code, part in earned.items()]
        yield _entry(invoice, Kind.RECOGNITION, on, legs)


def _without_revenue(invoice: Invoice, legs: Sequence[Leg]) -> list[Leg]:
    """The legs of a release, or of its credit note, with their amounts in the books.

    The holdback leaves at the rates it came in, and comes back at the credit note's; the gap is
    the exchange difference.
    """
    assert invoice.exchange_rate is not None
    rate, into = Decimal(invoice.exchange_rate), invoice.base_currency
    held = base_by_document(moved_by([invoice.pk])).get(invoice.pk)
    booked = [
        replace(
            leg,
            base_amount=held
            if held is not None and leg.account == Account.HOLDBACK_RECEIVABLE
            else round_money(leg.amount * rate, into),
        )
        for leg in legs
    ]
    gap = -sum((leg.base_amount or ZERO for leg in booked), ZERO)
    return [*booked, Leg(Account.EXCHANGE_DIFFERENCE, ZERO, base_amount=gap)]


def void_entries(invoice: Invoice, on: date) -> list[Entry]:
    """The opposite of everything posted for the invoice, from the day it is voided.

    What its issue cleared of holdback is not part of it: that follows from what is held then.
    What was to be recognised later is undone on its own day; a day of closed time is passed, for
    nothing before `on` is touched.
    """
    legs: dict[date, list[Leg]] = defaultdict(list)
    for entry in entries_of_documents([invoice.pk]).exclude(kind=Kind.HOLDBACK):
        for line in entry.lines.all():
            leg = Leg(line.account, -line.amount, line.detail, -line.base_amount)
            legs[max(entry.posted_on, on)].append(leg)
    return [_entry(invoice, Kind.VOID, day, found) for day, found in sorted(legs.items())]


def _entry(invoice: Invoice, kind: str, on: date, legs: Sequence[Leg]) -> Entry:
    return Entry(
        kind=kind,
        source_id=invoice.pk,
        document_id=invoice.pk,
        document_code=str(invoice),
        posted_on=on,
        entity_id=invoice.entity_id,
        customer_id=invoice.customer_id,
        site_id=invoice.site_id,
        currency=invoice.currency,
        base_currency=invoice.base_currency,
        legs=legs,
        rate=ONE if invoice.exchange_rate is None else Decimal(invoice.exchange_rate),
    )
