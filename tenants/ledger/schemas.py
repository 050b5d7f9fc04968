"""What the API answers about the ledger."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.kernel.api.schemas import Money, Number, Schema, Worded

AccountName = Literal[
    "cash",
    "receivable",
    "holdback_receivable",
    "unapplied_cash",
    "intercompany",
    "tax_payable",
    "deferred_revenue",
    "revenue",
    "write_off",
    "exchange_difference",
]
EntryKind = Literal[
    "invoice",
    "credit_note",
    "void",
    "recognition",
    "payment",
    "application",
    "conversion",
    "refund",
    "reversal",
    "write_off",
    "holdback",
]


class JournalLineOut(Schema):
    """One account's part: debit positive; `base_amount` in the books' currency."""

    account: str
    detail: str
    amount: Money
    base_amount: Money


class JournalEntryOut(Schema):
    """One event of one document; its lines add up to zero in both currencies."""

    entry_id: UUID
    posted_on: date
    kind: str
    document: str
    document_id: UUID
    currency: str
    base_currency: str
    lines: list[JournalLineOut]


class AccountBalanceOut(Schema):
    """One account at the end of the day; debit positive."""

    account: str
    detail: str
    currency: str
    base_currency: str
    balance: Money
    base_balance: Money


class LedgerProofOut(Schema):
    """The latest comparison of the journal with the documents."""

    on: date
    compared: int
    agrees: bool


class TrialBalanceOut(Schema):
    """Every account at the end of the day; of each currency they add up to zero."""

    on: date
    balances: list[AccountBalanceOut]
    proof: LedgerProofOut | None


class CompanyBooksOut(Schema):
    """How far a company's books are closed; null where they never were."""

    entity_id: UUID
    name: str
    closed_through: date | None


class CloseIn(Schema):
    """Close a company's books through a day that is over; `confirmed` in spite of open points."""

    entity_id: UUID
    through: date
    note: Annotated[str, Field(max_length=500)] = ""
    confirmed: bool = False


class ReopenIn(Schema):
    """Open a company's books again; they stay closed through `to`."""

    entity_id: UUID
    to: date
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class ClosingOut(Schema):
    """One closing or reopening: `through` is the last closed day since, `before` until then."""

    closing_id: UUID
    entity_id: UUID
    company: str
    act: str
    through: date
    before: date | None
    reason: str
    open_points: list[Worded]
    recorded_by: str
    recorded_at: datetime


class RateIn(Schema):
    """One unit of `currency` is `rate` units of `into` on a day."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    into: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    on: date
    rate: Number


class RateOut(Schema):
    """A rate and who says so: `bank_of_canada` or `manual`, which wins."""

    currency: str
    into: str
    on: date
    rate: Number
    source: str
