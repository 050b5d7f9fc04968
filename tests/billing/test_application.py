"""Which invoices a payment settles."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.application import OpenInvoice, Rule, find_codes, propose


def invoice(number: int, balance: str, month: int = 1) -> OpenInvoice:
    codes = frozenset({f"INV{number:09}", f"TP-2025-{number:06}"})
    return OpenInvoice(f"INV{number:09}", codes, date(2025, month, 15), Decimal(balance))


def shared(amount: str, reference: str, *invoices: OpenInvoice) -> list[tuple[int, str, str]]:
    found = propose(Decimal(amount), reference, invoices)
    return [(int(one.key[3:]), str(one.amount), one.rule.value) for one in found]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Invoice TP-2025-001234", ["TP-2025-001234"]),
        ("tp 2025 001234, merci", ["TP-2025-001234"]),
        ("TP2025001234/TP.2025.001235", ["TP-2025-001234", "TP-2025-001235"]),
        ("pmt INV000000123 & inv 000000124", ["INV000000123", "INV000000124"]),
        ("TP\u20132025\u2013001234", ["TP-2025-001234"]),
        ("TP-2025-001234 TP-2025-001234", ["TP-2025-001234"]),
        ("A1-2026-1234567", ["A1-2026-1234567"]),
        ("XINV000000123 INV0000001234 2025-001234 TP-1999-001234", []),
        ("", []),
    ],
)
def test_codes_are_found_however_they_are_written(text: str, codes: list[str]) -> None:
    assert find_codes(text) == codes


def test_at_most_fifty_codes_are_read() -> None:
    assert len(find_codes(" ".join(f"INV{n:09}" for n in range(80)))) == 50


def test_a_reference_decides_and_keeps_the_rest_unapplied() -> None:
    # 150.00 for TP-2025-000002 (100.00): 50.00 stays, though invoice 1 is older.
    assert shared("150", "TP-2025-000002", invoice(1, "70"), invoice(2, "100", 2)) == [
        (2, "100", "reference")
    ]


def test_a_reference_to_several_pays_the_oldest_first() -> None:
    both = (invoice(1, "70", 3), invoice(2, "100", 2))
    assert shared("120", "INV000000001 + INV000000002", *both) == [
        (2, "100", "reference"),
        (1, "20", "reference"),
    ]


def test_the_only_invoice_of_exactly_that_amount() -> None:
    assert shared("100", "rent", invoice(1, "70"), invoice(2, "100", 2)) == [(2, "100", "exact")]


def test_the_only_few_that_add_up() -> None:
    three = (invoice(1, "70"), invoice(2, "100.50", 2), invoice(3, "29.50", 3))
    found = propose(Decimal("130.00"), "", three)
    assert [(one.key, one.detail) for one in found] == [
        ("INV000000002", "100.5 + 29.5"),
        ("INV000000003", "100.5 + 29.5"),
    ]


def test_what_is_not_unique_goes_to_the_oldest() -> None:
    alike = (invoice(1, "100", 3), invoice(2, "100", 2))
    assert shared("100", "", *alike) == [(2, "100", "oldest")]
    sums = (invoice(1, "10"), invoice(2, "20", 2), invoice(3, "10", 3), invoice(4, "20", 4))
    assert shared("30", "", *sums) == [(1, "10", "oldest"), (2, "20", "oldest")]


def test_more_than_everything_leaves_a_rest() -> None:
    assert shared("500", "", invoice(1, "70"), invoice(2, "100", 2)) == [
        (1, "70", "oldest"),
        (2, "100", "oldest"),
    ]
    assert shared("10", "") == []


def test_only_the_rules_asked_for_are_tried() -> None:
    one = (invoice(1, "70"),)
    assert propose(Decimal(50), "INV000000009", one, (Rule.REFERENCE, Rule.EXACT)) == []
    assert propose(Decimal(50), "", one, ()) == []


def test_oldest_first_leaves_what_is_disputed_to_the_end() -> None:
    # July (105) is disputed altogether, of September 40 of 100; 105 without a reference.
    july = invoice(7, "105", 7)._replace(disputed=Decimal(105))
    september = invoice(9, "100", 9)._replace(disputed=Decimal(40))
    three = (july, invoice(8, "105", 8), september)
    assert shared("105", "", *three) == [(8, "105", "oldest")]
    assert shared("150", "", *three) == [(8, "105", "oldest"), (9, "45", "oldest")]
    assert shared("300", "", *three) == [
        (8, "105", "oldest"),
        (9, "90", "oldest"),  # 60 that is undisputed, then 30 after July's
        (7, "105", "oldest"),
    ]
    assert shared("105", "INV000000007", *three) == [(7, "105", "reference")]


@given(
    st.integers(1, 1_000_000),
    st.lists(st.tuples(st.integers(1, 99_999), st.integers(0, 99_999)), max_size=6),
)
def test_shares_are_never_more_than_there_is(cents: int, owed: list[tuple[int, int]]) -> None:
    amount = Decimal(cents).scaleb(-2)
    found = [
        invoice(n, str(Decimal(balance).scaleb(-2)), 1 + n)._replace(
            disputed=Decimal(min(disputed, balance)).scaleb(-2)
        )
        for n, (balance, disputed) in enumerate(owed)
    ]
    shares = propose(amount, "", found, (Rule.OLDEST,))
    balance_of = {one.key: one for one in found}
    assert len({one.key for one in shares}) == len(shares)
    assert all(0 < one.amount <= balance_of[one.key].balance for one in shares)
    whole = sum((one.balance for one in found), Decimal(0))
    assert sum((one.amount for one in shares), Decimal(0)) == min(amount, whole)
    # A disputed cent is paid only once every undisputed one is.
    paid = {one.key: one.amount for one in shares}
    if any(paid.get(one.key, 0) > one.balance - one.disputed for one in found):
        assert all(paid.get(one.key, 0) >= one.balance - one.disputed for one in found)
