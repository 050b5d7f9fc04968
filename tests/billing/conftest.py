"""Short ways to say "this contract, this period, these inputs"; no database, no Django."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from billing.activity import Adjustment, parse_activity
from billing.lines import ChargeLine
from billing.periods import Period
from billing.rating import rate_contract
from billing.terms import parse_terms

JANUARY = ("2025-01-01", "2025-01-31")


def _period(days: tuple[str, str]) -> Period:
    return Period(date.fromisoformat(days[0]), date.fromisoformat(days[1]))


def _rate(
    contract_type: str,
    configuration: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
    *,
    days: tuple[str, str] = JANUARY,
    effective: str = "2020-01-01",
    ends: str | None = None,
    currency: str = "CAD",
    adjustments: Sequence[Adjustment] = (),
    **options: Any,
) -> tuple[ChargeLine, ...]:
    activity = replace(parse_activity(data or {}), adjustments=tuple(adjustments))
    return rate_contract(
        parse_terms(contract_type, configuration),
        currency=currency,
        effective_date=date.fromisoformat(effective),
        end_date=date.fromisoformat(ends) if ends else None,
        period=_period(days),
        activity=activity,
        **options,
    )


@pytest.fixture(scope="session")
def rate() -> Callable[..., tuple[ChargeLine, ...]]:
    """Rate a contract given as JSON; January 2025 unless told otherwise."""
    return _rate


@pytest.fixture(scope="session")
def amounts() -> Callable[..., list[tuple[str, str]]]:
    """Rate and return only ``(code, amount)`` of each line."""

    def call(*args: Any, **options: Any) -> list[tuple[str, str]]:
        return [(line.code, str(line.amount)) for line in _rate(*args, **options)]

    return call


@pytest.fixture(scope="session")
def problems() -> Callable[..., list[tuple[str, str]]]:
    """Call something that must raise and return ``(field, code)`` of every problem named."""

    def call(
        error: type[Exception], function: Callable[..., Any], *args: Any, **options: Any
    ) -> Any:
        with pytest.raises(error) as caught:
            function(*args, **options)
        return [(problem.field, problem.code) for problem in caught.value.problems]

    return call
