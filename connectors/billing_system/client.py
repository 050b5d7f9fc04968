"""The billing system over HTTPS: JSON, bearer token, limits on time, size and pages.

GET  /status
GET  /customers?changed_since=…&cursor=…              {"items": […], "next": …}
PUT  /customers/{customer_id}                         the record as kept
GET  /contract-configurations?changed_since=…&cursor=…
PUT  /contract-configurations/{contract_number}
PUT  /invoices/{invoice_id}
POST /performance
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from connectors.billing_system import (
    ConfigurationPage,
    ContractConfiguration,
    Customer,
    CustomerPage,
    InvoiceStatus,
    WeeklyPerformance,
)
from connectors.errors import NeedsAttention, RetryLater
from connectors.errors import told as _

ANSWER_BYTES_MAX = 5 * 1024 * 1024
ITEMS_MAX = 500
CURSOR_MAX = 1_000
RETRY_AFTER_MAX = timedelta(hours=6)
TRY_AGAIN = frozenset({408, 409, 425, 429})
NOT_FOUND = 404
UNAUTHORISED = frozenset({401, 403})
TOLD_LENGTH = 200


class HttpBillingSystem:
    """A billing system that speaks the paths above. Secrets never stand in its errors."""

    def __init__(self, *, client: httpx.Client, base_url: str, token: str) -> None:
        """`client` decides about time, proxies and which addresses may be reached."""
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._token = token

    def check(self) -> None:
        """Reach it with these credentials, changing nothing."""
        self._call("GET", "/status")

    def customers_changed(self, since: datetime | None, cursor: str) -> CustomerPage:
        """A page of the customers changed at or after an instant; all without one."""
        items, following = self._page("/customers", since, cursor)
        return CustomerPage([_customer(item) for item in items], following)

    def configurations_changed(self, since: datetime | None, cursor: str) -> ConfigurationPage:
        """A page of the contract configurations changed at or after an instant."""
        items, following = self._page("/contract-configurations", since, cursor)
        return ConfigurationPage([_configuration(item) for item in items], following)

    def customer(self, customer_id: str) -> Customer | None:
        """One customer as it is now; None where there is none."""
        found = self._call("GET", f"/customers/{quote(customer_id, safe='')}", missing=True)
        return None if found is None else _customer(_object(found))

    def configuration(self, contract_number: str) -> ContractConfiguration | None:
        """One contract's configuration as it is now; None where there is none."""
        path = f"/contract-configurations/{quote(contract_number, safe='')}"
        found = self._call("GET", path, missing=True)
        return None if found is None else _configuration(_object(found))

    def put_customer(
        self, customer: Customer, *, effective_date: date, idempotency_key: str
    ) -> Customer:
        """Make or change a customer; the record as it is kept there now."""
        path = f"/customers/{quote(customer.customer_id, safe='')}"
        body = {**_sent(customer), "effective_date": effective_date}
        return _customer(_object(self._call("PUT", path, body, idempotency_key)))

    def put_configuration(
        self,
        configuration: ContractConfiguration,
        *,
        effective_date: date,
        idempotency_key: str,
    ) -> ContractConfiguration:
        """Make or change a contract's configuration; the record as it is kept there now."""
        path = f"/contract-configurations/{quote(configuration.contract_number, safe='')}"
        body = {**_sent(configuration), "effective_date": effective_date}
        return _configuration(_object(self._call("PUT", path, body, idempotency_key)))

    def put_invoice_status(self, status: InvoiceStatus, *, idempotency_key: str) -> None:
        """Tell what became of an invoice."""
        path = f"/invoices/{quote(status.invoice_id, safe='')}"
        self._call("PUT", path, _sent(status), idempotency_key)

    def put_performance(self, rows: Sequence[WeeklyPerformance], *, idempotency_key: str) -> None:
        """Tell a week's performance of several sites."""
        body = {"items": [_sent(row) for row in rows]}
        self._call("POST", "/performance", body, idempotency_key)

    def _page(
        self, path: str, since: datetime | None, cursor: str
    ) -> tuple[list[Mapping[str, Any]], str]:
        query = {"changed_since": since.isoformat()} if since else {}
        if cursor:
            query["cursor"] = cursor
        answer = _object(self._call("GET", path, query=query))
        items, following = answer.get("items"), answer.get("next") or ""
        if not isinstance(items, list) or len(items) > ITEMS_MAX:
            raise NeedsAttention(
                _(
                    "The answer to %(path)s has no list of at most %(max)s items.",
                    path=path,
                    max=ITEMS_MAX,
                )
            )
        leads_on = isinstance(following, str) and len(following) <= CURSOR_MAX
        if not leads_on or (following and following == cursor):
            raise NeedsAttention(
                _("The answer to %(path)s has a cursor that leads nowhere.", path=path)
            )
        return [_object(item) for item in items], following

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        idempotency_key: str = "",
        query: Mapping[str, str] | None = None,
        missing: bool = False,
    ) -> Any:
        headers = {"authorization": f"Bearer {self._token}", "accept": "application/json"}
        if idempotency_key:
            headers["idempotency-key"] = idempotency_key
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = _ENCODER.encode(body)
        try:
            request = self._client.build_request(
                method,
                f"{self._base_url}{path}",
                params=dict(query or {}),
                headers=headers,
                content=content,
            )
            answer = self._client.send(request, stream=True)
            try:
                status, retry = answer.status_code, answer.headers.get("retry-after", "")
                found = _read(answer)
            finally:
                answer.close()
        except httpx.InvalidURL as error:
            raise NeedsAttention(_("This is no web address."), "base_url") from error
        except httpx.TransportError as error:
            raise RetryLater(
                _(
                    "The system could not be reached (%(name)s at %(call)s).",
                    name=type(error).__name__,
                    call=f"{method} {path}",
                )
            ) from error
        if missing and status == NOT_FOUND:
            return None
        return _judge(method, path, status, retry, found)


def _read(answer: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            raise NeedsAttention(_("An answer is larger than %(max)s bytes.", max=ANSWER_BYTES_MAX))
        parts.append(part)
    return b"".join(parts)


def _judge(method: str, path: str, status: int, retry_after: str, found: bytes) -> Any:
    """The answer's content. Raises what its status asks for; never shows what was sent."""
    if 200 <= status < 300:
        return _decode(found, path) if found else {}
    said: dict[str, str | int] = {"call": f"{method} {path}", "status": status}
    if status in UNAUTHORISED:
        raise NeedsAttention(
            _("%(call)s was answered %(status)s: the credentials are not accepted.", **said),
            "token",
        )
    if status in TRY_AGAIN or status >= 500:
        raise RetryLater(_("%(call)s was answered %(status)s.", **said), _wait(retry_after))
    if 300 <= status < 400:
        raise NeedsAttention(
            _("%(call)s was answered %(status)s: redirects are not followed.", **said), "base_url"
        )
    field, why = _refusal(found)
    if not why:
        raise NeedsAttention(_("%(call)s was answered %(status)s.", **said), field)
    raise NeedsAttention(_("%(call)s was answered %(status)s: %(why)s", why=why, **said), field)


def _refusal(found: bytes) -> tuple[str, str]:
    """Field and sentence of a refusal, as far as it names them."""
    try:
        content = json.loads(found)
        first = (content.get("errors") or [{}])[0]
        field = str(first.get("field") or "")
        why = str(first.get("message") or content.get("detail") or "")
    except (ValueError, AttributeError, TypeError, IndexError, KeyError):
        return "", ""
    return field[:TOLD_LENGTH], " ".join(why.split())[:TOLD_LENGTH]


def _wait(header: str) -> timedelta | None:
    """Retry-After as seconds or as a date, at most six hours."""
    if header.isdecimal() and len(header) < 9:
        return min(timedelta(seconds=int(header)), RETRY_AFTER_MAX)
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(timedelta(0), min(moment - datetime.now(UTC), RETRY_AFTER_MAX))


def _sent(record: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if name != "updated_at"}


# Exact numbers, and keys in order, so that equal records are equal bytes.
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")


def _decode(found: bytes, path: str) -> Any:
    try:
        return json.loads(found, parse_float=Decimal)
    except ValueError as error:
        raise RetryLater(_("The answer to %(path)s is no JSON.", path=path)) from error


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise NeedsAttention(_("An answer has no object where one belongs."))
    return value


def _customer(item: Mapping[str, Any]) -> Customer:
    address = item.get("billing_address") or {}
    return Customer(
        customer_id=_text(item, "customer_id"),
        customer_name=_text(item, "customer_name"),
        billing_address={str(key): str(value) for key, value in _object(address).items() if value},
        territory_code=_text(item, "territory_code", required=False),
        updated_at=_instant(item),
    )


def _configuration(item: Mapping[str, Any]) -> ContractConfiguration:
    return ContractConfiguration(
        contract_number=_text(item, "contract_number"),
        customer_id=_text(item, "customer_id"),
        billing_method=_text(item, "billing_method"),
        invoice_frequency=_text(item, "invoice_frequency"),
        billing_start_date=_day(item, "billing_start_date") or date.min,
        billing_end_date=_day(item, "billing_end_date"),
        configuration=dict(_object(item.get("configuration") or {})),
        updated_at=_instant(item),
    )


def _text(item: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    value = item.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > 255 or "\x00" in value:
        raise NeedsAttention(
            _("A record has no text %(name)s of at most 255 characters.", name=name), name
        )
    return value


def _day(item: Mapping[str, Any], name: str) -> date | None:
    value = item.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise NeedsAttention(_("A record's %(name)s is no date.", name=name), name) from error


def _instant(item: Mapping[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(str(item.get("updated_at")))
    except ValueError as error:
        raise NeedsAttention(_("A record's updated_at is no instant."), "updated_at") from error
    if moment.tzinfo is None:
        raise NeedsAttention(_("A record's updated_at has no offset."), "updated_at")
    return moment
