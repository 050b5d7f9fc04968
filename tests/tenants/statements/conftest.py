"""A customer in Ontario with a fee of 1,000.00 a month: invoices of 1,130.00 with HST."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from tenants.contracts.models import Contract
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice
from tenants.ledger.models import JournalLine
from tenants.payments.services import PaymentInput, record_customer_payment
from tenants.sites.models import Customer
from tenants.statements import hooks

CENT = Decimal("0.01")


@pytest.fixture
def contract(in_acme: Any) -> Contract:
    """Its first invoice can be that of January 2025."""
    return make_contract(make_site(), effective_date=date(2025, 1, 1))


@pytest.fixture
def customer(contract: Contract) -> Customer:
    """Who pays."""
    return contract.site.customer


@pytest.fixture
def bill() -> Callable[..., Invoice]:
    """Issues the invoice of a contract for a month of 2025, dated on its last day."""

    def bill(contract: Contract, month: int, **changes: Any) -> Invoice:
        return generate_invoice(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            contract_id=contract.contract_id,
            period=month_period(2025, month),
            render=False,
            **changes,
        ).invoice

    return bill


@pytest.fixture
def pay() -> Callable[..., Any]:
    """Records money of a customer; it settles the oldest invoices first."""

    def pay(customer: Customer, amount: str, on: date, **changes: Any) -> Any:
        given = PaymentInput(Decimal(amount), "CAD", on, "ACH", **changes)
        return record_customer_payment(
            actor=SYSTEM, customer_id=customer.customer_id, given=given
        ).payment

    return pay


@pytest.fixture
def books() -> Callable[..., Decimal]:
    """A customer's receivable and unapplied cash at the end of a day, from the journal alone."""

    def balance(customer: Customer, on: date, currency: str = "CAD") -> Decimal:
        lines = JournalLine.objects.filter(
            customer_id=customer.pk,
            account__in=("receivable", "unapplied_cash"),
            posted_on__lte=on,
            currency=currency,
        )
        return sum((line.amount for line in lines), Decimal(0))

    return balance


class Courier:
    """A delivery app that notes what it was given."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    def __call__(self, *, actor: Any, statement_ids: Any, method: str) -> None:
        assert connection.in_atomic_block
        self.taken += [(pk, method) for pk in statement_ids]


@pytest.fixture
def courier(monkeypatch: pytest.MonkeyPatch) -> Courier:
    """Takes statements for as long as the test runs."""
    courier = Courier()
    monkeypatch.setattr(hooks, "_distributors", [courier])
    return courier


@pytest.fixture
def no_courier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody delivers."""
    monkeypatch.setattr(hooks, "_distributors", [])
