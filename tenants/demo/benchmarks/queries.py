"""The standard look-ups in a tenant of a million invoices, and the indexes they use."""

import os
import random
import re
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.memory import look_for_cycles_less_often
from shared.kernel.tenancy import organisation_context
from tenants.contracts.selectors import billing_info
from tenants.demo.benchmarks import machine, percentile
from tenants.demo.benchmarks.many_invoices import multiply_invoices
from tenants.demo.benchmarks.organisation import analyze, make_contracts, organisation
from tenants.invoices.models import Invoice
from tenants.invoices.selectors import (
    invoice_by_code,
    listed_columns,
    live_invoices_of,
    search_invoices,
)
from tenants.invoices.services import process_run, start_run
from tenants.ledger.selectors import entries_of_documents
from tenants.payments.selectors import payments_of_invoice
from tenants.payments.services import record_payment

ROWS = int(os.environ.get("INVOICEPATCH_BENCH_ROWS", "1000000"))
CONTRACTS = 500
TIMES = 200
PAGE = 50
SEED = 20261121
SEQUENTIAL = re.compile(r"Seq Scan on (\w+)")
INDEXES = re.compile(r"(?:using|Bitmap Index Scan on) (\w+)")
SMALL_TABLE_ROWS = 10_000  # reading so few at once is quicker than an index


def measure(repeats: int) -> dict[str, Any]:
    """p95 of each look-up over TIMES random arguments, all its queries and rows included."""
    with organisation_context(organisation()):
        sample = _fill()
        look_for_cycles_less_often()
        figures = {name: _measure(look_up, sample, repeats) for name, look_up in _lookups().items()}
        slowest = max(figures, key=lambda name: figures[name]["p95_milliseconds"])
        return {
            "invoices": Invoice.objects.count(),
            "slowest": slowest,
            "slowest_p95_milliseconds": figures[slowest]["p95_milliseconds"],
            "large_tables_read_whole": sorted(
                {name for one in figures.values() for name in one["large_tables_read_whole"]}
            ),
            "lookups": figures,
            "repeats": repeats,
            "statistic": f"p95 of {TIMES} random arguments, median of the repeats",
            "machine": machine(),
        }


def _fill() -> list[Any]:
    """A million invoices of CONTRACTS contracts, some of them paid; a sample of their rows."""
    make_contracts(CONTRACTS)
    process_run(run_id=start_run(actor=SYSTEM, period=month_period(2026, 1)).pk)
    for invoice in Invoice.objects.order_by("pk")[:100]:
        record_payment(
            actor=SYSTEM,
            invoice_id=invoice.invoice_id,
            amount=invoice.total,
            received_on=date(2026, 2, 15),
            method="ACH",
        )
    multiply_invoices(ROWS)
    analyze()
    random.seed(SEED)
    made = list(
        Invoice.objects.filter(kind="regular").select_related("site", "customer", "contract")
    )
    return [random.choice(made) for _ in range(TIMES)]  # noqa: S311


def _lookups() -> dict[str, Callable[[Any], Any]]:
    """Each by its name; called with an invoice of the sample, whose neighbours it looks up."""
    found = search_invoices(actor=SYSTEM)
    newest = found.order_by("-invoice_date", "-pk")
    day = date(2026, 1, 31)
    return {
        "invoice by its id, with lines": lambda one: invoice_by_code(
            actor=SYSTEM, invoice_id=one.invoice_id
        ),
        "invoice by number": lambda one: list(found.filter(number=one.number)),
        "newest invoices": lambda _one: list(listed_columns(newest)[:PAGE]),
        "a page deep in the list": lambda one: list(
            listed_columns(
                newest.filter(
                    Q(invoice_date__lt=_days_before(day, one))
                    | Q(invoice_date=_days_before(day, one), pk__lt=one.pk),
                    invoice_date__lte=_days_before(day, one),
                )
            )[:PAGE]
        ),
        "invoices of a customer": lambda one: list(
            listed_columns(newest.filter(customer=one.customer_id))[:PAGE]
        ),
        "invoices of a site": lambda one: list(
            listed_columns(
                search_invoices(actor=SYSTEM, site_id=one.site.site_id).order_by(
                    "-invoice_date", "-pk"
                )
            )[:PAGE]
        ),
        "search by number": lambda one: list(
            search_invoices(actor=SYSTEM, text=one.number.lower())[:PAGE]
        ),
        "most overdue": lambda _one: list(
            search_invoices(actor=SYSTEM, status="overdue").order_by("due_date")[:PAGE]
        ),
        "live invoice of a contract and period": lambda one: live_invoices_of(
            [one.contract_id], month_period(2026, 1)
        ),
        "billing information of a site": lambda one: billing_info(
            actor=SYSTEM, site_id=one.site.site_id, contract_id=one.contract.contract_id, on=day
        ),
        "payments of an invoice": lambda one: list(
            payments_of_invoice(actor=SYSTEM, invoice_pk=one.pk)
        ),
        "journal of an invoice": lambda one: list(entries_of_documents([one.pk])),
    }


def _days_before(day: date, one: Any) -> date:
    return day - timedelta(days=int(one.number_sequence))


def _measure(look_up: Callable[[Any], Any], sample: list[Any], repeats: int) -> dict[str, Any]:
    plans = _plans(lambda: look_up(sample[0]))
    p95 = statistics.median(_p95(look_up, sample) for _ in range(repeats))
    return {
        "p95_milliseconds": round(p95 * 1000, 2),
        "indexes": sorted(set(INDEXES.findall(plans))),
        "large_tables_read_whole": sorted(set(SEQUENTIAL.findall(plans)) - _small_tables()),
    }


def _p95(look_up: Callable[[Any], Any], sample: list[Any]) -> float:
    times = []
    for one in sample:
        started = time.perf_counter()
        look_up(one)
        times.append(time.perf_counter() - started)
    return percentile(times, 0.95)


def _plans(look_up: Callable[[], Any]) -> str:
    """What EXPLAIN says of every query of a look-up."""
    with CaptureQueriesContext(connection) as captured:
        look_up()
    plans = []
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            if query["sql"].startswith("SELECT"):
                cursor.execute("EXPLAIN " + query["sql"].replace("%", "%%"))
                plans += [line for (line,) in cursor.fetchall()]
    return "\n".join(plans)


def _small_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples < %s "
            "AND relnamespace = current_schema()::regnamespace",
            [SMALL_TABLE_ROWS],
        )
        return {name for (name,) in cursor.fetchall()}
