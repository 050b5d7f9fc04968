"""Stripe's minor units, objects and words, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from billing.money import minor_unit
from connectors.stripe_payments import Event, Moved, Standing

# Where Stripe counts other minor units than ISO 4217. Source: docs.stripe.com/currencies.
PLACES: Mapping[str, int] = {"ISK": 2, "UGX": 2}
# Currencies in which Canadian bank accounts can be debited.
DEBIT_CURRENCIES = frozenset({"CAD", "USD"})
METHODS: Mapping[str, str] = {"card": "card", "acss_debit": "pad"}
EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.processing",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "refund.updated",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)
# What happens to an account that the platform has access to.
ACCOUNT_EVENTS = ("account.updated", "account.application.deauthorized")
WITHDRAWN = frozenset({"needs_response", "under_review", "lost"})
WON = "won"


def to_minor(amount: Decimal, currency: str) -> int:
    """12.34 CAD as 1234."""
    return int(amount.scaleb(_places(currency)))


def from_minor(amount: int, currency: str) -> Decimal:
    """1234 of CAD as 12.34."""
    return Decimal(amount).scaleb(-_places(currency))


def event_of(content: Any) -> Event | None:
    """What an event is about; None where it is none of a payment or an account of ours."""
    found = content["data"]["object"]
    kind = str(content["type"])
    account = str(content.get("account") or "")[:60]
    if kind in ACCOUNT_EVENTS:
        about = account
    elif kind in EVENTS:
        own = found.get("object") in ("payment_intent", "checkout.session")
        about = found["id"] if own else found.get("payment_intent")
    else:
        return None
    if not isinstance(about, str) or not about:
        return None
    return Event(str(content["id"])[:100], kind[:100], about[:100], account)


def standing_of(found: Any) -> Standing:
    """An account; its name as the business shows it, else as its owner signs in."""
    profile = found.get("business_profile") or {}
    dashboard = (found.get("settings") or {}).get("dashboard") or {}
    name = dashboard.get("display_name") or profile.get("name") or found.get("email") or ""
    return Standing(
        account_id=str(found["id"]),
        name=str(name)[:200],
        country=str(found.get("country") or "")[:2],
        charges_enabled=bool(found.get("charges_enabled")),
    )


def moved_of(found: Any) -> Moved:
    """A refund or dispute."""
    currency = str(found["currency"]).upper()
    return Moved(str(found["id"]), from_minor(int(found["amount"]), currency), str(found["status"]))


def _places(currency: str) -> int:
    return PLACES.get(currency, minor_unit(currency))
