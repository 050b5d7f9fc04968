"""Access to a business's account that its owner gives the platform at Stripe (Connect OAuth)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import stripe
from stripe.oauth_error import InvalidClientError, InvalidGrantError, OAuthError

from connectors.errors import NeedsAttention
from connectors.errors import told as _
from connectors.stripe_payments import Granted, Standing
from connectors.stripe_payments.client import SECONDS_MAX, TOLD_LENGTH, ask
from connectors.stripe_payments.mapping import standing_of

Answer = TypeVar("Answer")


class StripeConnect:
    """The platform's own account; its secret never stands in an error.

    Nothing is tried twice by itself: a code works once, and an answer that was lost must not
    look like a code that was used.
    """

    def __init__(
        self, *, secret_key: str, client_id: str, api_base: str, connect_base: str
    ) -> None:
        self._client_id = client_id
        self._client = stripe.StripeClient(
            secret_key,
            client_id=client_id,
            base_addresses={"api": api_base, "connect": connect_base},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=SECONDS_MAX),
        )

    def address(self, *, state: str, redirect_uri: str) -> str:
        """Where the owner is asked; `redirect_uri` must be registered at Stripe to the letter."""
        params: Any = {
            "scope": "read_write",
            "state": state,
            "redirect_uri": redirect_uri,
            "stripe_landing": "login",
        }
        return self._client.oauth.authorize_url(params)

    def exchange(self, code: str) -> Granted:
        """The account that a code gives access to. NeedsAttention names `code` when it is spent."""
        params: Any = {"grant_type": "authorization_code", "code": code}
        found = _ask_oauth(lambda: self._client.oauth.token(params))
        return Granted(str(found.stripe_user_id), bool(found.livemode))

    def standing(self, account_id: str) -> Standing:
        """How an account stands. NeedsAttention names `account_id` where access was withdrawn."""
        found = ask(lambda: self._client.v1.accounts.retrieve(account_id))
        return standing_of(found.to_dict())

    def revoke(self, account_id: str) -> None:
        """Give the access back; no harm where it was withdrawn before."""
        params: Any = {"client_id": self._client_id, "stripe_user_id": account_id}
        try:
            _ask_oauth(lambda: self._client.oauth.deauthorize(params))
        except NeedsAttention as error:
            if error.field != "client_id" or self._has_access(account_id):
                raise

    def _has_access(self, account_id: str) -> bool:
        try:
            self.standing(account_id)
        except NeedsAttention as error:
            return error.field != "account_id"
        return True


def _ask_oauth(call: Callable[[], Answer]) -> Answer:
    """As `ask`, with what only the OAuth addresses answer."""
    try:
        return ask(call)
    except InvalidGrantError as error:
        raise NeedsAttention(_("The code was used or is too old."), "code") from error
    except InvalidClientError as error:
        raise NeedsAttention(_("Stripe knows no such access."), "client_id") from error
    except OAuthError as error:
        raise NeedsAttention(str(error.user_message or error.code)[:TOLD_LENGTH], "code") from error
