"""Reading the journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet, Sum

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.ledger.models import JournalEntry, JournalLine


@dataclass(frozen=True)
class Balance:
    """An account's balance at the end of a day; debit positive."""

    account: str
    detail: str
    currency: str
    base_currency: str
    amount: Decimal
    base_amount: Decimal


def trial_balance(*, actor: Actor, on: date, detailed: bool = False) -> list[Balance]:
    """The balances at the end of the day. Of each currency they add up to zero.

    `detailed` splits tax by component and revenue by line code.
    """
    authorize(actor, "ledger.read")
    names = ("account", *(("detail",) if detailed else ()), "currency", "entry__base_currency")
    rows = (
        JournalLine.objects.filter(posted_on__lte=on)
        .order_by(*names)
        .values(*names)
        .annotate(sum=Sum("amount"), base=Sum("base_amount"))
    )
    return [
        Balance(
            account=row["account"],
            detail=row.get("detail", ""),
            currency=row["currency"],
            base_currency=row["entry__base_currency"],
            amount=row["sum"],
            base_amount=row["base"],
        )
        for row in rows
        if row["sum"] or row["base"]
    ]


def entries_of_documents(document_ids: Sequence[UUID]) -> QuerySet[JournalEntry]:
    """Everything posted for these documents, with its lines; for services that undo it."""
    return JournalEntry.objects.filter(document_id__in=document_ids).prefetch_related("lines")


def journal_entries(*, actor: Actor, document_id: UUID | None = None) -> QuerySet[JournalEntry]:
    """Entries with their lines, newest first; of one document where it is named."""
    authorize(actor, "ledger.read")
    found = JournalEntry.objects.prefetch_related("lines")
    return found.filter(document_id=document_id) if document_id else found
