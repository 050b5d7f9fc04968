"""Whose money a line of a file is: by reference, payer's name, history, or the amount alone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Lower

from billing.application import find_codes
from billing.money import AMOUNT_LIMIT, is_currency, round_money
from connectors.bank_files import BankLine
from shared.kernel.errors import Text
from shared.kernel.wording import worded as _
from tenants.invoices.models import OPEN_PAYMENT, Invoice
from tenants.payments.models import Payment, PaymentFileLine
from tenants.sites.models import Customer

Status, Match = PaymentFileLine.Status, PaymentFileLine.Match
Found = dict[str, set[UUID]]


def match_lines(lines: Sequence[PaymentFileLine]) -> None:
    """Set status, customer and why of every readable line; a fixed number of queries.

    A line recorded before, or twice in the file, is a duplicate; another amount under the same
    number is none (see `_tell_apart`). The amount alone proposes a customer, which a person has
    to confirm.
    """
    readable = [line for line in lines if line.status != Status.WRONG]
    known = _known_transactions(readable)
    told = dict(known)
    for line in readable:
        _tell_apart(line, told)
    by_code = _customers_by_code(line.reference for line in readable)
    payers = {line.payer.lower() for line in readable if line.payer}
    by_name = _collect(
        Customer.objects.annotate(key=Lower("name")).filter(key__in=payers).values_list("key", "pk")
    )
    by_payer = _collect(
        Payment.objects.annotate(key=Lower("payer"))
        .filter(key__in=payers, reversal__isnull=True)
        .values_list("key", "customer_id")
        .distinct()
    )
    by_amount = _customers_by_amount(readable)
    recorded = set(known)
    for line in readable:
        if line.transaction_id in recorded:
            line.status = Status.DUPLICATE
            continue
        recorded.add(line.transaction_id)
        _match(line, by_code, by_name, by_payer, by_amount)


def new_line(given: BankLine, currency: str, transaction_id: str) -> PaymentFileLine:
    """The unsaved line; what cannot be recorded says why."""
    line = PaymentFileLine(
        position=given.position,
        received_on=given.received_on,
        amount=given.amount,
        currency=given.currency or currency,
        reference=given.reference,
        payer=given.payer,
        transaction_id=transaction_id,
        status=Status.UNMATCHED,
    )
    line.problem = _problem(given.problem, line)
    if line.problem:
        line.status = Status.WRONG
    return line


def _problem(named: str, line: PaymentFileLine) -> Text:
    if named == "received_on" or line.received_on is None:
        return _("The day cannot be read, or day and month cannot be told apart.")
    if line.amount is None or not 0 < line.amount < AMOUNT_LIMIT:
        line.amount = None
        return _("The amount cannot be read.")
    if not is_currency(line.currency):
        return _("The currency is none.")
    if round_money(line.amount, line.currency) != line.amount:
        return _("%(currency)s has no such fraction.") % {"currency": line.currency}
    return ""


def _match(
    line: PaymentFileLine, by_code: Found, by_name: Found, by_payer: Found, by_amount: Found
) -> None:
    referred: set[UUID] = set()
    for code in find_codes(line.reference):
        referred |= by_code.get(code, set())
    tries = (
        (Match.REFERENCE, referred),
        (Match.PAYER, by_name.get(line.payer.lower(), set())),
        (Match.HISTORY, by_payer.get(line.payer.lower(), set())),
        (Match.AMOUNT, by_amount.get(_amount_key(line.amount, line.currency), set())),
    )
    for match, customers in tries:
        if len(customers) == 1:
            line.customer_id, line.match = next(iter(customers)), match
            line.status = Status.UNMATCHED if match == Match.AMOUNT else Status.MATCHED
            return


Told = tuple[Decimal | None, str]
"""The amount and currency that a transaction number stands for."""


def _known_transactions(lines: Sequence[PaymentFileLine]) -> dict[str, Told]:
    """The payments recorded under the lines' numbers, as given and as told apart."""
    numbers = {line.transaction_id for line in lines} | {_own_number(line) for line in lines}
    found = Payment.objects.filter(transaction_id__in=numbers)
    rows = found.values_list("transaction_id", "amount", "currency")
    return {number: (amount, currency) for number, amount, currency in rows if number}


def _tell_apart(line: PaymentFileLine, known: dict[str, Told]) -> None:
    """Give a line a number of its own where its number stands for another amount.

    Some banks number a batch, and some people the rows of each of their files from 1: money
    must not be left out for that. The number follows from the line, so the same line in
    another file has it again.
    """
    told = (line.amount, line.currency)
    if known.setdefault(line.transaction_id, told) != told:
        line.transaction_id = _own_number(line)


def _own_number(line: PaymentFileLine) -> str:
    told = f"{line.received_on}|{line.amount}|{line.currency}|{line.reference}|{line.payer}"
    return f"{line.transaction_id[:70]}-{sha256(told.encode()).hexdigest()[:24]}"


def _customers_by_code(references: Iterable[str]) -> Found:
    codes = {code for text in references for code in find_codes(text)}
    rows = Invoice.objects.filter(Q(invoice_id__in=codes) | Q(number__in=codes))
    found: Found = defaultdict(set)
    for invoice_id, number, customer in rows.values_list("invoice_id", "number", "customer_id"):
        found[invoice_id].add(customer)
        found[number or invoice_id].add(customer)
    return found


def _customers_by_amount(lines: Sequence[PaymentFileLine]) -> Found:
    settled = F("amount_paid") + F("amount_credited") + F("amount_written_off")
    rows = (
        Invoice.objects.filter(
            document_status=Invoice.DocumentStatus.ISSUED, payment_status__in=OPEN_PAYMENT
        )
        .annotate(open=F("total") - settled)
        .filter(open__in={line.amount for line in lines})
        .values_list("open", "currency", "customer_id", "pk")
    )
    found: dict[str, list[UUID]] = defaultdict(list)
    for amount, currency, customer, _pk in rows:
        found[_amount_key(amount, currency)].append(customer)
    return {key: set(customers) for key, customers in found.items() if len(customers) == 1}


def _collect(rows: Iterable[tuple[str, UUID]]) -> Found:
    found: Found = defaultdict(set)
    for key, customer in rows:
        if key:
            found[key].add(customer)
    return found


def _amount_key(amount: Decimal | None, currency: str) -> str:
    return f"{Decimal(amount or 0).normalize():f} {currency}"
