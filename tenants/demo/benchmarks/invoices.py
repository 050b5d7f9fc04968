"""Invoices of 10 lines and 2 taxes: calculated, validated, stored, numbered and issued."""

import time
from datetime import date
from typing import Any

from django.db import connection

from billing.periods import Period, month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.contracts.models import Contract
from tenants.demo.benchmarks import machine, median_rate
from tenants.demo.benchmarks.organisation import LINES, make_contracts, organisation
from tenants.invoices.models import Invoice, InvoiceLine
from tenants.invoices.services import generate_invoice, process_run, start_run

CONTRACTS = 400
ONE_BY_ONE = 200


def measure(repeats: int) -> dict[str, Any]:
    """Wall time of one client process on real PostgreSQL; each repeat bills another month."""
    with organisation_context(organisation()):
        contracts = make_contracts(CONTRACTS)
        _bill_one_by_one(contracts[:20], month_period(2024, 1))  # warm
        singles = [
            _bill_one_by_one(contracts[:ONE_BY_ONE], month_period(2024, 2 + repeat))
            for repeat in range(repeats)
        ]
        bulk = [_bill_in_bulk(month_period(2025, 1 + repeat)) for repeat in range(repeats)]
        with connection.cursor() as cursor:
            cursor.execute("SHOW fsync")
            (fsync,) = cursor.fetchone()
            cursor.execute("SHOW server_version")
            (version,) = cursor.fetchone()
        return {
            "one_by_one_per_second": median_rate(ONE_BY_ONE, singles),
            "in_bulk_per_second": median_rate(CONTRACTS, bulk),
            "lines_each": LINES,
            "taxes_each": 2,
            "invoices_in_the_end": Invoice.objects.count(),
            "lines_in_the_end": InvoiceLine.objects.count(),
            "repeats": repeats,
            "statistic": "median, wall time, one client process, audit and events included",
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


def _bill_in_bulk(period: Period) -> float:
    started = time.perf_counter()
    process_run(run_id=start_run(actor=SYSTEM, period=period).pk)
    return time.perf_counter() - started
