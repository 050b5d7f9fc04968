from datetime import date
from decimal import Decimal
from typing import Any

from billing.errors import MissingExchangeRate
from billing.exchange import ExchangeRate, convert, sum_in_currency

USD = ExchangeRate("USD", "CAD", Decimal("1.3705"), date(2026, 11, 20), "Bank of Canada")
YEN = ExchangeRate("CAD", "JPY", Decimal("110.25"), date(2026, 11, 20), "Bank of Canada")


def test_converting_rounds_once_to_the_target_currency() -> None:
    assert str(convert(Decimal("10.01"), USD)) == "13.72"  # 13.718705
    assert str(convert(Decimal("10.02"), YEN)) == "1105"  # 1104.705


def test_a_sum_over_currencies_states_its_rates() -> None:
    total = sum_in_currency(
        "CAD",
        [(Decimal("0.01"), "USD"), (Decimal("5.00"), "CAD"), (Decimal("0.01"), "USD")],
        [YEN, USD],
    )
    # 0.02 x 1.3705 = 0.02741, rounded once; twice 0.01 x 1.3705 would give 0.02 as well as 0.03
    assert str(total.amount) == "5.03"
    assert [(part.currency, str(part.original), part.rate) for part in total.parts] == [
        ("CAD", "5.00", None),
        ("USD", "0.02", USD),
    ]


def test_a_missing_rate_is_named(problems: Any) -> None:
    amounts = [(Decimal(1), "USD"), (Decimal(1), "EUR"), (Decimal(1), "CAD")]
    assert problems(MissingExchangeRate, sum_in_currency, "CAD", amounts, [YEN]) == [
        ("currency", "missing_exchange_rate"),
        ("currency", "missing_exchange_rate"),
    ]
