from datetime import date
from decimal import Decimal
from typing import Any

from billing.errors import AmountTooLarge
from billing.tax import components_for
from billing.totals import sum_amounts, total_invoice

ON_DAY = date(2026, 11, 21)


def test_total_is_subtotal_plus_taxes(rate: Any) -> None:
    lines = rate(
        "fixed_fee",
        {"monthly_fee": "1234.56"},
        {"additional_charges": [{"description": "Permit", "amount": 120, "taxable": False}]},
    )
    totals = total_invoice(lines, components_for("QC", ON_DAY), "CAD")
    # 1234.56 x 5 % = 61.728; x 9.975 % = 123.147…
    assert [str(tax.amount) for tax in totals.taxes] == ["61.73", "123.15"]
    assert [str(tax.base) for tax in totals.taxes] == ["1234.56", "1234.56"]
    assert (str(totals.subtotal), str(totals.total)) == ("1354.56", "1539.44")
    assert totals.tax_total == Decimal("184.88")


def test_an_exempt_customer_pays_the_subtotal(rate: Any) -> None:
    lines = rate("fixed_fee", {"monthly_fee": 100})
    totals = total_invoice(lines, components_for("ON", ON_DAY), "CAD", {"HST"})
    assert totals.taxes == ()
    assert totals.total == totals.subtotal == 100


def test_nothing_to_add_is_zero_in_the_currencys_unit() -> None:
    assert str(sum_amounts([], "CAD")) == "0.00"
    assert str(total_invoice((), (), "JPY").total) == "0"


def test_sums_are_exact_whatever_their_length() -> None:
    big = Decimal("999999999999999.99")
    assert sum_amounts([big] * 3 + [-big] * 3 + [Decimal("0.01")], "CAD") == Decimal("0.01")


def test_a_subtotal_beyond_what_is_stored_is_refused(rate: Any, problems: Any) -> None:
    lines = rate("fixed_fee", {"monthly_fee": "900000000000000"})
    assert problems(AmountTooLarge, total_invoice, lines * 2, (), "CAD") == [
        ("subtotal", "amount_too_large")
    ]
    taxed = components_for("ON", ON_DAY)
    assert problems(AmountTooLarge, total_invoice, lines, taxed, "CAD") == [
        ("total", "amount_too_large")
    ]
