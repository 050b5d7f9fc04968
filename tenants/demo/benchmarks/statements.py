"""Statements of 10 lines from end to end: aggregated, stored, printed, encrypted, filed.

As many processes as the machine has cores share one run, as workers do. In a long run one of
them is killed half-way, and another goes on in its place.
"""

import os
import shutil
import time
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Count, Sum

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from shared.keyring.storage import EncryptedStorage
from tenants.contracts.services import TermsInput, activate_contract, create_contract
from tenants.demo.benchmarks import machine, percentile, statement_workers
from tenants.demo.benchmarks.many_customers import multiply_customers
from tenants.demo.benchmarks.organisation import analyze, make_site, organisation
from tenants.documents.models import Document
from tenants.documents.rendering import render_contents
from tenants.invoices.services import process_run
from tenants.invoices.services import start_run as start_billing
from tenants.payments.services import PaymentInput, record_customer_payment
from tenants.sites.models import Customer
from tenants.statements.contents import load_statement_document
from tenants.statements.documents import STATEMENT
from tenants.statements.models import Statement, StatementLine, StatementRun
from tenants.statements.services import Order, finish_run, plan_run, start_run

# A run of 50,000 takes half an hour: INVOICEPATCH_BENCH_STATEMENTS=50000 asks for it.
STATEMENTS = int(os.environ.get("INVOICEPATCH_BENCH_STATEMENTS", "2000"))
KILLED_FROM = 10_000
KILL = os.environ.get("INVOICEPATCH_BENCH_KILL", "1" if STATEMENTS >= KILLED_FROM else "") == "1"
ORIGINALS = 10
RENDERED_ALONE = 200
# An invoice with its charges and two taxes, and a payment: 10 lines.
CHARGES = 6
PERIOD = month_period(2025, 1)
PAID_ON = date(2025, 1, 20)
MEGABYTE = 1024 * 1024


def measure(repeats: int) -> dict[str, Any]:
    """One run of STATEMENTS new statements; setting the customers up is not counted."""
    present = organisation()
    folder = default_storage.path(str(present.pk))
    with organisation_context(present):
        shutil.rmtree(folder, ignore_errors=True)
        try:
            return _measure()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _measure() -> dict[str, Any]:
    _none, prepared = _timed(_prepare)
    workers = statement_workers.start_workers(os.cpu_count() or 2)
    run, planned = _timed(_plan)
    seen = statement_workers.share(run, workers, kill=KILL)
    finish_run(run_id=run.pk)
    run.refresh_from_db()
    rendered = _render_alone()
    return {
        "statements_per_minute": round(STATEMENTS / (planned + seen.seconds) * 60),
        **_by_stage(run),
        **_live(seen.rates),
        "planning_milliseconds_each": round(planned / STATEMENTS * 1000, 2),
        "render_p50_milliseconds": round(percentile(rendered, 0.5) * 1000, 1),
        "render_p95_milliseconds": round(percentile(rendered, 0.95) * 1000, 1),
        **_of_workers(seen.reports),
        "killed_after_statements": seen.killed_at,
        "exactly_once": _exactly_once(run),
        "lines_each": StatementLine.objects.count() / Statement.objects.count(),
        "status": run.status,
        "worker_processes": os.cpu_count() or 2,
        "preparing_seconds": round(prepared, 1),
        **_space(),
        "statistic": "one run, wall time; rendering alone in one process",
        "machine": machine(),
    }


def _timed(work: Any) -> tuple[Any, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def _prepare() -> None:
    make_customers(STATEMENTS)
    analyze()


def _plan() -> StatementRun:
    run = start_run(actor=SYSTEM, order=Order(period=PERIOD))
    plan_run(run_id=run.pk)
    run.refresh_from_db()
    return run


def _by_stage(run: StatementRun) -> dict[str, Any]:
    """From the chunks' own times: in the first, the middle and the last fifth of the run.

    How many statements a minute all workers made, and how long one worker took for each.
    """
    chunks = list(run.chunks.order_by("finished_at"))
    finished = [run.started_at, *(chunk.finished_at for chunk in chunks)]
    rates, each = {}, {}
    for name, share in (("start", 0.0), ("middle", 0.4), ("end", 0.8)):
        first, last = int(len(chunks) * share), max(int(len(chunks) * (share + 0.2)), 1)
        since, until = finished[first], finished[last]
        assert since is not None
        assert until is not None
        made = sum(chunk.made for chunk in chunks[first:last])
        rates[name] = round(made / (until - since).total_seconds() * 60)
        spent = sum(chunk.milliseconds for chunk in chunks[first:last])
        each[name] = round(spent / made, 1)
    return {"per_minute": rates, "milliseconds_each": each}


def _live(rates: list[tuple[float, int]]) -> dict[str, Any]:
    """What the run's page showed as its rate when so much of it was done."""
    shown = {}
    for share in (0.1, 0.5, 0.9):
        shown[f"{share:.0%}"] = next((rate for done, rate in rates if done >= share), None)
    return {"per_minute_shown_live": shown}


def _of_workers(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """What the workers that lived to the end say; chunks of the same queries are one number."""
    chunks: Counter[str] = Counter()
    for report in reports:
        chunks.update(report["chunks_by_queries"])
    return {
        "chunks_by_queries": dict(chunks.most_common()),
        "worker_megabytes_start_middle_end": [report["megabytes"] for report in reports],
        "worker_processor_seconds": round(sum(one["processor_seconds"] for one in reports)),
    }


def _exactly_once(run: StatementRun) -> dict[str, int]:
    """Customers, statements, codes and files, counted where they are. Raises RuntimeError."""
    names = Document.objects.filter(kind=STATEMENT, status="ready").values_list(
        "file_name", flat=True
    )
    counted = Statement.objects.filter(run=run).aggregate(
        statements=Count("pk"),
        customers=Count("customer", distinct=True),
        codes=Count("statement_code", distinct=True),
    )
    kept = set(EncryptedStorage().listdir("documents")[1])
    counted |= {
        "items_made": run.items.filter(status="made").count(),
        "files": len(kept & {name.rsplit("/", 1)[1] for name in names}),
        "files_on_disk": len(kept),
    }
    if set(counted.values()) != {STATEMENTS}:
        raise RuntimeError(f"Not each of {STATEMENTS} statements exactly once: {counted}")
    return counted


def _space() -> dict[str, int]:
    files = Document.objects.filter(kind=STATEMENT).aggregate(bytes=Sum("size_bytes"))["bytes"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (database,) = cursor.fetchone()
    return {
        "files_megabytes": round(files / MEGABYTE),
        "database_megabytes": round(database / MEGABYTE),
    }


def _render_alone() -> list[float]:
    """The wall time of printing each of some statements, one after the other."""
    seconds = []
    for pk in Statement.objects.values_list("pk", flat=True)[: RENDERED_ALONE + 1]:
        contents, language = load_statement_document(pk)
        _none, taken = _timed(
            lambda contents=contents, language=language: render_contents(
                contents, kind=STATEMENT, language=language, output="pdf"
            )
        )
        seconds.append(taken)
    return seconds[1:]  # the first one sets fonts and stylesheets up


def work() -> None:
    """A worker process of the run."""
    statement_workers.work()


def make_customers(count: int) -> None:
    """Customers with a contract each, its invoice of the month, and a payment on account."""
    originals = [_make_customer() for _number in range(min(count, ORIGINALS))]
    process_run(run_id=start_billing(actor=SYSTEM, period=PERIOD).pk)
    multiply_customers([one.pk for one in originals], count - len(originals))


def _make_customer() -> Customer:
    components = [
        {"contract_type": "fixed_fee", "monthly_fee": f"{100 + line}.25"} for line in range(CHARGES)
    ]
    site = make_site()
    contract = create_contract(
        actor=SYSTEM,
        site_id=site.site_id,
        terms=TermsInput("hybrid", {"components": components}),
        effective_date=PERIOD.start_date,
    )
    activate_contract(actor=SYSTEM, contract_id=contract.contract_id)
    record_customer_payment(
        actor=SYSTEM,
        customer_id=site.customer.customer_id,
        given=PaymentInput(Decimal("500.00"), "CAD", PAID_ON, "ACH"),
        rules=(),
    )
    return site.customer
