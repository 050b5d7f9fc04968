import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from support.billing_sandbox import TOKEN, billing_sandbox
from support.outside import Reply

from connectors.billing_system import (
    ContractConfiguration,
    Customer,
    InvoiceStatus,
    WeeklyPerformance,
)
from connectors.billing_system.client import HttpBillingSystem
from connectors.errors import NeedsAttention, RetryLater

CUSTOMER = Customer("SITE000001", "North Yard", {"street1": "1 Main", "city": "Toronto"}, "TER0001")
CONFIGURATION = ContractConfiguration(
    "CON00000001",
    "SITE000001",
    "revenue_share",
    "monthly",
    date(2026, 1, 1),
    None,
    {"revenue_percentage": Decimal("0.150000"), "minimum_amount": Decimal("5000.1000")},
)
TODAY = date(2026, 11, 21)


@pytest.fixture
def sandbox():
    with billing_sandbox() as running:
        yield running


@pytest.fixture
def system(sandbox):
    with httpx.Client(timeout=5) as client:
        yield HttpBillingSystem(client=client, base_url=sandbox.url + "/", token=TOKEN)


def put(system, customer=CUSTOMER, key="key-1"):
    return system.put_customer(customer, effective_date=TODAY, idempotency_key=key)


def test_a_customer_is_kept_and_answered_with_its_time(system, sandbox):
    kept = put(system)
    assert kept.customer_name == "North Yard"
    assert kept.updated_at > datetime(2026, 11, 1, tzinfo=UTC)
    (seen,) = sandbox.server.seen
    assert (seen.method, seen.path) == ("PUT", "/api/customers/SITE000001")
    assert seen.headers["idempotency-key"] == "key-1"
    assert json.loads(seen.body)["effective_date"] == "2026-11-21"


def test_the_same_key_writes_once(system, sandbox):
    assert put(system) == put(system)
    assert sandbox.writes == ["customers/SITE000001"]


def test_numbers_travel_exactly(system, sandbox):
    kept = system.put_configuration(CONFIGURATION, effective_date=TODAY, idempotency_key="k")
    assert b'"minimum_amount":5000.1000' in sandbox.server.seen[0].body
    assert kept.configuration["revenue_percentage"] == Decimal("0.15")
    assert kept.billing_start_date == date(2026, 1, 1)
    assert kept.billing_end_date is None


def test_changed_records_come_page_by_page(system, sandbox):
    for number in range(5):
        sandbox.change("customers", f"SITE00000{number}", customer_name=f"Yard {number}")
    found, cursor = [], ""
    for _page in range(3):
        page = system.customers_changed(None, cursor)
        found += [one.customer_id for one in page.items]
        cursor = page.next_cursor
    assert cursor == ""
    assert found == [f"SITE00000{number}" for number in range(5)]
    late = sandbox.clock - timedelta(seconds=1)
    assert len(system.customers_changed(late, "").items) == 2


def test_one_record_is_read_as_it_is_now(system, sandbox):
    assert system.customer("SITE000001") is None
    assert system.configuration("CON00000001") is None
    kept = put(system)
    assert system.customer("SITE000001") == kept
    sent = system.put_configuration(CONFIGURATION, effective_date=TODAY, idempotency_key="k")
    assert system.configuration("CON00000001") == sent


def test_invoices_and_performance_are_told(system, sandbox):
    status = InvoiceStatus(
        *("INV000000001", "AC-2026-000001", "CON00000001", "SITE000001", "CAD"),
        *(Decimal("113.00"), Decimal("13.00"), "partially_paid", TODAY, TODAY),
    )
    system.put_invoice_status(status, idempotency_key="i")
    week = WeeklyPerformance("SITE000001", TODAY, TODAY, "CAD", Decimal(5), Decimal("0.75"))
    system.put_performance([week], idempotency_key="p")
    assert sandbox.invoices["INV000000001"]["amount_paid"] == 13
    assert sandbox.performance[0]["billing_impact"] == Decimal("0.75")


@pytest.mark.parametrize(
    ("reply", "after"),
    [
        (Reply(503), None),
        (Reply(500), None),
        (Reply(409), None),
        (Reply(429, headers={"Retry-After": "120"}), timedelta(minutes=2)),
        (Reply(429, headers={"Retry-After": "99999999"}), timedelta(hours=6)),
        (Reply(503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), timedelta(0)),
        (Reply(503, headers={"Retry-After": "soon"}), None),
        (Reply(200, b"<html>"), None),
    ],
)
def test_what_may_pass_is_tried_again(system, sandbox, reply, after):
    sandbox.broken = lambda _seen: reply
    with pytest.raises(RetryLater) as caught:
        put(system)
    assert caught.value.after == after


@pytest.mark.parametrize(
    ("reply", "field"),
    [
        (Reply(401), "token"),
        (Reply(403), "token"),
        (Reply(301, headers={"Location": "http://127.0.0.1:1/"}), "base_url"),
        (Reply(404), ""),
        (
            Reply(422, b'{"errors": [{"field": "territory_code", "message": "?"}]}'),
            "territory_code",
        ),
        (Reply(422, b'{"errors": "no"}'), ""),
        (Reply(200, b"[]"), ""),
        (Reply(200, b'{"customer_id": 5}'), "customer_id"),
        (Reply(200, b'{"customer_id": "a", "customer_name": "b"}'), "updated_at"),
        (
            Reply(200, b'{"customer_id":"a","customer_name":"b","updated_at":"2026-01-01T00:00"}'),
            "updated_at",
        ),
    ],
)
def test_what_would_fail_again_goes_to_a_person(system, sandbox, reply, field):
    sandbox.broken = lambda _seen: reply
    with pytest.raises(NeedsAttention) as caught:
        put(system)
    assert caught.value.field == field


def test_errors_never_show_the_credentials(system, sandbox):
    sandbox.broken = lambda _seen: Reply(401, TOKEN.encode())
    with pytest.raises(NeedsAttention) as caught:
        put(system)
    assert TOKEN not in str(caught.value)
    sandbox.broken = lambda _seen: Reply(422, json.dumps({"detail": "no"}).encode())
    with pytest.raises(NeedsAttention, match=r"422: no") as caught:
        put(system)
    assert "North Yard" not in str(caught.value)


def test_nobody_at_home_is_tried_again(sandbox):
    with httpx.Client(timeout=1) as client:
        system = HttpBillingSystem(client=client, base_url="http://127.0.0.1:1", token=TOKEN)
        with pytest.raises(RetryLater):
            system.check()


def test_an_answer_without_end_is_refused(system, sandbox):
    sandbox.broken = lambda _seen: Reply(200, b"x" * (5 * 1024 * 1024 + 1))
    with pytest.raises(NeedsAttention):
        system.check()


def test_a_cursor_that_stands_still_is_refused(system, sandbox):
    sandbox.broken = lambda _seen: Reply(200, b'{"items": [], "next": "same"}')
    assert system.customers_changed(None, "").next_cursor == "same"
    with pytest.raises(NeedsAttention):
        system.customers_changed(None, "same")
