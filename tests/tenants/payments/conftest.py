"""Invoices of 1,130.00 (a fee of 1,000.00 and 13 % HST) of one customer in acme."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from support.payments import open_invoices

from shared.kernel.actor import SYSTEM
from tenants.invoices.models import Invoice
from tenants.payments.control import control_differences


@pytest.fixture
def invoices(in_acme: Any) -> Callable[..., list[Invoice]]:
    """Makes issued invoices of consecutive months from January 2025."""
    return open_invoices


@pytest.fixture(autouse=True)
def _books_agree(request: pytest.FixtureRequest) -> Iterator[None]:
    """After whatever a test did in acme, journal and documents agree to the cent."""
    spoiling = request.node.get_closest_marker("spoils_the_books")
    inside = "in_acme" in request.fixturenames and request.getfixturevalue("in_acme")
    yield
    if inside and not spoiling:
        assert control_differences(actor=SYSTEM, on=date(2999, 1, 1)) == []
