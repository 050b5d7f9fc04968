"""Invoices of 1,130.00 (a fee of 1,000.00 and 13 % HST) of one customer in acme."""

from collections.abc import Callable
from typing import Any

import pytest
from support.payments import open_invoices

from tenants.invoices.models import Invoice


@pytest.fixture
def invoices(in_acme: Any) -> Callable[..., list[Invoice]]:
    """Makes issued invoices of consecutive months from January 2025."""
    return open_invoices
