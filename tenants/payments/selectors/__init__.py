"""Reading payments, what is left of them, what is owed and when it is expected."""

from tenants.payments.selectors.ageing import (
    AgeingRow,
    GroupBy,
    ageing,
    ageing_totals,
    open_items,
)
from tenants.payments.selectors.expected import ExpectedCash, expected_cash
from tenants.payments.selectors.listing import (
    get_payment,
    payment_batches,
    payments,
    payments_of_invoice,
    realised_differences,
    search_payments,
)

__all__ = [
    "AgeingRow",
    "ExpectedCash",
    "GroupBy",
    "ageing",
    "ageing_totals",
    "expected_cash",
    "get_payment",
    "open_items",
    "payment_batches",
    "payments",
    "payments_of_invoice",
    "realised_differences",
    "search_payments",
]
