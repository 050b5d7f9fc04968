"""Due dates and ageing of what customers owe."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billing.money import EXACT, ZERO

DEFAULT_NET_DAYS = 30


class Bucket(StrEnum):
    """Ageing buckets by days past the due date."""

    CURRENT = "current"
    DAYS_1_30 = "1-30"
    DAYS_31_60 = "31-60"
    DAYS_61_90 = "61-90"
    OVER_90 = "90+"


_LAST_DAY_OVERDUE = (
    (Bucket.CURRENT, 0),
    (Bucket.DAYS_1_30, 30),
    (Bucket.DAYS_31_60, 60),
    (Bucket.DAYS_61_90, 90),
)


class OpenAmount(NamedTuple):
    """What is still open of one invoice, and when it was or is due."""

    due_date: date
    amount: Decimal


def due_date(invoice_date: date, net_days: int = DEFAULT_NET_DAYS) -> date:
    """Return the invoice date plus net-N calendar days; ``net_days`` 0 is due on receipt."""
    if net_days < 0:
        raise ValueError("net_days must not be negative")
    return invoice_date + timedelta(days=net_days)


def days_overdue(due: date, as_of: date) -> int:
    """Return full days after the due date, 0 on it or before."""
    return max((as_of - due).days, 0)


def bucket_of(due: date, as_of: date) -> Bucket:
    """Return the bucket; an amount is current through its due date."""
    late = days_overdue(due, as_of)
    return next((bucket for bucket, last in _LAST_DAY_OVERDUE if late <= last), Bucket.OVER_90)


def age_amounts(items: Iterable[OpenAmount], as_of: date) -> dict[Bucket, Decimal]:
    """Return the open amounts of one currency by bucket, every bucket present."""
    sums = dict.fromkeys(Bucket, ZERO)
    for item in items:
        bucket = bucket_of(item.due_date, as_of)
        sums[bucket] = EXACT.add(sums[bucket], item.amount)
    return sums


def due_dates_of(bucket: Bucket, as_of: date) -> tuple[date | None, date | None]:
    """Return the earliest and the latest due date of a bucket; None where it has no end."""
    limits = [last for _bucket, last in _LAST_DAY_OVERDUE]
    place = list(Bucket).index(bucket)
    earliest = _days_before(as_of, limits[place]) if place < len(limits) else None
    latest = _days_before(as_of, limits[place - 1] + 1) if place else None
    return earliest, latest


def _days_before(day: date, days: int) -> date:
    """The calendar has a first day."""
    return day - min(timedelta(days=days), day - date.min)
