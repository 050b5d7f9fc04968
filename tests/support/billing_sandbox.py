"""A billing system to sync with: keeps records, pages, remembers keys and fails on demand."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from support.outside import Outside, Reply, Seen, outside_server

TOKEN = "sandbox-token-of-the-billing-system"
PAGE = 2
Record = dict[str, Any]


@dataclass
class Sandbox:
    """The other side. `broken` may answer in its place; None lets it work."""

    server: Outside
    customers: dict[str, Record] = field(default_factory=dict)
    configurations: dict[str, Record] = field(default_factory=dict)
    invoices: dict[str, Record] = field(default_factory=dict)
    performance: list[Record] = field(default_factory=list)
    answered: dict[str, bytes] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    broken: Callable[[Seen], Reply | None] = lambda _seen: None
    clock: datetime = datetime(2026, 11, 1, tzinfo=UTC)
    lock: Any = field(default_factory=Lock)

    @property
    def url(self) -> str:
        return self.server.url(scheme="http", path="/api")

    def change(self, kind: str, code: str, **values: Any) -> Record:
        """Somebody changes a record at the other side; its clock moves on."""
        table, key = self.tables[kind]
        with self.lock:
            self.clock += timedelta(seconds=1)
            record = {**table.get(code, {key: code}), **values}
            record["updated_at"] = self.clock.isoformat()
            table[code] = record
        return record

    @property
    def tables(self) -> dict[str, tuple[dict[str, Record], str]]:
        return {
            "customers": (self.customers, "customer_id"),
            "contract-configurations": (self.configurations, "contract_number"),
            "invoices": (self.invoices, "invoice_id"),
        }

    def answer(self, seen: Seen) -> Reply:
        failed = self.broken(seen)
        if failed is not None:
            return failed
        if seen.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, b"{}")
        url = urlsplit(seen.path)
        parts = url.path.removeprefix("/api/").split("/")
        if seen.method == "GET" and len(parts) == 2:
            record = self.tables[parts[0]][0].get(unquote(parts[1]))
            return Reply(200, _json(record)) if record else Reply(404)
        if seen.method == "GET":
            return self._list(parts[0], {k: v[0] for k, v in parse_qs(url.query).items()})
        key = seen.headers.get("idempotency-key", "")
        if key and key in self.answered:
            return Reply(200, self.answered[key])
        body = json.loads(seen.body, parse_float=Decimal)
        with self.lock:
            self.writes.append(url.path.removeprefix("/api/"))
        if parts[0] == "performance":
            self.performance += body["items"]
            content: Any = {}
        else:
            body.pop("effective_date", None)
            content = self.change(parts[0], unquote(parts[1]), **body)
        encoded = _json(content)
        if key:
            self.answered[key] = encoded
        return Reply(200, encoded)

    def _list(self, kind: str, query: dict[str, str]) -> Reply:
        if kind == "status":
            return Reply(200, b'{"status": "ok"}')
        since = query.get("changed_since", "")
        rows = sorted(self.tables[kind][0].values(), key=lambda row: row["updated_at"])
        if since:
            moment = datetime.fromisoformat(since)
            rows = [r for r in rows if datetime.fromisoformat(r["updated_at"]) >= moment]
        start = int(query.get("cursor", "0"))
        following = str(start + PAGE) if start + PAGE < len(rows) else None
        content = {"items": rows[start : start + PAGE], "next": following}
        return Reply(200, _json(content))


def _json(content: Any) -> bytes:
    return json.dumps(content, default=float).encode()


@contextmanager
def billing_sandbox() -> Iterator[Sandbox]:
    """A running sandbox on this machine."""
    holder: list[Sandbox] = []
    with outside_server(lambda seen: holder[0].answer(seen)) as server:
        holder.append(Sandbox(server))
        yield holder[0]
