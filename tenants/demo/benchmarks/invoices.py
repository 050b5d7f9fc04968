"""Invoices of 10 lines and 2 taxes: calculated, validated, stored, numbered, posted, issued."""

import os
import resource
import subprocess
import sys
import time
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from billing.periods import Period, month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.memory import look_for_cycles_less_often
from shared.kernel.tenancy import organisation_context
from tenants.contracts.models import Contract
from tenants.demo.benchmarks import machine, median_rate
from tenants.demo.benchmarks.organisation import (
    LINES,
    analyze,
    make_contracts,
    multiply_contracts,
    organisation,
)
from tenants.invoices.models import BillingRun, Invoice, InvoiceLine
from tenants.invoices.services import generate_invoice, process_run, start_run
from tenants.ledger.models import JournalLine

ONE_BY_ONE = 200
# A run of 100,000 contracts takes minutes: INVOICEPATCH_BENCH_CONTRACTS=100000 asks for it.
SMALL, LARGE = 1_000, int(os.environ.get("INVOICEPATCH_BENCH_CONTRACTS", "10000"))
WORKERS = 2
WORKER_SECONDS_MAX = 1_500


def measure(repeats: int) -> dict[str, Any]:
    """Wall time on real PostgreSQL: one by one in this process, a run by worker processes."""
    look_for_cycles_less_often()
    with organisation_context(organisation()):
        contracts = make_contracts(ONE_BY_ONE)
        _bill_one_by_one(contracts[:20], month_period(2024, 1))  # warm
        singles = [
            _bill_one_by_one(contracts, month_period(2024, 2 + repeat)) for repeat in range(repeats)
        ]
        multiply_contracts(SMALL - ONE_BY_ONE)
        _seconds, small_memory = _bill_by_workers(month_period(2025, 1), SMALL)
        multiply_contracts(LARGE - SMALL)
        analyze()
        with connection.cursor() as cursor:
            cursor.execute("SHOW fsync")
            (fsync,) = cursor.fetchone()
            cursor.execute("SHOW server_version")
            (version,) = cursor.fetchone()
        runs = [_bill_by_workers(month_period(2025, 2 + n), LARGE) for n in range(repeats)]
        return {
            "one_by_one_per_second": median_rate(ONE_BY_ONE, singles),
            "run_per_second": median_rate(LARGE, [seconds for seconds, _memory in runs]),
            "contracts_in_run": LARGE,
            "workers": WORKERS,
            "worker_memory_mb": {
                str(SMALL): small_memory,
                str(LARGE): max(memory for _seconds, memory in runs),
            },
            "lines_each": LINES,
            "taxes_each": 2,
            "invoices_in_the_end": Invoice.objects.count(),
            "lines_in_the_end": InvoiceLine.objects.count(),
            "journal_lines_in_the_end": JournalLine.objects.count(),
            "repeats": repeats,
            "statistic": "median, wall time; validation, ledger, audit and events included",
            "fsync": fsync,
            "postgresql": version,
            "machine": machine(),
        }


def _bill_one_by_one(contracts: list[Contract], period: Period) -> float:
    started = time.perf_counter()
    for contract in contracts:
        generate_invoice(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            contract_id=contract.contract_id,
            period=period,
            invoice_date=date(period.end_date.year, period.end_date.month, 28),
        )
    return time.perf_counter() - started


def _bill_by_workers(period: Period, expected: int) -> tuple[float, float]:
    """A run shared by worker processes: its seconds, and the megabytes of the largest worker.

    The processes are up before the clock starts, as a service's workers are.
    """
    command = [sys.executable, "-m", "tenants.demo.benchmarks", "invoices", "work"]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(WORKERS)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()
    started = time.perf_counter()
    with transaction.atomic():
        run = start_run(actor=SYSTEM, period=period)
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(f"{run.pk}\n")
        worker.stdin.flush()
    memories = [
        float(worker.communicate(timeout=WORKER_SECONDS_MAX)[0].split()[-1]) for worker in workers
    ]
    seconds = time.perf_counter() - started
    run.refresh_from_db()
    billed = run.items.filter(status="billed").count()
    if billed != expected or run.status != BillingRun.Status.DONE:
        raise RuntimeError(f"Only {billed} of {expected} contracts were billed.")
    return seconds, max(memories)


def work() -> None:
    """A worker process: says when it is ready, works on the run it is told, says its memory."""
    with organisation_context(organisation()):
        Contract.objects.first()
        look_for_cycles_less_often()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        process_run(run_id=UUID(sys.stdin.readline().strip()))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"{kilobytes / 1024:.0f}\n")
