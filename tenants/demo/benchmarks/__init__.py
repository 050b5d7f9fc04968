"""Benchmarks: each measures real work and says what was measured."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Benchmark:
    """Where a benchmark is, and whether it needs the rights of the database's owner."""

    module: str
    as_owner: bool = False


BENCHMARKS = {
    "rating": Benchmark("tenants.demo.benchmarks.rating"),
    "invoices": Benchmark("tenants.demo.benchmarks.invoices"),
    "queries": Benchmark("tenants.demo.benchmarks.queries"),
    "pages": Benchmark("tenants.demo.benchmarks.pages"),
    "statements": Benchmark("tenants.demo.benchmarks.statements"),
    "pdf": Benchmark("tenants.documents.bench"),
    "revenue": Benchmark("tenants.demo.benchmarks.revenue"),
    "signup": Benchmark("tenants.demo.benchmarks.signup", as_owner=True),
    "api": Benchmark("tenants.demo.benchmarks.api"),
}


def machine() -> str:
    """What it was measured on."""
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def median_rate(count: int, seconds: Sequence[float]) -> float:
    """How many a second, from the median of the repeats."""
    return round(count / statistics.median(seconds), 1)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
