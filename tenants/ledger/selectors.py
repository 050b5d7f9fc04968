"""Reading the journal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from tenants.ledger.models import (
    Account,
    BookClosing,
    ExchangeRate,
    JournalEntry,
    JournalLine,
    LedgerProof,
)
from tenants.ledger.periods import closed_through
from tenants.structure.models import LegalEntity

EXPORT_BATCH = 500
EXPORT_ENTRIES_MAX = 500_000


@dataclass(frozen=True)
class Balance:
    """An account's balance at the end of a day; debit positive."""

    account: str
    detail: str
    currency: str
    base_currency: str
    amount: Decimal
    base_amount: Decimal


@dataclass(frozen=True)
class CompanyBooks:
    """A company and the last day through which its books are closed; None where none ever was."""

    entity: LegalEntity
    closed_through: date | None


def company_books(*, actor: Actor) -> list[CompanyBooks]:
    """How far the books of every company are closed, by name, in two queries."""
    authorize(actor, "ledger.read")
    entities = list(LegalEntity.objects.order_by("name").defer("payment_instructions", "logo"))
    closed = closed_through(one.pk for one in entities)
    return [CompanyBooks(one, closed.get(one.pk)) for one in entities]


def books_of(*, actor: Actor, entity_id: UUID) -> CompanyBooks:
    """The same of one company. Raises NotFound."""
    authorize(actor, "ledger.read")
    entity = LegalEntity.objects.filter(pk=entity_id).first()
    if entity is None:
        raise NotFound(_("There is no such company."))
    return CompanyBooks(entity, closed_through([entity_id]).get(entity_id))


def book_closings(*, actor: Actor, entity_id: UUID | None = None) -> QuerySet[BookClosing]:
    """Every closing and reopening with who, when and why, the latest first; of one company."""
    authorize(actor, "ledger.read")
    found = BookClosing.objects.select_related("entity").defer(
        "entity__payment_instructions", "entity__logo"
    )
    return found.filter(entity_id=entity_id) if entity_id else found


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


def journal_entries(
    *,
    actor: Actor,
    document_id: UUID | None = None,
    document: str = "",
    kind: str = "",
    account: str = "",
    first: date | None = None,
    last: date | None = None,
) -> QuerySet[JournalEntry]:
    """Entries with their lines, newest first.

    Of one document by its key or its number, of a kind, that move an account, from a day to a
    day; as far as given.
    """
    authorize(actor, "ledger.read")
    lines = Prefetch("lines", queryset=JournalLine.objects.order_by("id"))
    found = JournalEntry.objects.prefetch_related(lines)
    if document_id:
        found = found.filter(document_id=document_id)
    if document:
        found = found.filter(document_code__iexact=document)
    if kind in JournalEntry.Kind.values:
        found = found.filter(kind=kind)
    if account in Account.values:
        moving = JournalLine.objects.filter(entry=OuterRef("pk"), account=account)
        found = found.filter(Exists(moving))
    if first:
        found = found.filter(posted_on__gte=first)
    return found.filter(posted_on__lte=last) if last else found


def entry_batches(found: QuerySet[JournalEntry]) -> Iterator[list[JournalEntry]]:
    """All entries of a search in order of day, a batch a query; at most EXPORT_ENTRIES_MAX."""
    ordered = found.order_by("posted_on", "pk")
    rest = ordered
    for _number in range(EXPORT_ENTRIES_MAX // EXPORT_BATCH):
        batch = list(rest[:EXPORT_BATCH])
        if batch:
            yield batch
        if len(batch) < EXPORT_BATCH:
            return
        last = batch[-1]
        rest = ordered.filter(
            Q(posted_on__gt=last.posted_on) | Q(posted_on=last.posted_on, pk__gt=last.pk)
        )


def proof_of(*, actor: Actor, on: date) -> LedgerProof | None:
    """The latest proof as of a day: that journal and documents agreed, or how they did not."""
    authorize(actor, "ledger.read")
    return LedgerProof.objects.filter(on__lte=on).order_by("-on").first()


def exchange_rates(
    *, actor: Actor, currency: str = "", on: date | None = None
) -> QuerySet[ExchangeRate]:
    """Rates, the newest day first; of a currency, or of one day."""
    authorize(actor, "ledger.read")
    found = ExchangeRate.objects.all()
    if currency:
        found = found.filter(currency=currency)
    return found.filter(on=on) if on else found
