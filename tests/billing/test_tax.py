from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.errors import AmountTooLarge, NoTaxRate, UnknownProvince
from billing.tax import (
    PROVINCES,
    TAX_TABLE,
    Exemption,
    TaxRule,
    components_for,
    compute_taxes,
    find_exempt_names,
)

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("province", "on", "components"),
    [
        ("AB", TODAY, [("GST", "0.05")]),
        ("NT", TODAY, [("GST", "0.05")]),
        ("NU", TODAY, [("GST", "0.05")]),
        ("YT", TODAY, [("GST", "0.05")]),
        ("BC", TODAY, [("GST", "0.05"), ("PST", "0.07")]),
        ("MB", TODAY, [("GST", "0.05"), ("RST", "0.07")]),
        ("MB", date(2019, 6, 30), [("GST", "0.05"), ("RST", "0.08")]),
        ("MB", date(2019, 7, 1), [("GST", "0.05"), ("RST", "0.07")]),
        ("SK", TODAY, [("GST", "0.05"), ("PST", "0.06")]),
        ("SK", date(2017, 3, 22), [("GST", "0.05"), ("PST", "0.05")]),
        ("QC", TODAY, [("GST", "0.05"), ("QST", "0.09975")]),
        ("ON", TODAY, [("HST", "0.13")]),
        ("NB", TODAY, [("HST", "0.15")]),
        ("NB", date(2016, 6, 30), [("HST", "0.13")]),
        ("NL", TODAY, [("HST", "0.15")]),
        ("PE", TODAY, [("HST", "0.15")]),
        ("PE", date(2016, 9, 30), [("HST", "0.14")]),
        ("NS", date(2025, 3, 31), [("HST", "0.15")]),
        ("NS", date(2025, 4, 1), [("HST", "0.14")]),
    ],
)
def test_components_of_a_province_on_a_day(
    province: str, on: date, components: list[tuple[str, str]]
) -> None:
    found = components_for(province, on)
    assert [(component.name, str(component.rate)) for component in found] == components
    assert all(component.source for component in found)


def test_every_day_since_the_tables_start_has_one_rate_per_component() -> None:
    edges = {rule.starts_on for rule in TAX_TABLE} | {TODAY}
    for province in PROVINCES:
        for on in edges:
            here = [rule.name for rule in TAX_TABLE if rule.applies("CA", province, on)]
            assert sorted(here) in (
                ["HST"],
                ["GST"],
                ["GST", "PST"],
                ["GST", "RST"],
                ["GST", "QST"],
            )


@pytest.mark.parametrize("province", ["TX", "on", "", "Ontario"])
def test_an_unknown_province_is_refused(problems: Any, province: str) -> None:
    assert problems(UnknownProvince, components_for, province, TODAY) == [
        ("province", "unknown_province")
    ]


def test_before_the_table_is_an_error_not_a_guess(problems: Any) -> None:
    assert problems(NoTaxRate, components_for, "ON", date(2013, 6, 30)) == [
        ("invoice_date", "no_tax_rate")
    ]


def test_outside_canada_only_what_the_tenant_configured() -> None:
    texas = TaxRule("US", "TX", "Sales tax", Decimal("0.0825"), date(2020, 1, 1), None, "Tenant")
    assert components_for("TX", TODAY, country="US") == ()
    assert [tax.name for tax in components_for("TX", TODAY, [texas], country="US")] == ["Sales tax"]
    assert components_for("NY", TODAY, [texas], country="US") == ()
    assert components_for("TX", date(2019, 12, 31), [texas], country="US") == ()


def test_a_tenants_rule_replaces_or_adds() -> None:
    ended = date(2026, 12, 31)
    rules = [
        TaxRule("CA", "", "Levy", Decimal("0.01"), date(2026, 1, 1), ended, "By-law 7"),
        TaxRule("CA", "BC", "PST", Decimal("0"), date(2026, 1, 1), None, "Ruling"),
    ]
    assert [(tax.name, str(tax.rate)) for tax in components_for("BC", TODAY, rules)] == [
        ("GST", "0.05"),
        ("PST", "0"),
        ("Levy", "0.01"),
    ]
    assert [tax.name for tax in components_for("ON", date(2027, 1, 1), rules)] == ["HST"]


def _charges(*charges: tuple[str, object]) -> dict[str, Any]:
    return {
        "additional_charges": [
            {"description": "x", "amount": amount, "taxable": taxable}
            for amount, taxable in charges
        ]
    }


@pytest.mark.parametrize(
    ("charges", "taxes"),
    [
        # 0.10 + 0.10 = 0.20 x 5 % = 0.01: rounded once on the sum, not 0.005 a line
        ([("0.10", True), ("0.10", True)], [("GST", "0.20", "0.01"), ("PST", "0.20", "0.01")]),
        ([("100", ["GST"]), ("50", True)], [("GST", "150.00", "7.50"), ("PST", "50.00", "3.50")]),
        ([("100", False), ("50", ["HST"])], []),
        ([("100", True), ("-100", True)], [("GST", "0.00", "0.00"), ("PST", "0.00", "0.00")]),
        ([("0", True)], []),
        ([("-100.10", True)], [("GST", "-100.10", "-5.01"), ("PST", "-100.10", "-7.01")]),
        ([("0.01", True)], [("GST", "0.01", "0.00"), ("PST", "0.01", "0.00")]),
    ],
)
def test_tax_is_rounded_once_on_the_sum_of_taxable_lines(
    rate: Any, charges: list[tuple[str, object]], taxes: list[tuple[str, str, str]]
) -> None:
    lines = rate("fixed_fee", {"monthly_fee": 0}, _charges(*charges))
    found = compute_taxes(lines, components_for("BC", TODAY), "CAD")
    assert [(tax.name, str(tax.base), str(tax.amount)) for tax in found] == taxes


def test_an_exempt_customer(rate: Any) -> None:
    lines = rate("fixed_fee", {"monthly_fee": 100})
    components = components_for("QC", TODAY)
    certificates = [Exemption("C-1", ("QST",), date(2026, 1, 1), date(2026, 12, 31))]
    exempt = find_exempt_names(certificates, components, TODAY)
    assert exempt == {"QST"}
    assert [tax.name for tax in compute_taxes(lines, components, "CAD", exempt)] == ["GST"]


@pytest.mark.parametrize(
    ("certificate", "covered"),
    [
        (Exemption("C", (), None, None), True),
        (Exemption("C", (), TODAY, TODAY), True),
        (Exemption("C", (), date(2026, 11, 22), None), False),
        (Exemption("C", (), None, date(2026, 11, 20)), False),
        (Exemption("C", ("PST",), None, None), False),
    ],
)
def test_a_certificate_counts_from_its_first_to_its_last_day(
    certificate: Exemption, covered: bool
) -> None:
    assert certificate.covers("GST", TODAY) is covered


def test_a_base_beyond_what_is_stored_is_refused(rate: Any, problems: Any) -> None:
    lines = rate("fixed_fee", {"monthly_fee": "600000000000000"}) * 2
    components = components_for("ON", TODAY)
    assert problems(AmountTooLarge, compute_taxes, lines, components, "CAD") == [
        ("HST", "amount_too_large")
    ]
