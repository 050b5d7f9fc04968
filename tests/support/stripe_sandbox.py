"""Stripe as far as payments go: pages, intents, refunds, disputes, signed events.

It answers the vendor's own library; the objects have the fields of Stripe's fixtures that are
read. What a customer does there is done by `pay`, `refund` and `dispute`.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe
from support.outside import Outside, Reply, Seen, outside_server

SECRET_KEY = "sk_test_sandbox"
SIGNING_SECRET = "whsec_sandbox"
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

    def event(self, kind: str, about: Found) -> tuple[bytes, str]:
        """The body of an event and its signature."""
        content = {
            "id": self.new_id("evt"),
            "object": "event",
            "type": kind,
            "data": {"object": about},
        }
        body = json.dumps(content)
        return body.encode(), signature_of(body)

    def answer(self, seen: Seen) -> Reply:
        failed = self.broken(seen)
        if failed is not None:
            return failed
        if seen.headers.get("authorization") != f"Bearer {SECRET_KEY}":
            return _error(401, "authentication_error", "Invalid API Key provided")
        url = urlsplit(seen.path)
        path = url.path.removeprefix("/v1/")
        if seen.method == "POST":
            return self._post(path, dict(parse_qsl(seen.body.decode())), seen.headers)
        return self._get(path, dict(parse_qsl(url.query)))

    def _post(self, path: str, form: dict[str, str], headers: dict[str, str]) -> Reply:
        if path == "webhook_endpoints":
            made = {"id": self.new_id("we"), "object": "webhook_endpoint", "url": form["url"]}
            self.endpoints.append({**made, "secret": SIGNING_SECRET})
            return _found(self.endpoints[-1])
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
            "methods": [v for name, v in form.items() if name.startswith("payment_method_types")],
        }
        self.sessions[session["id"]] = session
        self.by_key[key] = session
        return _found(session)

    def _get(self, path: str, query: dict[str, str]) -> Reply:
        kind, _slash, rest = path.partition("/")
        if kind == "balance":
            return _found({"object": "balance", "available": []})
        if kind == "checkout":
            found = self.sessions.get(rest.removeprefix("sessions/"))
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


@contextmanager
def stripe_sandbox() -> Iterator[StripeSandbox]:
    """A running sandbox on this machine."""
    holder: list[StripeSandbox] = []
    with outside_server(lambda seen: holder[0].answer(seen)) as server:
        holder.append(StripeSandbox(server))
        yield holder[0]
