"""GET /observations/{series}/json?start_date=…&end_date=… without a key. Source: Valet's docs.

An observation's value is text today and was a number in 2017; a holiday has no row, or an error
instead of a value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx

from connectors.bank_of_canada import CANADIAN, DailyRate
from connectors.errors import NeedsAttention, RetryLater

ANSWER_BYTES_MAX = 4 * 1024 * 1024
PAIRS_MAX = 40
RATE_MAX = Decimal(10) ** 9
TRY_AGAIN = frozenset({408, 425, 429})
NOT_FOUND = 404


class ValetClient:
    """Asks for rates against the Canadian dollar."""

    def __init__(self, *, client: httpx.Client, base_url: str) -> None:
        """`client` decides about time and proxies."""
        self._client = client
        self._base_url = base_url.rstrip("/")

    def rates(self, pairs: Sequence[tuple[str, str]], first: date, last: date) -> list[DailyRate]:
        """The rates of `(currency, into)` pairs, one of each the Canadian dollar, by day.

        A pair that the bank does not publish is left out. Raises RetryLater, NeedsAttention.
        """
        wanted = {f"FX{one}{into}": (one, into) for one, into in pairs if CANADIAN in (one, into)}
        if len(wanted) > PAIRS_MAX:
            raise NeedsAttention(f"More than {PAIRS_MAX} pairs of currencies.")
        found = self._series(sorted(wanted), first, last)
        if found is None:  # one of them is not published: then each by itself
            parts = [self._series([name], first, last) for name in sorted(wanted)]
            rows = [row for part in parts if part is not None for row in part]
        else:
            rows = found
        return list(_rates(rows, wanted))

    def _series(
        self, names: Sequence[str], first: date, last: date
    ) -> list[Mapping[str, Any]] | None:
        """The observations; None where a series is unknown to the bank."""
        if not names:
            return []
        url = f"{self._base_url}/observations/{','.join(names)}/json"
        query = {"start_date": first.isoformat(), "end_date": last.isoformat()}
        try:
            with self._client.stream("GET", url, params=query) as answer:
                status, content = answer.status_code, _read(answer)
        except httpx.InvalidURL as error:
            raise NeedsAttention("The bank's address is none.", "base_url") from error
        except httpx.TransportError as error:
            raise RetryLater(f"{type(error).__name__} at the Bank of Canada.") from error
        if status == NOT_FOUND:
            return None
        if status in TRY_AGAIN or status >= 500:
            raise RetryLater(f"The Bank of Canada answered {status}.")
        if status != 200:
            raise NeedsAttention(f"The Bank of Canada answered {status}.")
        try:
            rows = json.loads(content, parse_float=Decimal, parse_int=Decimal)["observations"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise RetryLater("The answer of the Bank of Canada is not what it was.") from error
        if not isinstance(rows, list):
            raise RetryLater("The answer of the Bank of Canada is not what it was.")
        return rows


def _read(answer: httpx.Response) -> bytes:
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            raise NeedsAttention(f"An answer is larger than {ANSWER_BYTES_MAX} bytes.")
        parts.append(part)
    return b"".join(parts)


def _rates(rows: Iterable[Any], wanted: Mapping[str, tuple[str, str]]) -> Iterable[DailyRate]:
    for row in rows:
        if not isinstance(row, Mapping):
            continue
        try:
            on = date.fromisoformat(str(row.get("d")))
        except ValueError:
            continue
        for name, (currency, into) in wanted.items():
            rate = _value(row.get(name))
            if rate is not None:
                yield DailyRate(currency, into, on, rate)


def _value(observation: Any) -> Decimal | None:
    """The rate; None on a day without one, which has an error in its place."""
    value = observation.get("v") if isinstance(observation, Mapping) else None
    try:
        rate = Decimal(str(value))
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and 0 < rate < RATE_MAX else None
