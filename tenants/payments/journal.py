"""What payments, applications, refunds, reversals and write-offs do to the books.

Where books are kept in another currency, what is left of a document stands there at the rate of
the document: an application relieves the difference between what stood before and after, so
that a settled document leaves nothing behind. The gap between two rates is the exchange
difference.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from billing.money import round_money
from tenants.invoices.models import Invoice
from tenants.ledger.models import Account, JournalEntry
from tenants.ledger.rates import ONE
from tenants.ledger.services import Entry, Leg
from tenants.payments.models import Allocation, Payment, Refund, Reversal

Kind = JournalEntry.Kind


def payment_entry(payment: Payment) -> Entry:
    """Dr cash, Cr unapplied cash: applying it to invoices is posted on its own."""
    amount = Decimal(payment.amount)
    return _payment_entry(payment, Kind.PAYMENT, payment.pk, payment.received_on, amount)


def reversal_entry(reversal: Reversal) -> Entry:
    """Dr unapplied cash, Cr cash: the payment never was. Its applications are undone before."""
    payment = reversal.payment
    amount = -Decimal(payment.amount)
    return _payment_entry(payment, Kind.REVERSAL, reversal.pk, reversal.reversed_on, amount)


def refund_entry(refund: Refund, *, unapplied_before: Decimal) -> Entry:
    """Dr unapplied cash, Cr cash, of the unapplied part of a payment; the other way when undone."""
    payment = refund.payment
    assert payment is not None
    amount = -Decimal(refund.amount)
    base = relieved(unapplied_before, Decimal(refund.amount), payment)
    return _payment_entry(payment, Kind.REFUND, refund.pk, refund.refunded_on, amount, -base)


def credit_refund_entry(refund: Refund) -> Entry:
    """Dr receivable, Cr cash: what a credit note still gives, paid out; the opposite undoes it."""
    note = refund.credit_note
    assert note is not None
    amount = Decimal(refund.amount)
    base = relieved(-note.balance_due, amount, note)
    legs = (
        Leg(Account.RECEIVABLE, amount, base_amount=base),
        Leg(Account.CASH, -amount, base_amount=-base),
    )
    return _entry(note, Kind.REFUND, refund.pk, refund.refunded_on, legs)


def application_entries(allocation: Allocation, *, unapplied_before: Decimal) -> list[Entry]:
    """Dr unapplied cash, Cr receivable, before the invoice's settled amount is moved."""
    invoice, payment = allocation.invoice, allocation.payment
    assert payment is not None
    amount = Decimal(allocation.amount)
    from_payment = relieved(unapplied_before, amount, payment)
    from_invoice = relieved(invoice.balance_due, amount, invoice)
    debit = Leg(Account.UNAPPLIED_CASH, amount, base_amount=from_payment)
    credit = Leg(Account.RECEIVABLE, -amount, base_amount=-from_invoice)
    if not _same_books(payment, invoice):
        return _between_books(allocation, payment, debit, credit)
    gap = Leg(Account.EXCHANGE_DIFFERENCE, Decimal(0), base_amount=from_invoice - from_payment)
    legs = (debit, credit, gap)
    return [_entry(invoice, Kind.APPLICATION, allocation.pk, allocation.applied_on, legs)]


def credit_application_entries(allocation: Allocation) -> list[Entry]:
    """Both sides are receivable: in the same books only a rounding gap is posted."""
    invoice, note = allocation.invoice, allocation.credit_note
    assert note is not None
    amount = Decimal(allocation.amount)
    from_note = relieved(-note.balance_due, amount, note)
    from_invoice = relieved(invoice.balance_due, amount, invoice)
    if not _same_books(note, invoice):
        debit = Leg(Account.RECEIVABLE, amount, base_amount=from_note)
        credit = Leg(Account.RECEIVABLE, -amount, base_amount=-from_invoice)
        return _between_books(allocation, note, debit, credit)
    gap = from_invoice - from_note
    legs = (
        Leg(Account.RECEIVABLE, Decimal(0), base_amount=-gap),
        Leg(Account.EXCHANGE_DIFFERENCE, Decimal(0), base_amount=gap),
    )
    return [_entry(invoice, Kind.APPLICATION, allocation.pk, allocation.applied_on, legs)]


def _same_books(source: Payment | Invoice, invoice: Invoice) -> bool:
    """Whether both stand in the books of one company, in one currency."""
    return (source.entity_id, source.base_currency) == (invoice.entity_id, invoice.base_currency)


def _between_books(
    allocation: Allocation, source: Payment | Invoice, debit: Leg, credit: Leg
) -> list[Entry]:
    """An entry in each books, so that each of them balances.

    Between two companies it is an amount that the one owes the other; between the books of two
    currencies of one company the exchange difference account joins them. Where both keep their
    books in one currency, the company that is paid through the other bears the difference.
    """
    invoice, on, amount = allocation.invoice, allocation.applied_on, debit.amount
    given, taken = debit.base_amount or Decimal(0), -(credit.base_amount or Decimal(0))
    between = source.entity_id != invoice.entity_id
    joint = Account.INTERCOMPANY if between else Account.EXCHANGE_DIFFERENCE
    arriving = given if source.base_currency == invoice.base_currency else taken
    out = Leg(joint, -amount, base_amount=-given)
    into = Leg(joint, amount, base_amount=arriving)
    gap = Leg(Account.EXCHANGE_DIFFERENCE, Decimal(0), base_amount=taken - arriving)
    return [
        _entry(source, Kind.APPLICATION, allocation.pk, on, (debit, out)),
        _entry(invoice, Kind.CONVERSION, allocation.pk, on, (into, gap, credit)),
    ]


def write_off_entry(allocation: Allocation) -> Entry:
    """Dr bad debts, Cr receivable. The tax in it stays payable until relief is claimed."""
    invoice = allocation.invoice
    amount = Decimal(allocation.amount)
    base = relieved(invoice.balance_due, amount, invoice)
    legs = (
        Leg(Account.WRITE_OFF, amount, base_amount=base),
        Leg(Account.RECEIVABLE, -amount, base_amount=-base),
    )
    return _entry(invoice, Kind.WRITE_OFF, allocation.pk, allocation.applied_on, legs)


def relieved(open_before: Decimal, amount: Decimal, document: Invoice | Payment) -> Decimal:
    """What `amount` of a document's open part stands for in the books' currency.

    The difference of two rounded amounts, so that the parts add up to the whole.
    """
    rate = ONE if document.exchange_rate is None else Decimal(document.exchange_rate)
    before = round_money(open_before * rate, document.base_currency)
    after = round_money((open_before - amount) * rate, document.base_currency)
    return before - after


def _payment_entry(
    payment: Payment,
    kind: str,
    source_id: UUID,
    on: date,
    amount: Decimal,
    base: Decimal | None = None,
) -> Entry:
    """`amount` into cash (out of it where negative), from and to unapplied cash."""
    if base is None:
        base = relieved(amount, amount, payment)
    legs = (
        Leg(Account.CASH, amount, base_amount=base),
        Leg(Account.UNAPPLIED_CASH, -amount, base_amount=-base),
    )
    return _entry(payment, kind, source_id, on, legs)


def _entry(
    document: Invoice | Payment, kind: str, source_id: UUID, on: date, legs: Sequence[Leg]
) -> Entry:
    invoice = document if isinstance(document, Invoice) else None
    return Entry(
        kind=kind,
        source_id=source_id,
        document_id=document.pk,
        document_code=str(document),
        posted_on=on,
        entity_id=document.entity_id,
        customer_id=document.customer_id,
        site_id=invoice.site_id if invoice else None,
        currency=document.currency,
        base_currency=document.base_currency,
        legs=legs,
    )
