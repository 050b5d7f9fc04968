from datetime import date
from decimal import Decimal

import pytest

from billing.ageing import Bucket, OpenAmount, age_amounts, bucket_of, days_overdue, due_date


def test_due_date_is_net_n_calendar_days_from_the_invoice_date() -> None:
    assert due_date(date(2025, 1, 31)) == date(2025, 3, 2)
    assert due_date(date(2025, 1, 31), 0) == date(2025, 1, 31)
    with pytest.raises(ValueError, match="negative"):
        due_date(date(2025, 1, 31), -1)


@pytest.mark.parametrize(
    ("as_of", "late", "bucket"),
    [
        (date(2024, 12, 1), 0, Bucket.CURRENT),
        (date(2025, 1, 1), 0, Bucket.CURRENT),  # on the due date
        (date(2025, 1, 2), 1, Bucket.DAYS_1_30),
        (date(2025, 1, 31), 30, Bucket.DAYS_1_30),
        (date(2025, 2, 1), 31, Bucket.DAYS_31_60),
        (date(2025, 3, 2), 60, Bucket.DAYS_31_60),
        (date(2025, 3, 3), 61, Bucket.DAYS_61_90),
        (date(2025, 4, 1), 90, Bucket.DAYS_61_90),
        (date(2025, 4, 2), 91, Bucket.OVER_90),
        (date(2035, 4, 2), 3743, Bucket.OVER_90),
    ],
)
def test_buckets(as_of: date, late: int, bucket: Bucket) -> None:
    assert days_overdue(date(2025, 1, 1), as_of) == late
    assert bucket_of(date(2025, 1, 1), as_of) is bucket


def test_ageing_keeps_every_cent_and_names_every_bucket() -> None:
    items = [
        OpenAmount(date(2025, 3, 1), Decimal("10.10")),
        OpenAmount(date(2025, 3, 31), Decimal("20.20")),
        OpenAmount(date(2024, 1, 1), Decimal("-5.05")),
        OpenAmount(date(2025, 3, 2), Decimal("0.01")),
    ]
    ageing = age_amounts(items, date(2025, 3, 31))
    assert list(ageing) == list(Bucket)
    assert {bucket: str(amount) for bucket, amount in ageing.items() if amount} == {
        "current": "20.20",
        "1-30": "10.11",
        "90+": "-5.05",
    }
    assert sum(ageing.values()) == sum(item.amount for item in items)
