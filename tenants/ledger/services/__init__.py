"""Posting to the journal, in the transaction of the document that it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from billing.money import round_money
from shared.kernel.bulk import copy_rows
from shared.kernel.clock import now
from tenants.ledger.models import Account
from tenants.ledger.periods import refuse_closed

ZERO = Decimal(0)
# Amounts that other documents must agree with; a rounding difference never lands on them.
CONTROLLED = frozenset(
    {
        Account.CASH,
        Account.RECEIVABLE,
        Account.HOLDBACK_RECEIVABLE,
        Account.UNAPPLIED_CASH,
        Account.TAX_PAYABLE,
    }
)
ENTRY_COLUMNS = (
    "id",
    "created_at",
    "kind",
    "source_id",
    "document_id",
    "document_code",
    "posted_on",
    "entity_id",
    "customer_id",
    "site_id",
    "currency",
    "base_currency",
)
LINE_COLUMNS = (
    "entry_id",
    "account",
    "detail",
    "posted_on",
    "customer_id",
    "currency",
    "amount",
    "base_amount",
)


@dataclass(frozen=True, slots=True)
class Leg:
    """One account's part: debit positive, credit negative, in the entry's currency.

    `base_amount` is given where it does not follow from the entry's rate.
    """

    account: str
    amount: Decimal
    detail: str = ""
    base_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of one document. The legs add up to zero; legs of zero are left out.

    `rate` turns amounts into `base_currency`; 1 where both currencies are the same.
    """

    kind: str
    source_id: UUID
    document_id: UUID
    document_code: str
    posted_on: date
    entity_id: UUID
    customer_id: UUID
    site_id: UUID | None
    currency: str
    base_currency: str
    legs: Sequence[Leg]
    rate: Decimal = Decimal(1)
    pk: UUID = field(default_factory=uuid4)


def post(entries: Sequence[Entry]) -> None:
    """Append entries to the journal in two statements, however many there are.

    The caller has authorised its actor and opened the transaction, which keeps the books from
    being closed meanwhile. Raises PeriodClosed where an entry is dated in closed time. The
    database refuses that too, and what does not balance or was posted before.
    Source: `architecture.md`, rule 8.
    """
    posting = [(entry, based(entry)) for entry in entries]
    posting = [(entry, legs) for entry, legs in posting if legs]
    if not posting:
        return
    refuse_closed({(entry.entity_id, entry.posted_on) for entry, _legs in posting})
    moment = now()
    copy_rows(
        "ledger_journalentry",
        ENTRY_COLUMNS,
        [
            (
                entry.pk,
                moment,
                entry.kind,
                entry.source_id,
                entry.document_id,
                entry.document_code,
                entry.posted_on,
                entry.entity_id,
                entry.customer_id,
                entry.site_id,
                entry.currency,
                entry.base_currency,
            )
            for entry, _legs in posting
        ],
    )
    copy_rows(
        "ledger_journalline",
        LINE_COLUMNS,
        [
            (
                entry.pk,
                leg.account,
                leg.detail,
                entry.posted_on,
                entry.customer_id,
                entry.currency,
                leg.amount,
                base_amount,
            )
            for entry, legs in posting
            for leg, base_amount in legs
        ],
    )


def based(entry: Entry) -> list[tuple[Leg, Decimal]]:
    """The legs that are not zero, each with its amount in the books' currency.

    Each leg is converted and rounded half-up by itself; what is missing to zero then goes to
    the largest leg that no document has to agree with.
    """
    legs = [leg for leg in entry.legs if leg.amount or leg.base_amount]
    if entry.rate == 1 and not any(leg.base_amount is not None for leg in legs):
        return [(leg, leg.amount) for leg in legs]
    amounts = [
        round_money(leg.amount * entry.rate, entry.base_currency)
        if leg.base_amount is None
        else leg.base_amount
        for leg in legs
    ]
    difference = sum(amounts, ZERO)
    if difference:
        free = [n for n, leg in enumerate(legs) if leg.account not in CONTROLLED]
        largest = max(free or range(len(legs)), key=lambda n: abs(amounts[n]))
        amounts[largest] -= difference
    return list(zip(legs, amounts, strict=True))
