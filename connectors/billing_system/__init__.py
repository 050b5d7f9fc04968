"""The billing system on the other side of the sync: neutral records and what it can do.

Customers are keyed by our site id, contract configurations by our contract id. Source: seed 000,
Data Integration Specifications.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol


@dataclass(frozen=True)
class Customer:
    """A site as the billing system knows it; `updated_at` is the other side's own."""

    customer_id: str
    customer_name: str
    billing_address: Mapping[str, str]
    territory_code: str
    updated_at: datetime | None = None


@dataclass(frozen=True)
class ContractConfiguration:
    """A contract as the billing system knows it; `configuration` has its field names."""

    contract_number: str
    customer_id: str
    billing_method: str
    invoice_frequency: str
    billing_start_date: date
    billing_end_date: date | None
    configuration: Mapping[str, Any]
    updated_at: datetime | None = None


@dataclass(frozen=True)
class InvoiceStatus:
    """What became of an invoice; one way, from us to the billing system."""

    invoice_id: str
    invoice_number: str
    contract_number: str
    customer_id: str
    currency: str
    total_amount: Decimal
    amount_paid: Decimal
    status: str
    invoice_date: date
    due_date: date


@dataclass(frozen=True)
class WeeklyPerformance:
    """What a site took in a week and what that changes in its bills; one way."""

    customer_id: str
    week_start_date: date
    week_end_date: date
    currency: str
    revenue: Decimal
    billing_impact: Decimal


@dataclass(frozen=True)
class CustomerPage:
    """Customers of one page, in order of change; `next_cursor` is empty at the end."""

    items: Sequence[Customer]
    next_cursor: str = ""


@dataclass(frozen=True)
class ConfigurationPage:
    """Contract configurations of one page, in order of change."""

    items: Sequence[ContractConfiguration]
    next_cursor: str = ""


class BillingSystem(Protocol):
    """What the sync needs of a billing system. Every call raises RetryLater or NeedsAttention.

    Putting the same record twice leaves one; an idempotency key makes a repeated call answer as
    the first did. `effective_date` tells from which day on a change counts.
    """

    def check(self) -> None:
        """Reach it with these credentials, changing nothing."""

    def customers_changed(self, since: datetime | None, cursor: str) -> CustomerPage:
        """A page of the customers changed at or after an instant; all without one."""

    def configurations_changed(self, since: datetime | None, cursor: str) -> ConfigurationPage:
        """A page of the contract configurations changed at or after an instant."""

    def customer(self, customer_id: str) -> Customer | None:
        """One customer as it is now; None where there is none."""

    def configuration(self, contract_number: str) -> ContractConfiguration | None:
        """One contract's configuration as it is now; None where there is none."""

    def put_customer(
        self, customer: Customer, *, effective_date: date, idempotency_key: str
    ) -> Customer:
        """Make or change a customer; the record as it is kept there now."""

    def put_configuration(
        self,
        configuration: ContractConfiguration,
        *,
        effective_date: date,
        idempotency_key: str,
    ) -> ContractConfiguration:
        """Make or change a contract's configuration; the record as it is kept there now."""

    def put_invoice_status(self, status: InvoiceStatus, *, idempotency_key: str) -> None:
        """Tell what became of an invoice."""

    def put_performance(self, rows: Sequence[WeeklyPerformance], *, idempotency_key: str) -> None:
        """Tell a week's performance of several sites."""
