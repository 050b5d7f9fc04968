"""The Bank of Canada's rates over a real socket."""

from datetime import date
from decimal import Decimal

import httpx
import pytest
from support.outside import Reply
from support.valet import valet_server

from connectors.bank_of_canada import DailyRate
from connectors.bank_of_canada.client import ANSWER_BYTES_MAX, ValetClient
from connectors.errors import NeedsAttention, RetryLater

FIRST, LAST = date(2017, 1, 1), date(2026, 4, 28)
USD = ("USD", "CAD")


@pytest.fixture
def bank():
    with valet_server() as server:
        yield server


def ask(bank, *pairs, first=FIRST, url=""):
    with httpx.Client(timeout=5) as client:
        return ValetClient(client=client, base_url=url or bank.url).rates(pairs, first, LAST)


def test_rates_as_text_as_numbers_and_none_on_holidays(bank):
    assert ask(bank, USD) == [
        DailyRate("USD", "CAD", date(2017, 1, 3), Decimal("1.3435")),
        DailyRate("USD", "CAD", date(2026, 4, 24), Decimal("1.3699")),
        DailyRate("USD", "CAD", date(2026, 4, 28), Decimal("1.3678")),
    ]


def test_several_pairs_in_one_question_and_unknown_ones_left_out(bank):
    found = ask(bank, USD, ("JPY", "CAD"), first=date(2026, 4, 28))
    assert [(one.currency, str(one.rate)) for one in found] == [
        ("USD", "1.3678"),
        ("JPY", "0.008570"),
    ]
    assert len(bank.server.seen) == 1
    found = ask(bank, USD, ("KWD", "CAD"), ("USD", "EUR"), first=date(2026, 4, 28))
    assert [one.currency for one in found] == ["USD"]
    assert ask(bank, ("USD", "EUR")) == []


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(500, b""), RetryLater),
        (Reply(429, b""), RetryLater),
        (Reply(200, b"<html>maintenance</html>"), RetryLater),
        (Reply(200, b'{"observations": 5}'), RetryLater),
        (Reply(200, b"[1]"), RetryLater),
        (Reply(403, b""), NeedsAttention),
        (Reply(302, b"", {"Location": "/x"}), NeedsAttention),
        (Reply(200, b" " * (ANSWER_BYTES_MAX + 1)), NeedsAttention),
    ],
)
def test_failures_say_whether_to_try_again(bank, reply, error):
    bank.broken = lambda _seen: reply
    with pytest.raises(error):
        ask(bank, USD)


def test_nonsense_rows_are_left_out(bank):
    rows = b'{"observations": [1, {"d": "x"}, {"d": "2026-04-28", "FXUSDCAD": {"v": "-1"}},'
    rows += b'{"d": "2026-04-28", "FXUSDCAD": {"v": "NaN"}}, {"d": "2026-04-28", "FXUSDCAD": 3}]}'
    bank.broken = lambda _seen: Reply(200, rows)
    assert ask(bank, USD) == []


def test_a_bank_that_is_not_there_is_tried_again(bank):
    with pytest.raises(RetryLater):
        ask(bank, USD, url="http://127.0.0.1:9/valet")
    with pytest.raises(NeedsAttention):
        ask(bank, *[(f"A{n:02}", "CAD") for n in range(41)])
