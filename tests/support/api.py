"""A program that talks to an organisation's API as an integration does: token, JSON, headers."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from django.test import Client

from shared.accounts.permissions import SCOPES
from shared.accounts.services.credentials import Grant, create_api_client, create_api_key
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from shared.organisations.models import Organisation

JSON = "application/json"
PROBLEM = "application/problem+json"
JANUARY = {"start_date": "2025-01-01", "end_date": "2025-01-31"}
_EXACT = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class Answer:
    """What came back: `body` has exact numbers, `raw` is what was on the wire."""

    status: int
    headers: Mapping[str, str]
    raw: str

    @property
    def body(self) -> Any:
        return json.loads(self.raw, parse_float=Decimal) if self.raw else None

    @property
    def fields(self) -> dict[str, str]:
        """Of a problem: each field at fault and its code."""
        return {one["field"]: one["code"] for one in self.body["errors"]}


class Program:
    """An API client of one organisation."""

    def __init__(self, browser: Client, secret: str) -> None:
        self.browser, self.secret = browser, secret

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A Decimal becomes the JSON number it is; bytes go as they are."""
        content = body if isinstance(body, bytes) else b"" if body is None else _EXACT.encode(body)
        response = self.browser.generic(
            method,
            path if path.startswith("/api/") else f"/api/v1{path}",
            data=content,
            content_type=headers.pop("content_type", JSON),
            headers={"authorization": f"Bearer {self.secret}", **headers},
        )
        return Answer(response.status_code, response.headers, response.content.decode())

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("PATCH", path, body, **headers)

    def make(self, path: str, body: Any = None) -> Any:
        """POST something that must work; returns its body."""
        answer = self.post(path, body)
        assert answer.status in (200, 201), answer.raw
        return answer.body


def key_of(organisation: Organisation, scopes: Iterable[str] = SCOPES) -> str:
    """An API key of the organisation."""
    with organisation_context(organisation):
        return create_api_key(actor=SYSTEM, grant=Grant("A program", scopes)).secret


def token_of(browser: Client, organisation: Organisation, scopes: Iterable[str] = SCOPES) -> str:
    """A bearer token by the client credentials grant."""
    with organisation_context(organisation):
        made = create_api_client(actor=SYSTEM, grant=Grant("A client", scopes))
    pair = b64encode(f"{made.client.client_id}:{made.secret}".encode()).decode()
    answer = browser.post(
        "/api/v1/oauth/token",
        {"grant_type": "client_credentials"},
        headers={"authorization": f"Basic {pair}"},
    )
    return str(answer.json()["access_token"])


def site_body(**changes: Any) -> dict[str, Any]:
    """A site in Ontario."""
    return {
        "site_name": "Downtown Medical Center",
        "billing_address": address(),
        "billing_contact": {
            "name": "John Smith",
            "email": "john.smith@hospital.com",
            "phone": "+1-416-555-0123",
        },
        **changes,
    }


def address(**changes: Any) -> dict[str, Any]:
    """An address in Toronto."""
    place = {"street1": "18 King Street West", "city": "Toronto", "state": "ON", "zip": "M5H 1A1"}
    return {**place, **changes}


def contract_body(site_id: str, **changes: Any) -> dict[str, Any]:
    """The revenue share of the integration spec."""
    return {
        "site_id": site_id,
        "contract_type": "revenue_share",
        "billing_frequency": "monthly",
        "effective_date": "2025-01-01",
        "billing_configuration": {
            "revenue_share_rate": Decimal("0.15"),
            "minimum_guarantee": Decimal("5000.00"),
            "escalation_schedule": {
                "annual_increase": Decimal("0.03"),
                "effective_date": "2025-01-01",
            },
        },
        **changes,
    }


def invoice_body(site_id: str, **changes: Any) -> dict[str, Any]:
    """The example of the integration spec."""
    return {
        "site_id": site_id,
        "billing_period": JANUARY,
        "billing_data": {
            "revenue_amount": Decimal("50000.00"),
            "labor_hours": {"regular": 160, "overtime": 20, "holiday": 8},
            "additional_charges": [
                {"description": "Equipment rental", "amount": Decimal("500.00")}
            ],
        },
        **changes,
    }


def payment_body(**changes: Any) -> dict[str, Any]:
    """The whole example invoice paid: 8,000.00 and 13 % HST."""
    return {
        "payment_status": "paid",
        "payment_date": "2025-02-15",
        "payment_amount": Decimal("9040.00"),
        "payment_method": "ACH",
        "transaction_id": "TXN456789012",
        **changes,
    }


def active_contract(program: Program, site_id: str, **changes: Any) -> str:
    """The id of a contract made and activated over HTTP."""
    contract_id: str = program.make("/contracts", contract_body(site_id, **changes))["contract_id"]
    program.make(f"/contracts/{contract_id}/activate")
    return contract_id
