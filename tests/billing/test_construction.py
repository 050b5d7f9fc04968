"""Statutes of construction by province: holdback, lien periods, prompt payment."""

from datetime import date
from decimal import Decimal

import pytest

from billing.construction import (
    FEDERAL,
    HOLDBACK_TABLE,
    LIEN_TABLE,
    PROMPT_PAYMENT_TABLE,
    HoldbackRule,
    LienRule,
    earliest_release,
    holdback_rule,
    latest_due_date,
    prompt_payment,
)


@pytest.mark.parametrize(
    ("jurisdiction", "rate"),
    [("ON", "0.1"), ("MB", "0.075"), ("QC", None), ("NS", None), (FEDERAL, None)],
)
def test_holdback_by_law(jurisdiction: str, rate: str | None) -> None:
    found = holdback_rule(jurisdiction, date(2025, 1, 31))
    assert (found and found.rate) == (rate and Decimal(rate))


def test_holdback_by_a_rule_of_ones_own() -> None:
    own = HoldbackRule("ON", Decimal("0.05"), "Council", date(2025, 1, 1), date(2025, 1, 31))
    for on, rate in (
        (date(2024, 12, 31), "0.10"),
        (date(2025, 1, 1), "0.05"),
        (date(2025, 1, 31), "0.05"),
        (date(2025, 2, 1), "0.10"),
    ):
        found = holdback_rule("ON", on, [own])
        assert found is not None
        assert found.rate == Decimal(rate)


def test_every_rule_has_its_source() -> None:
    assert all(rule.source for table in (HOLDBACK_TABLE, LIEN_TABLE) for rule in table)
    assert all(rule.source for rule in PROMPT_PAYMENT_TABLE)


@pytest.mark.parametrize(
    ("jurisdiction", "invoiced", "pay_days", "notice_days"),
    [
        ("ON", date(2019, 9, 30), None, None),
        ("ON", date(2019, 10, 1), 28, 14),
        ("SK", date(2022, 3, 1), 28, 14),
        ("AB", date(2022, 8, 28), None, None),
        ("AB", date(2022, 8, 29), 28, 14),
        (FEDERAL, date(2023, 12, 9), 28, 21),
        ("QC", date(2026, 1, 1), None, None),
        ("MB", date(2026, 1, 1), None, None),  # the contract is older than the Act
    ],
)
def test_prompt_payment_where_it_is_in_force(
    jurisdiction: str, invoiced: date, pay_days: int | None, notice_days: int | None
) -> None:
    rule = prompt_payment(jurisdiction, contract_from=date(2019, 1, 1), invoice_date=invoiced)
    found = (rule.pay_days, rule.notice_days) if rule else (None, None)
    assert found == (pay_days, notice_days)


def test_manitoba_takes_in_new_contracts_only() -> None:
    for contract_from, expected in ((date(2025, 3, 31), None), (date(2025, 4, 1), 28)):
        rule = prompt_payment("MB", contract_from=contract_from, invoice_date=date(2025, 6, 1))
        assert (rule.pay_days if rule else None) == expected


def test_the_earlier_of_contract_and_statute_is_due() -> None:
    rule = prompt_payment("ON", contract_from=date(2025, 1, 1), invoice_date=date(2025, 1, 31))
    assert rule is not None
    assert latest_due_date(rule, date(2025, 1, 31), date(2025, 3, 2)) == date(2025, 2, 28)
    assert latest_due_date(rule, date(2025, 1, 31), date(2025, 2, 15)) == date(2025, 2, 15)


def release(province: str, since: date, ended: date | None, held_until: date) -> date | None:
    return earliest_release(
        province, contract_from=since, completed_on=ended, held_until=held_until
    )


@pytest.mark.parametrize(
    ("province", "ended", "expected"),
    [
        ("ON", date(2025, 6, 30), date(2025, 8, 29)),  # 60 days
        ("MB", date(2025, 3, 31), date(2025, 5, 10)),  # 40 days
        ("MB", date(2025, 4, 1), date(2025, 5, 31)),  # 60 days
        ("BC", date(2025, 6, 30), date(2025, 8, 24)),  # 55 days
        ("AB", date(2022, 8, 28), date(2022, 10, 12)),  # 45 days
        ("AB", date(2022, 8, 29), date(2022, 10, 28)),  # 60 days
        ("SK", date(2025, 6, 30), date(2025, 8, 9)),  # 40 days
        ("QC", date(2025, 6, 30), None),
        ("BC", None, None),
    ],
)
def test_lien_period_after_completion(
    province: str, ended: date | None, expected: date | None
) -> None:
    assert release(province, date(2022, 1, 1), ended, date(2022, 6, 30)) == expected


def test_ontario_releases_yearly_since_2026() -> None:
    # a contract of 15 March 2026: anniversary 15 March 2027, 60 days later 14 May 2027
    new = date(2026, 3, 15)
    assert release("ON", new, None, date(2026, 10, 31)) == date(2027, 5, 14)
    assert release("ON", new, None, date(2027, 3, 15)) == date(2027, 5, 14)
    assert release("ON", new, None, date(2027, 3, 16)) == date(2028, 5, 14)
    # completed before the anniversary: 60 days after the completion come first
    assert release("ON", new, date(2026, 11, 30), date(2026, 10, 31)) == date(2027, 1, 29)


def test_older_ontario_contracts_join_at_their_second_anniversary() -> None:
    # of 1 October 2025: anniversaries under the rule are 1 October 2026 and 2027
    assert release("ON", date(2025, 10, 1), None, date(2026, 1, 31)) == date(2027, 11, 30)


def test_an_anniversary_of_29_february() -> None:
    leap = date(2028, 2, 29)
    assert release("ON", leap, None, date(2028, 6, 30)) == date(2029, 4, 30)  # 1 March + 60
    assert release("ON", leap, None, date(2032, 1, 31)) == date(2032, 4, 29)  # 29 February + 60


def test_a_rule_of_ones_own_comes_first() -> None:
    own = LienRule("QC", 30, date(2020, 1, 1), None, "Contract, s. 9")
    found = earliest_release(
        "QC",
        contract_from=date(2024, 1, 1),
        completed_on=date(2025, 6, 30),
        held_until=date(2025, 1, 31),
        extra=[own],
    )
    assert found == date(2025, 7, 30)


def test_a_rule_of_ones_own_ends_the_yearly_release() -> None:
    once = LienRule("ON", 45, date(2026, 1, 1), None, "Agreed for all contracts")
    yearly = LienRule("QC", 30, date(2026, 1, 1), None, "Agreed for all contracts", yearly=True)

    def release_by(own: LienRule, ended: date | None) -> date | None:
        return earliest_release(
            own.jurisdiction,
            contract_from=date(2026, 3, 15),
            completed_on=ended,
            held_until=date(2026, 10, 31),
            extra=[own],
        )

    assert release_by(once, None) is None
    assert release_by(once, date(2026, 11, 30)) == date(2027, 1, 14)  # 45 days
    assert release_by(yearly, None) == date(2027, 4, 14)  # 15 March 2027 and 30 days
