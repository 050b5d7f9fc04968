"""Stripe as far as payments go: pages, intents, refunds, disputes, signed events, Connect.

It answers the vendor's own library; the objects have the fields of Stripe's fixtures that are
read. What a customer does there is done by `pay`, `refund` and `dispute`; what the owner of an
account does, by `allow` and `withdraw`. A page opened in the name of a connected account is
seen in that account only.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import stripe
from support.outside import Outside, Reply, Seen, outside_server

SECRET_KEY = "sk_test_sandbox"
SIGNING_SECRET = "whsec_sandbox"
PLATFORM_KEY = "sk_test_platform"
PLATFORM_SECRET = "whsec_platform"
CLIENT_ID = "ca_sandbox"
DOWN = {"Stripe-Should-Retry": "false"}  # as Stripe says itself, so that nobody waits
Found = dict[str, Any]


@dataclass
class StripeSandbox:
    """The other side. `broken` may answer in its place."""

    server: Outside
    sessions: dict[str, Found] = field(default_factory=dict)
    intents: dict[str, Found] = field(default_factory=dict)
    refunds: list[Found] = field(default_factory=list)
    disputes: list[Found] = field(default_factory=list)
    endpoints: list[Found] = field(default_factory=list)
    by_key: dict[str, Found] = field(default_factory=dict)
    accounts: dict[str, Found] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    registered: str = ""
    refusal: str = ""
    broken: Callable[[Seen], Reply | None] = lambda _seen: None
    lock: Any = field(default_factory=Lock)
    number: int = 0

    @property
    def url(self) -> str:
        return self.server.url(scheme="http", path="")

    def new_id(self, prefix: str) -> str:
        with self.lock:
            self.number += 1
            return f"{prefix}_{self.number:06}"

    def pay(self, session: Found, *, status: str = "succeeded", method: str = "card") -> Found:
        """The customer pays on the page; a bank debit is `processing` first."""
        intent = {
            "id": session["payment_intent"] or self.new_id("pi"),
            "object": "payment_intent",
            "amount": session["amount_total"],
            "amount_received": session["amount_total"] if status == "succeeded" else 0,
            "currency": session["currency"],
            "status": status,
            "metadata": session["metadata"],
            "last_payment_error": None,
            "latest_charge": {
                "id": self.new_id("ch"),
                "object": "charge",
                "payment_method_details": {"type": method},
            },
        }
        session["payment_intent"] = intent["id"]
        self.intents[intent["id"]] = intent
        return intent

    def fail(self, intent: Found, why: str) -> None:
        """The bank refuses the debit."""
        intent["status"] = "requires_payment_method"
        intent["last_payment_error"] = {"message": why}

    def refund(self, intent: Found, amount: int) -> Found:
        """The business gives back in Stripe's dashboard."""
        made = {
            "id": self.new_id("re"),
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "status": "succeeded",
            "payment_intent": intent["id"],
        }
        self.refunds.append(made)
        return made

    def dispute(self, intent: Found, amount: int | None = None, status: str = "lost") -> Found:
        """The cardholder or the bank takes the money back."""
        made = {
            "id": self.new_id("dp"),
            "object": "dispute",
            "amount": amount or intent["amount"],
            "currency": intent["currency"],
            "status": status,
            "payment_intent": intent["id"],
        }
        self.disputes.append(made)
        return made

    def event(self, kind: str, about: Found, *, account: str = "") -> tuple[bytes, str]:
        """The body of an event and its signature; of a connected account, the platform's."""
        content = {
            "id": self.new_id("evt"),
            "object": "event",
            "type": kind,
            "data": {"object": about},
            **({"account": account} if account else {}),
        }
        body = json.dumps(content)
        return body.encode(), signature_of(body, PLATFORM_SECRET if account else SIGNING_SECRET)

    def allow(self, name: str = "Acme Parking", *, charges_enabled: bool = True) -> str:
        """The owner of an account gives access to it; the code that Stripe sends back."""
        account_id, code = self.new_id("acct"), self.new_id("ac")
        self.accounts[account_id] = {
            "id": account_id,
            "object": "account",
            "country": "CA",
            "email": "owner@acme.example",
            "charges_enabled": charges_enabled,
            "business_profile": {"name": None},
            "settings": {"dashboard": {"display_name": name}},
        }
        self.codes[code] = account_id
        return code

    def withdraw(self, account_id: str) -> tuple[bytes, str]:
        """The owner takes the access back in Stripe's dashboard; the event that tells."""
        del self.accounts[account_id]
        application = {"id": CLIENT_ID, "object": "application", "name": "InvoicePatch"}
        return self.event("account.application.deauthorized", application, account=account_id)

    def down(self, *, path: str = "/") -> None:
        """From now on nothing under this path is answered as it should."""
        self.broken = lambda seen: Reply(500, b"{}", DOWN) if seen.path.startswith(path) else None

    def up(self) -> None:
        """Everything answers again."""
        self.broken = lambda _seen: None

    def answer(self, seen: Seen) -> Reply:
        failed = self.broken(seen)
        if failed is not None:
            return failed
        url, form = urlsplit(seen.path), dict(parse_qsl(seen.body.decode()))
        if url.path == "/oauth/authorize":
            return self._authorize(dict(parse_qsl(url.query)))
        key = seen.headers.get("authorization", "").removeprefix("Bearer ")
        if key not in (SECRET_KEY, PLATFORM_KEY):
            return _error(401, "authentication_error", "Invalid API Key provided")
        if url.path.startswith("/oauth/"):
            return self._oauth(url.path, form)
        path, account = url.path.removeprefix("/v1/"), seen.headers.get("stripe-account", "")
        if path.startswith("accounts/"):
            account = path.removeprefix("accounts/")
        if account and account not in self.accounts:
            message = f"The provided key does not have access to account '{account}'"
            return _error(403, "invalid_request_error", message)
        if path.startswith("accounts/"):
            return _found(self.accounts[account])
        if seen.method == "POST":
            return self._post(path, form, seen.headers)
        return self._get(path, dict(parse_qsl(url.query)), account)

    def _authorize(self, asked: dict[str, str]) -> Reply:
        """The owner allows it, or not; back to an address that is registered to the letter."""
        wanted = {"client_id": CLIENT_ID, "response_type": "code", "scope": "read_write"}
        if not wanted.items() <= asked.items() or asked["redirect_uri"] != self.registered:
            return _oauth_error("invalid_request", "Invalid redirect URI, client or scope")
        answer = {"error": self.refusal} if self.refusal else {"code": self.allow()}
        query = urlencode({**answer, "state": asked["state"]})
        return Reply(302, b"", {"Location": f"{self.registered}?{query}"})

    def _oauth(self, path: str, form: dict[str, str]) -> Reply:
        """Codes work once. Source: docs.stripe.com/connect/oauth-reference."""
        if path == "/oauth/token":
            account_id = self.codes.pop(form["code"], None)
            if account_id is None:
                return _oauth_error("invalid_grant", f"No such code: {form['code']}")
            granted = {"stripe_user_id": account_id, "scope": "read_write", "livemode": False}
            return _found({**granted, "token_type": "bearer", "access_token": "sk_test_never_kept"})
        account_id = form["stripe_user_id"]
        if form["client_id"] != CLIENT_ID or self.accounts.pop(account_id, None) is None:
            message = f"This application is not connected to stripe account {account_id}"
            return _oauth_error("invalid_client", message)
        return _found({"stripe_user_id": account_id})

    def _post(self, path: str, form: dict[str, str], headers: dict[str, str]) -> Reply:
        if path == "webhook_endpoints":
            made = {"id": self.new_id("we"), "object": "webhook_endpoint", "url": form["url"]}
            self.endpoints.append({**made, "secret": SIGNING_SECRET})
            return _found(self.endpoints[-1])
        if path.endswith("/expire"):
            return self._expire(self.sessions[path.split("/")[-2]])
        key = headers.get("idempotency-key", "")
        if key in self.by_key:
            return _found(self.by_key[key])
        amounts = [int(v) for name, v in form.items() if name.endswith("[unit_amount]")]
        session = {
            "id": self.new_id("cs"),
            "object": "checkout.session",
            "url": f"{self.url}/pay/{self.number}",
            "expires_at": int(time.time()) + 24 * 3600,
            "status": "open",
            "currency": form["line_items[0][price_data][currency]"],
            "amount_total": sum(amounts),
            "metadata": {"online_payment": form["metadata[online_payment]"]},
            "payment_intent": None,
            "in_account": headers.get("stripe-account", ""),
            "methods": [v for name, v in form.items() if name.startswith("payment_method_types")],
        }
        self.sessions[session["id"]] = session
        self.by_key[key] = session
        return _found(session)

    def _expire(self, session: Found) -> Reply:
        if session["status"] != "open" or session["payment_intent"]:
            return _error(400, "invalid_request_error", "Only open sessions can be expired.")
        session["status"] = "expired"
        return _found(session)

    def _get(self, path: str, query: dict[str, str], account: str) -> Reply:
        kind, _slash, rest = path.partition("/")
        if kind == "balance":
            return _found({"object": "balance", "available": []})
        if kind == "checkout":
            found = self.sessions.get(rest.removeprefix("sessions/"))
            found = found if found and found["in_account"] == account else None
        elif kind == "payment_intents":
            found = self.intents.get(rest)
        else:
            rows = self.refunds if kind == "refunds" else self.disputes
            mine = [one for one in rows if one["payment_intent"] == query["payment_intent"]]
            return _found({"object": "list", "data": mine, "has_more": False, "url": f"/v1/{kind}"})
        return _found(found) if found else _error(404, "invalid_request_error", "No such object")


def signature_of(body: str, secret: str = SIGNING_SECRET, at: int | None = None) -> str:
    """The header that Stripe would send, made by the vendor's library."""
    return str(stripe.WebhookSignature.generate_signature_header(body, secret, at))


def _found(content: Found) -> Reply:
    return Reply(200, json.dumps(content).encode(), {"Content-Type": "application/json"})


def _error(status: int, kind: str, message: str) -> Reply:
    content = {"error": {"type": kind, "message": message}}
    return Reply(status, json.dumps(content).encode(), {"Content-Type": "application/json"})


def _oauth_error(code: str, message: str) -> Reply:
    content = {"error": code, "error_description": message}
    return Reply(
        401 if code == "invalid_client" else 400,
        json.dumps(content).encode(),
        {"Content-Type": "application/json"},
    )


@contextmanager
def stripe_sandbox() -> Iterator[StripeSandbox]:
    """A running sandbox on this machine."""
    holder: list[StripeSandbox] = []
    with outside_server(lambda seen: holder[0].answer(seen)) as server:
        holder.append(StripeSandbox(server))
        yield holder[0]
