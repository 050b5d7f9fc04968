from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from billing.escalation import Escalation, escalation_factor, full_years


@pytest.mark.parametrize(
    ("since", "on", "years"),
    [
        (date(2023, 1, 1), date(2025, 1, 17), 2),
        (date(2024, 7, 15), date(2025, 7, 1), 0),
        (date(2024, 7, 15), date(2025, 7, 15), 1),  # the anniversary itself counts
        (date(2025, 6, 1), date(2025, 1, 1), 0),
        (date(2030, 1, 1), date(2025, 1, 1), 0),  # never negative
        (date(2024, 2, 29), date(2025, 2, 28), 0),
        (date(2024, 2, 29), date(2025, 3, 1), 1),  # 1 March in a common year
        (date(2024, 2, 29), date(2028, 2, 28), 3),
        (date(2024, 2, 29), date(2028, 2, 29), 4),
    ],
)
def test_full_years(since: date, on: date, years: int) -> None:
    assert full_years(since, on) == years


def test_the_factor_is_never_rounded() -> None:
    escalation = Escalation(Decimal("0.033333"), date(2000, 1, 1))
    assert escalation_factor(escalation, date(2025, 1, 1)) == Fraction(1033333, 1000000) ** 25
    assert escalation_factor(escalation, date(2000, 12, 31)) == 1
    assert escalation_factor(None, date(2025, 1, 1)) == 1
