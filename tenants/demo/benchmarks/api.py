"""The invoice list through the API: 50 rows of 100,000, one web process."""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from contextlib import closing
from threading import Thread
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.demo.benchmarks import machine, percentile
from tenants.demo.benchmarks.many_invoices import multiply_invoices
from tenants.demo.benchmarks.organisation import make_contracts, organisation

ROWS = 100_000
LIMIT = 50
PATH = f"/api/v1/billing/invoices?limit={LIMIT}"
REQUESTS = 1500
CLIENTS = 4
START_SECONDS = 30
LENGTH = re.compile(rb"(?i)content-length: (\d+)")


def measure(repeats: int) -> dict[str, Any]:
    """Requests a second with CLIENTS connections, and the latency of one client alone."""
    target = organisation()
    with organisation_context(target):
        token = _fill()
        queries = _queries(target, token)
    port = _free_port()
    with _server(port):
        host = f"{target.subdomain}.localhost"
        _wait(port, host, token)
        rates = [_throughput(port, host, token) for _ in range(repeats)]
        alone = [_ask(port, host, token, REQUESTS // 3) for _ in range(repeats)]
    p95 = statistics.median(percentile(times, 0.95) for times in alone)
    return {
        "requests_per_second": round(statistics.median(rates), 1),
        "p95_milliseconds_one_client": round(p95 * 1000, 2),
        "queries_a_request": queries,
        "rows": ROWS,
        "rows_a_page": LIMIT,
        "clients": CLIENTS,
        "web_processes": 1,
        "repeats": repeats,
        "statistic": "median; the clients share the machine's cores with server and database",
        "machine": machine(),
    }


def _fill() -> str:
    from billing.periods import month_period
    from shared.accounts.services.credentials import Grant, create_api_key
    from tenants.invoices.services import generate_invoice

    (contract,) = make_contracts(1)
    generate_invoice(
        actor=SYSTEM,
        site_id=contract.site.site_id,
        contract_id=contract.contract_id,
        period=month_period(2026, 1),
    )
    multiply_invoices(ROWS)
    return create_api_key(actor=SYSTEM, grant=Grant(name="bench", scopes=("invoices:read",))).secret


def _queries(target: Any, token: str) -> int:
    client = Client(HTTP_HOST=target.host, HTTP_AUTHORIZATION=f"Bearer {token}")
    client.get(PATH)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(PATH)
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["items"]) == LIMIT
    return len(captured)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _server:
    """One web process, as `manage.py up` starts it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def __enter__(self) -> None:
        self.process = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    "granian",
                    "--interface",
                    "wsgi",
                    "config.wsgi:application",
                ),
                *("--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"),
                *("--blocking-threads", "4", "--no-ws", "--log-level", "error"),
            ],
            env={**os.environ, "RATE_LIMIT_PER_MINUTE": "100000000"},
            stdout=subprocess.DEVNULL,
        )

    def __exit__(self, *_args: object) -> None:
        self.process.terminate()
        self.process.wait(20)


def _wait(port: int, host: str, token: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _ask(port, host, token, 20)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _ask(port: int, host: str, token: str, count: int) -> list[float]:
    """Seconds each of `count` requests took over one kept-alive connection.

    A bare socket: an HTTP library in this process would take the server's processor time.
    """
    request = (
        f"GET {PATH} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
    times = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
        for _ in range(count):
            started = time.perf_counter()
            link.sendall(request)
            head, body = _read_answer(link)
            times.append(time.perf_counter() - started)
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"{head[:100]!r}: {body[:300]!r}")
    assert json.loads(body)["next"]
    return times


def _read_answer(link: socket.socket) -> tuple[bytes, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _receive(link)
    head, _blank, body = received.partition(b"\r\n\r\n")
    length = int(LENGTH.search(head)[1])  # type: ignore[index]
    while len(body) < length:
        body += _receive(link)
    return head, body


def _receive(link: socket.socket) -> bytes:
    piece = link.recv(65536)
    if not piece:
        raise OSError("the server closed the connection")
    return piece


def _throughput(port: int, host: str, token: str) -> float:
    clients = [
        Thread(target=_ask, args=(port, host, token, REQUESTS // CLIENTS)) for _ in range(CLIENTS)
    ]
    started = time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return REQUESTS / (time.perf_counter() - started)
