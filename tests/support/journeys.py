"""What a journey through the pages starts from, made over the API in the visitor's own session."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.api import address, site_body
from support.visitor import ENGLISH_DESKTOP, FRENCH_PHONE, Visitor, Way

WORK_MS = 60_000  # for what a worker does; the page shows when it is done
ACME_ZONE = ZoneInfo("America/Toronto")


@dataclass(frozen=True)
class Journey:
    """How somebody goes through the pages, and where the site lies of which they tell."""

    way: Way
    address: Mapping[str, str]
    rates: tuple[str, ...]

    def taxed(self, cents: int) -> list[int]:
        """An amount as totals show it: before tax, each tax to the cent, with tax."""
        taxes = [
            int((cents * Decimal(rate)).quantize(Decimal(1), ROUND_HALF_UP)) for rate in self.rates
        ]
        return [cents, *taxes, cents + sum(taxes)]


JOURNEYS = [
    # 1,000.00 with HST of Ontario: 130.00, together 1,130.00
    pytest.param(Journey(ENGLISH_DESKTOP, address(), ("0.13",)), id="desktop"),
    # 1,000.00 with GST and QST: 50.00 and 99.75, together 1,149.75
    pytest.param(
        Journey(
            FRENCH_PHONE,
            address(street1="1051, rue Sanguinet", city="Montréal", state="QC", zip="H2X 3E4"),
            ("0.05", "0.09975"),
        ),
        id="phone-dark-french",
    ),
]


@dataclass(frozen=True)
class Ground:
    """A site with its own customer."""

    site_id: str
    customer_id: str


def month_before(months: int) -> tuple[date, date]:
    """First and last day of the month so many months before the present one of acme."""
    first = datetime.now(ACME_ZONE).date().replace(day=1)
    last = first
    for _ in range(months):
        last = first - timedelta(days=1)
        first = last.replace(day=1)
    return first, last


def make_site(visitor: Visitor, journey: Journey, name: str, **changes: Any) -> Ground:
    """A site in the journey's province."""
    body = site_body(site_name=name, billing_address=dict(journey.address), **changes)
    made = visitor.make("/customer-sites", body)
    return Ground(made["site_id"], made["customer_id"])


def make_contract(visitor: Visitor, ground: Ground, months: int = 2, **changes: Any) -> str:
    """A contract in force since so many months ago; a fee of 1,000.00 unless told otherwise."""
    body = {
        "site_id": ground.site_id,
        "contract_type": "fixed_fee",
        "effective_date": month_before(months)[0],
        "billing_configuration": {"monthly_fee": "1000.00"},
        **changes,
    }
    contract_id: str = visitor.make("/contracts", body)["contract_id"]
    visitor.make(f"/contracts/{contract_id}/activate")
    return contract_id


def make_invoice(visitor: Visitor, ground: Ground, months: int, **changes: Any) -> tuple[str, str]:
    """The issued invoice of a month before: its id and its number."""
    first, last = month_before(months)
    body = {
        "site_id": ground.site_id,
        "billing_period": {"start_date": first, "end_date": last},
        **changes,
    }
    made = visitor.make("/billing/generate-invoice", body)
    return made["invoice_id"], made["invoice_number"]
