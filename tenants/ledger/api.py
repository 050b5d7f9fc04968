"""`/api/v1/ledger`: journal and trial balance. Source: issue 3, Ledger; `domain.md` 2."""

from datetime import date
from typing import Annotated, Any

from ninja import Query, Router, Status
from pydantic import Field

from shared.kernel.api import ApiRequest, Filters, Page, Paging, paginate
from shared.kernel.clock import today
from tenants.ledger import selectors
from tenants.ledger.models import JournalEntry
from tenants.ledger.schemas import (
    AccountName,
    EntryKind,
    JournalEntryOut,
    RateIn,
    RateOut,
    TrialBalanceOut,
)
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
