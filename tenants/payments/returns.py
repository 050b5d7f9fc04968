"""Money that went out of the bank and names what was paid: perhaps a payment that came back."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from django.db.models import Q

from billing.application import find_codes
from connectors.bank_files import BankLine
from tenants.payments.matching import new_line
from tenants.payments.models import Allocation, Payment, PaymentFileLine

Status = PaymentFileLine.Status
RETURN_KIND = "payment_return"  # the review item about such a payment
RETURNS_MAX = 500
_PAYMENT_ID = re.compile(r"(?<![A-Z0-9])PAY[\s\-_#:]*(\d{9})(?![0-9])", re.ASCII)


def returned_lines(
    outgoing: Sequence[BankLine], numbers: Sequence[str], *, currency: str, after: int
) -> list[PaymentFileLine]:
    """Unsaved lines for what went out and names a standing payment, or an invoice that one pays.

    Each has that payment, of several the one of the same amount, else the latest. They take the
    positions that follow `after`; 500 at most. What an earlier file told is a duplicate. Three
    queries.
    """
    texts = [f"{line.reference} {line.payer} {line.transaction_id}" for line in outgoing]
    by_code = _payments_by_code(texts)
    known = set(
        PaymentFileLine.objects.filter(
            status=Status.RETURNED, transaction_id__in=numbers
        ).values_list("transaction_id", flat=True)
    )
    found: list[PaymentFileLine] = []
    for line, text, number in zip(outgoing, texts, numbers, strict=True):
        payments = [one for code in _codes(text) for one in by_code.get(code, ())]
        made = new_line(replace(line, position=after + len(found) + 1), currency, number)
        if not payments or made.status == Status.WRONG or len(found) >= RETURNS_MAX:
            continue
        made.payment = max(payments, key=lambda one: (_is_alike(one, made), one.received_on))
        made.customer = made.payment.customer
        made.status = Status.DUPLICATE if number in known else Status.RETURNED
        found.append(made)
    return found


def _is_alike(payment: Payment, line: PaymentFileLine) -> bool:
    return (Decimal(payment.amount), payment.currency) == (line.amount, line.currency)


def _codes(text: str) -> list[str]:
    return [f"PAY{match[1]}" for match in _PAYMENT_ID.finditer(text.upper())] + find_codes(text)


def _payments_by_code(texts: Sequence[str]) -> dict[str, list[Payment]]:
    """By payment id, and by id and number of the invoices that it pays; not reversed ones."""
    codes = {code for text in texts for code in _codes(text)}
    named = Payment.objects.filter(payment_id__in=codes, reversal__isnull=True)
    found = {one.payment_id: [one] for one in named.select_related("customer")}
    paying = Allocation.objects.filter(
        Q(invoice__invoice_id__in=codes) | Q(invoice__number__in=codes),
        payment__reversal__isnull=True,
        payment__isnull=False,
        reverses__isnull=True,
        reversed_by__isnull=True,
    )
    for one in paying.select_related("invoice", "payment__customer"):
        assert one.payment is not None
        for code in (one.invoice.invoice_id, one.invoice.number or one.invoice.invoice_id):
            found.setdefault(code, []).append(one.payment)
    return found
