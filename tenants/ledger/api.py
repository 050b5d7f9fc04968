"""`/api/v1/ledger`: journal and trial balance. Source: issue 3, Ledger; `domain.md` 2."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router, Status
from pydantic import Field

from shared.kernel.api import ApiRequest, Filters, Page, Paging, paginate
from shared.kernel.clock import today
from tenants.ledger import selectors
from tenants.ledger.models import BookClosing, JournalEntry
from tenants.ledger.schemas import (
    AccountName,
    CloseIn,
    ClosingOut,
    CompanyBooksOut,
    EntryKind,
    JournalEntryOut,
    RateIn,
    RateOut,
    ReopenIn,
    TrialBalanceOut,
)
from tenants.ledger.services.closing import close_books, reopen_books
from tenants.ledger.services.rates import record_rate

router = Router(tags=["Ledger"])
rates_router = Router(tags=["Ledger"])


class JournalFilters(Filters):
    """Which entries; `document` is the number of an invoice or the id of a payment."""

    document: str = ""
    kind: EntryKind | None = None
    account: AccountName | None = None
    posted_from: date | None = None
    posted_to: date | None = None


class BalanceFilters(Filters):
    """At the end of which day (today); `detailed` splits tax and revenue."""

    on: date | None = None
    detailed: bool = False


@router.get("/entries", response=Page[JournalEntryOut])
def list_entries(request: ApiRequest, filters: Query[JournalFilters], paging: Query[Paging]) -> Any:
    """The journal, newest first."""
    found = selectors.journal_entries(
        actor=request.actor,
        document=filters.document,
        kind=filters.kind or "",
        account=filters.account or "",
        first=filters.posted_from,
        last=filters.posted_to,
    )
    page = paginate(found, paging, orderings=("posted_on",), default="-posted_on")
    return {"items": [_entry(entry) for entry in page.items], "next": page.next}


@router.get("/trial-balance", response=TrialBalanceOut)
def get_trial_balance(request: ApiRequest, filters: Query[BalanceFilters]) -> Any:
    """Every account at the end of a day, and the latest proof that the documents agree."""
    on = filters.on or today()
    rows = selectors.trial_balance(actor=request.actor, on=on, detailed=filters.detailed)
    proof = selectors.proof_of(actor=request.actor, on=on)
    return {
        "on": on,
        "balances": [
            {
                "account": row.account,
                "detail": row.detail,
                "currency": row.currency,
                "base_currency": row.base_currency,
                "balance": row.amount,
                "base_balance": row.base_amount,
            }
            for row in rows
        ],
        "proof": proof and {"on": proof.on, "compared": proof.compared, "agrees": proof.agrees},
    }


def _entry(entry: JournalEntry) -> dict[str, Any]:
    return {
        "entry_id": entry.pk,
        "posted_on": entry.posted_on,
        "kind": entry.kind,
        "document": entry.document_code,
        "document_id": entry.document_id,
        "currency": entry.currency,
        "base_currency": entry.base_currency,
        "lines": [
            {
                "account": line.account,
                "detail": line.detail,
                "amount": line.amount,
                "base_amount": line.base_amount,
            }
            for line in entry.lines.all()
        ],
    }


class ClosingFilters(Paging):
    """Of which company."""

    entity_id: UUID | None = None


@router.get("/books", response=list[CompanyBooksOut])
def list_books(request: ApiRequest) -> Any:
    """Every company, and through which day its books are closed."""
    return [
        {
            "entity_id": books.entity.pk,
            "name": books.entity.name,
            "closed_through": books.closed_through,
        }
        for books in selectors.company_books(actor=request.actor)
    ]


@router.get("/closings", response=Page[ClosingOut])
def list_closings(request: ApiRequest, filters: Query[ClosingFilters]) -> Any:
    """Every closing and reopening, the latest first."""
    found = selectors.book_closings(actor=request.actor, entity_id=filters.entity_id)
    page = paginate(found, filters, orderings=("created_at",), default="-created_at")
    return {"items": [_closing(one) for one in page.items], "next": page.next}


@router.post("/closings", response={201: ClosingOut})
def close_company_books(request: ApiRequest, body: CloseIn) -> Any:
    """Close a company's books; 409 `open_points` lists what has to be finished or confirmed."""
    made = close_books(
        actor=request.actor,
        entity_id=body.entity_id,
        through=body.through,
        note=body.note,
        confirmed=body.confirmed,
    )
    return Status(201, _closing(made))


@router.post("/reopenings", response={201: ClosingOut})
def reopen_company_books(request: ApiRequest, body: ReopenIn) -> Any:
    """Open a company's books again, for a reason that stays on record."""
    made = reopen_books(
        actor=request.actor, entity_id=body.entity_id, to=body.to, reason=body.reason
    )
    return Status(201, _closing(made))


def _closing(one: BookClosing) -> dict[str, Any]:
    return {
        "closing_id": one.pk,
        "entity_id": one.entity_id,
        "company": one.entity.name,
        "act": one.act,
        "through": one.through,
        "before": one.before,
        "reason": one.reason,
        "open_points": one.open_points,
        "recorded_by": one.recorded_by,
        "recorded_at": one.created_at,
    }


class RateFilters(Paging):
    """Which rates."""

    currency: Annotated[str, Field(max_length=3)] = ""
    on: date | None = None


@rates_router.get("", response=Page[RateOut])
def list_exchange_rates(request: ApiRequest, filters: Query[RateFilters]) -> Any:
    """Rates that are known, the newest day first."""
    found = selectors.exchange_rates(actor=request.actor, currency=filters.currency, on=filters.on)
    return paginate(found, filters, orderings=("on",), default="-on")


@rates_router.post("", response={201: RateOut})
def record_exchange_rate(request: ApiRequest, body: RateIn) -> Any:
    """Enter the rate of a day by hand; it wins over the bank's, and again replaces it."""
    rate = record_rate(
        actor=request.actor, currency=body.currency, into=body.into, on=body.on, rate=body.rate
    )
    return Status(201, rate)
