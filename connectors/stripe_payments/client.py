"""Stripe through its own library: pages to pay on, how payments stand, signed events."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import stripe
from stripe.oauth_error import OAuthError

from connectors.errors import NeedsAttention, RetryLater
from connectors.errors import told as _
from connectors.stripe_payments import Checkout, Event, Item, Moved, State
from connectors.stripe_payments.mapping import (
    DEBIT_CURRENCIES,
    EVENTS,
    METHODS,
    event_of,
    from_minor,
    moved_of,
    to_minor,
)

SECONDS_MAX = 20
RETRIES = 2
ROWS_MAX = 100
TOLD_LENGTH = 200
Answer = TypeVar("Answer")


class StripePayments:
    """One business's account; its secret never stands in an error."""

    def __init__(self, *, secret_key: str, account_id: str, api_base: str) -> None:
        """`account_id` is named where the key is a platform's and the account is connected."""
        self._client = stripe.StripeClient(
            secret_key,
            stripe_account=account_id or None,
            base_addresses={"api": api_base},
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=SECONDS_MAX),
        )

    def check(self) -> None:
        """Reach the account with this key, changing nothing."""
        ask(lambda: self._client.v1.balance.retrieve())

    def listen(self, url: str) -> tuple[str, str]:
        """Have events sent to an address; id of the endpoint and secret of its signatures."""
        params: Any = {"url": url, "enabled_events": list(EVENTS)}
        made = ask(lambda: self._client.v1.webhook_endpoints.create(params=params))
        return str(made.id), str(made.secret)

    def start(
        self,
        *,
        reference: str,
        items: Sequence[Item],
        currency: str,
        card: bool,
        bank_debit: bool,
        success_url: str,
        cancel_url: str,
    ) -> Checkout:
        """Open a page to pay these items; the same reference again is the same page."""
        methods = ["card"] if card else []
        params: Any = {
            "mode": "payment",
            "client_reference_id": reference,
            "success_url": success_url,
            "cancel_url": cancel_url,
            "payment_intent_data": {"metadata": {"online_payment": reference}},
            "metadata": {"online_payment": reference},
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": currency.lower(),
                        "unit_amount": to_minor(item.amount, currency),
                        "product_data": {"name": item.name},
                    },
                }
                for item in items
            ],
        }
        if bank_debit and currency in DEBIT_CURRENCIES:
            methods.append("acss_debit")
            mandate = {"payment_schedule": "sporadic", "transaction_type": "business"}
            params["payment_method_options"] = {
                "acss_debit": {"currency": currency.lower(), "mandate_options": mandate}
            }
        if not methods:
            raise NeedsAttention(_("No way to pay is offered in this currency."), "currency")
        params["payment_method_types"] = methods
        made = ask(
            lambda: self._client.v1.checkout.sessions.create(
                params=params, options={"idempotency_key": reference}
            )
        )
        return Checkout(str(made.id), str(made.url), datetime.fromtimestamp(made.expires_at, UTC))

    def close(self, session_id: str) -> None:
        """Let nobody pay on a page any more. NeedsAttention where it was paid or is closed."""
        ask(lambda: self._client.v1.checkout.sessions.expire(session_id))

    def state(self, object_id: str) -> State | None:
        """How a payment stands, by its intent or its page; None for one that is not ours."""
        if object_id.startswith("cs_"):
            session = ask(lambda: self._client.v1.checkout.sessions.retrieve(object_id)).to_dict()
            if not session.get("payment_intent"):
                return _state_of_session(session)
            object_id = str(session["payment_intent"])
        expanded: Any = {"expand": ["latest_charge"]}
        intents = self._client.v1.payment_intents
        intent = ask(lambda: intents.retrieve(object_id, params=expanded)).to_dict()
        if not _reference(intent):
            return None
        of_intent: Any = {"payment_intent": intent["id"], "limit": ROWS_MAX}
        refunds = ask(lambda: self._client.v1.refunds.list(params=of_intent))
        disputes = ask(lambda: self._client.v1.disputes.list(params=of_intent))
        return _state_of_intent(
            intent,
            [moved_of(one.to_dict()) for one in refunds.data],
            [moved_of(one.to_dict()) for one in disputes.data],
        )


def read_event(payload: bytes, signature: str, secret: str) -> Event | None:
    """The event, if its signature is right and fresh; None for one of no interest.

    Raises NeedsAttention for a wrong signature or a body that is no event.
    """
    try:
        text = payload.decode()
        stripe.WebhookSignature.verify_header(
            text, signature, secret, stripe.Webhook.DEFAULT_TOLERANCE
        )
        return event_of(json.loads(text))
    except stripe.SignatureVerificationError as error:
        raise NeedsAttention(_("The signature is not right."), "Stripe-Signature") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NeedsAttention(_("The body is no event."), "body") from error


def _state_of_intent(
    intent: Mapping[str, Any], refunds: Sequence[Moved], disputes: Sequence[Moved]
) -> State:
    currency = str(intent["currency"]).upper()
    charge = intent.get("latest_charge")
    details = charge.get("payment_method_details") if isinstance(charge, Mapping) else None
    failure = intent.get("last_payment_error") or {}
    return State(
        reference=_reference(intent),
        intent_id=str(intent["id"]),
        status=str(intent["status"]),
        amount=from_minor(int(intent.get("amount_received") or intent["amount"]), currency),
        currency=currency,
        method=METHODS.get((details or {}).get("type", ""), "card"),
        failure=str(failure.get("message") or "")[:TOLD_LENGTH],
        refunds=refunds,
        disputes=disputes,
    )


def _state_of_session(session: Mapping[str, Any]) -> State | None:
    """A page on which nobody has paid yet."""
    if not _reference(session):
        return None
    currency = str(session.get("currency") or "cad").upper()
    amount = from_minor(int(session.get("amount_total") or 0), currency)
    return State(_reference(session), "", f"session_{session['status']}", amount, currency)


def _reference(found: Mapping[str, Any]) -> str:
    return str((found.get("metadata") or {}).get("online_payment") or "")


def ask(call: Callable[[], Answer]) -> Answer:
    """The answer; failures as what they ask for, without what was sent.

    Raises RetryLater, NeedsAttention: of `secret_key` where nobody accepts it, of `account_id`
    where it opens this account no more. Answers of the OAuth addresses are left to the caller.
    """
    try:
        return call()
    except OAuthError:
        raise
    except stripe.AuthenticationError as error:
        raise NeedsAttention(_("Stripe does not accept the key."), "secret_key") from error
    except stripe.PermissionError as error:
        raise NeedsAttention(_("The key has no access to the account."), "account_id") from error
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise RetryLater(f"{type(error).__name__} at Stripe.") from error
    except (stripe.InvalidRequestError, stripe.IdempotencyError, stripe.CardError) as error:
        why = str(error.user_message or "")[:TOLD_LENGTH] or _("Stripe refused it.")
        raise NeedsAttention(why, str(getattr(error, "param", "") or "")) from error
    except stripe.StripeError as error:
        raise RetryLater(f"{type(error).__name__} at Stripe.") from error
