"""A foreign invoice without an exchange rate is issued, and a person is asked for the rate."""

from datetime import date
from decimal import Decimal

from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from tenants.invoices.services import generate_invoice
from tenants.ledger.services.rates import record_rate
from tenants.review.models import ReviewItem


def test_it_asks_once_for_a_company_and_currency(in_acme):
    site = make_site(currency="USD")
    make_contract(site, currency="USD")

    def bill(month):
        return generate_invoice(
            actor=SYSTEM, site_id=site.site_id, period=month_period(2025, month)
        ).invoice

    first, second = bill(1), bill(2)
    assert (first.exchange_rate, first.base_currency) == (None, "USD")
    item = ReviewItem.objects.get()
    assert (item.kind, item.field, item.link) == (
        "exchange_rate",
        "exchange_rate",
        "/ledger/exchange-rates",
    )
    assert second.number in item.cause
    given = {"actor": SYSTEM, "into": "CAD", "rate": Decimal("1.35")}
    record_rate(currency="EUR", on=today(), **given)
    record_rate(currency="USD", on=date(2025, 3, 1), **given)  # neither then nor now
    item.refresh_from_db()
    assert item.status == "open"
    record_rate(currency="USD", on=date(2025, 2, 27), **given)  # holds on the invoice's day
    item.refresh_from_db()
    assert (item.status, item.closing_note) == ("resolved", "The rate is known now.")
    assert bill(4).exchange_rate is None
    record_rate(currency="USD", on=today(), **given)  # for the invoices to come
    assert not ReviewItem.objects.filter(status="open").exists()
    record_rate(currency="USD", on=date(2025, 3, 31), **given)
    assert bill(3).exchange_rate == Decimal("1.35")
    assert ReviewItem.objects.count() == 2
