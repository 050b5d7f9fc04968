"""Payments by card and bank debit through a business's own account at Stripe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Item:
    """One line of what is paid."""

    name: str
    amount: Decimal


@dataclass(frozen=True)
class Checkout:
    """A page at Stripe on which the customer pays, until it expires."""

    session_id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Moved:
    """Money that went back: a refund or a dispute, by its id."""

    id: str
    amount: Decimal
    status: str


@dataclass(frozen=True)
class State:
    """How a payment stands at Stripe now. `reference` is what it was started with."""

    reference: str
    intent_id: str
    status: str
    amount: Decimal
    currency: str
    method: str = ""
    failure: str = ""
    refunds: Sequence[Moved] = ()
    disputes: Sequence[Moved] = ()


@dataclass(frozen=True)
class Granted:
    """The account whose owner gave access to it, for live or for test payments."""

    account_id: str
    live: bool


@dataclass(frozen=True)
class Standing:
    """How an account stands at Stripe: its name, and whether it may take payments yet."""

    account_id: str
    name: str
    country: str
    charges_enabled: bool


@dataclass(frozen=True)
class Event:
    """That something happened to an object; what it is now has to be asked.

    `account_id` is given where it happened in an account that the platform has access to.
    """

    event_id: str
    kind: str
    object_id: str
    account_id: str = ""
