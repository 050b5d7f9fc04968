"""Statements of 10 lines from end to end: aggregated, stored, printed, encrypted, filed.

As many processes as the machine has cores share one run, as workers do.
"""

import os
import resource
import time
from datetime import date
from decimal import Decimal
from multiprocessing import get_context
from typing import Any
from uuid import UUID

from django.db import connections

from billing.periods import Period, month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.contracts.services import TermsInput, activate_contract, create_contract
from tenants.demo.benchmarks import machine, percentile
from tenants.demo.benchmarks.organisation import make_site, organisation
from tenants.documents.models import Document
from tenants.documents.rendering import render_contents
from tenants.invoices.services import process_run
from tenants.invoices.services import start_run as start_billing
from tenants.payments.services import PaymentInput, record_customer_payment
from tenants.statements.contents import load_statement_document
from tenants.statements.documents import STATEMENT
from tenants.statements.models import Statement, StatementLine, StatementRun
from tenants.statements.selectors.runs import run_progress
from tenants.statements.services import Order, finish_run, plan_run, start_run
from tenants.statements.work import work_on_run

STATEMENTS = int(os.environ.get("INVOICEPATCH_BENCH_STATEMENTS", "2000"))
RENDERED_ALONE = 200
# An invoice with its charges and two taxes, and a payment: 10 lines.
CHARGES = 6
PERIOD = month_period(2025, 1)
PAID_ON = date(2025, 1, 20)
SECONDS_MAX = 900.0


def measure(repeats: int) -> dict[str, Any]:
    """One run of STATEMENTS new statements; setting the customers up is not counted."""
    with organisation_context(organisation()):
        make_customers(STATEMENTS)
        run, planned = _timed(_plan)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _none, worked = _timed(lambda: _share(run.pk))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        finish_run(run_id=run.pk)
        run.refresh_from_db()
        made = run_progress(run).made
        rendered = _render_alone()
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {
            "statements_per_minute": round(made / (planned + worked) * 60),
            "worker_processor_milliseconds_each": round(cpu / made * 1000, 1),
            "planning_milliseconds_each": round(planned / made * 1000, 2),
            "render_p50_milliseconds": round(percentile(rendered, 0.5) * 1000, 1),
            "render_p95_milliseconds": round(percentile(rendered, 0.95) * 1000, 1),
            "statements": made,
            "lines_each": StatementLine.objects.count() / Statement.objects.count(),
            "files": Document.objects.filter(kind=STATEMENT, status="ready").count(),
            "status": run.status,
            "worker_processes": _processes(),
            "largest_worker_megabytes": round(after.ru_maxrss / 1024),
            "statistic": "one run, wall time; rendering alone in one process",
            "machine": machine(),
        }


def _timed(work: Any) -> tuple[Any, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def _plan() -> StatementRun:
    run = start_run(actor=SYSTEM, order=Order(period=PERIOD))
    plan_run(run_id=run.pk)
    return run


def _processes() -> int:
    return os.cpu_count() or 2


def _share(run_pk: UUID) -> None:
    """Let forked processes do the run's chunks, each with a connection of its own."""
    connections.close_all()
    context = get_context("fork")
    workers = [context.Process(target=_work, args=(run_pk,)) for _ in range(_processes())]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(SECONDS_MAX)


def _work(run_pk: UUID) -> None:
    with organisation_context(organisation()):
        work_on_run(run_id=run_pk, seconds=SECONDS_MAX)


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


def make_customers(count: int) -> None:
    """Customers with a contract each, its invoice of the month, and a payment on account."""
    components = [
        {"contract_type": "fixed_fee", "monthly_fee": f"{100 + line}.25"} for line in range(CHARGES)
    ]
    for _number in range(count):
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
    _bill(PERIOD)


def _bill(period: Period) -> None:
    process_run(run_id=start_billing(actor=SYSTEM, period=period).pk)
