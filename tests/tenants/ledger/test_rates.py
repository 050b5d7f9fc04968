"""Exchange rates: fetched daily, entered by hand, chosen by day."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site
from support.browsers import signed_in
from support.outside import Reply
from support.valet import valet_server

from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden, Invalid
from shared.kernel.tenancy import organisation_context
from tenants.ledger.models import ExchangeRate
from tenants.ledger.rates import book_rate
from tenants.ledger.selectors import exchange_rates
from tenants.ledger.services.rates import fetch_bank_rates, needed_pairs, record_rate
from tenants.ledger.tasks import fetch_rates

ON = date(2026, 4, 28)


@pytest.fixture
def bank(settings):
    with valet_server() as server:
        settings.BANK_OF_CANADA_URL = server.url
        yield server


def test_only_the_currencies_that_are_billed_are_fetched_once(in_acme, bank):
    assert fetch_bank_rates(on=ON) == 0
    assert bank.server.seen == []
    make_contract(make_site(currency="USD"), currency="USD")
    assert needed_pairs() == [("USD", "CAD")]
    assert fetch_bank_rates(on=ON) == 2
    assert fetch_bank_rates(on=ON) == 0
    assert "start_date=2026-04-23" in bank.server.seen[1].path  # five days before the last known
    assert book_rate("USD", "CAD", date(2026, 4, 27)).rate == Decimal("1.3699")
    assert book_rate("USD", "CAD", ON).source == "bank_of_canada"
    assert book_rate("USD", "CAD", date(2026, 5, 9)).base_currency == "USD"  # too old by then


def test_a_rate_by_hand_wins_and_is_replaced(in_acme, bank):
    make_site(currency="USD")
    fetch_bank_rates(on=ON)
    for rate in ("1.4", "1.41"):
        record_rate(actor=SYSTEM, currency="USD", into="CAD", on=ON, rate=Decimal(rate))
    found = book_rate("USD", "CAD", ON)
    assert (found.rate, found.source) == (Decimal("1.41"), "manual")
    assert ExchangeRate.objects.filter(source="manual").count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"currency": "XXX"}, "currency"),
        ({"into": "USD"}, "into"),
        ({"on": date(2999, 1, 1)}, "on"),
        ({"rate": Decimal(0)}, "rate"),
        ({"rate": Decimal("NaN")}, "rate"),
        ({"rate": Decimal("1.123456789")}, "rate"),
    ],
)
def test_wrong_rates_name_the_field(in_acme, changes, field):
    given = {"currency": "USD", "into": "CAD", "on": ON, "rate": Decimal("1.4"), **changes}
    with pytest.raises(Invalid) as refused:
        record_rate(actor=SYSTEM, **given)
    assert [one.field for one in refused.value.errors] == [field]


def test_who_may_enter_rates(in_acme, actor_in):
    with pytest.raises(Forbidden):
        record_rate(
            actor=actor_in("approver"), currency="USD", into="CAD", on=ON, rate=Decimal("1.4")
        )
    with pytest.raises(Forbidden):
        exchange_rates(actor=actor_in("contractor"))


def test_what_the_bank_refuses_is_logged_and_nothing_is_stored(acme, bank):
    with organisation_context(acme):
        make_site(currency="USD")
    bank.broken = lambda _seen: Reply(403, b"")
    fetch_rates(schema=acme.schema_name)
    with organisation_context(acme):
        assert ExchangeRate.objects.count() == 0


def test_rates_by_api_and_page(api, acme, client_for, globex):
    body = {"currency": "USD", "into": "CAD", "on": "2026-04-28", "rate": Decimal("1.3712")}
    made = api.post("/exchange-rates", body)
    assert (made.status, made.body["rate"], made.body["source"]) == (
        201,
        Decimal("1.3712"),
        "manual",
    )
    assert api.post("/exchange-rates", {**body, "into": "USD"}).fields == {"into": "same"}
    (row,) = api.get("/exchange-rates?currency=USD").body["items"]
    assert row == made.body
    browser = signed_in(client_for, acme)
    assert "1.371200" in browser.get("/ledger/exchange-rates").content.decode()
    sent = {"currency": "EUR", "into": "CAD", "on": "2026-04-28", "rate": "1.6"}
    assert browser.post("/ledger/exchange-rates", sent).status_code == 302
    assert browser.post("/ledger/exchange-rates", {**sent, "into": "EUR"}).status_code == 422
    with organisation_context(globex):
        assert ExchangeRate.objects.count() == 0
