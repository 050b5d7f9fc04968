"""Billing information and billing configuration of a site over HTTP (seed 000)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import redis
from django.core.cache.backends.redis import RedisCache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.api import (
    PROBLEM,
    Program,
    active_contract,
    address,
    contract_body,
    invoice_body,
    key_of,
    site_body,
)

from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.contracts.models import Contract, ContractTerms
from tenants.contracts.services import TermsInput, change_terms

HOURLY = {
    "contract_type": "per_labor_hour",
    "billing_frequency": "monthly",
    "hourly_rates": {
        "standard": Decimal("25.00"),
        "overtime_multiplier": Decimal("1.5"),
        "holiday_multiplier": Decimal("2.0"),
    },
    "effective_date": "2025-02-01",
}


@pytest.fixture
def count(acme):
    def rows(model=Contract):
        with organisation_context(acme):
            return model.objects.count()

    return rows


@pytest.fixture
def info(site_id):
    return f"/customer-sites/{site_id}/billing-info"


@pytest.fixture
def config(site_id):
    return f"/customer-sites/{site_id}/billing-config"


# --- billing-info -------------------------------------------------------------------------


def test_billing_info_as_in_the_integration_spec(api, site_id, info):
    found = api.get(info)
    assert found.status == 200
    contract_id = found.body["contract_info"]["contract_id"]
    assert found.body == {
        "site_id": site_id,
        "site_name": "Downtown Medical Center",
        "billing_contact": {
            "name": "John Smith",
            "email": "john.smith@hospital.com",
            "phone": "+1-416-555-0123",
        },
        "billing_address": {**address(), "street2": None, "country": "CA"},
        "contract_info": {
            "contract_id": contract_id,
            "contract_type": "revenue_share",
            "billing_frequency": "monthly",
            "effective_date": "2025-01-01",
        },
        "billing_configuration": {
            "revenue_share_rate": Decimal("0.15"),
            "minimum_guarantee": Decimal("5000.00"),
            "escalation_schedule": {
                "annual_increase": Decimal("0.03"),
                "effective_date": "2025-01-01",
            },
        },
    }
    assert '"minimum_guarantee":5000.00' in found.raw


def test_amounts_sent_as_text_are_answered_as_numbers(api, site_id):
    configuration = {
        "contract_type": "hybrid",
        "billing_configuration": {
            "components": [
                {"contract_type": "fixed_fee", "monthly_fee": "1500.10"},
                {
                    "contract_type": "per_labor_hour",
                    "hourly_rates": {"standard": "30"},
                    "job_rates": [{"job_code": "007", "regular": "48.5"}],
                },
            ],
            "maximum_cap": "6000",
        },
    }
    made = api.post("/contracts", contract_body(site_id, **configuration))
    assert made.status == 201, made.raw
    assert '"monthly_fee":1500.10' in made.raw
    assert '"job_code":"007"' in made.raw
    assert '"regular":48.5' in made.raw
    assert '"maximum_cap":6000' in made.raw


def test_billing_info_needs_to_know_the_contract(api, site_id, info, acme):
    other = active_contract(api, site_id)
    refused = api.get(info)
    assert (refused.status, refused.fields) == (409, {"contract_id": "ambiguous"})
    assert len(refused.body["contracts"]) == 2
    named = api.get(f"{info}?contract_id={other}").body
    assert named["contract_info"]["contract_id"] == other
    assert api.get(f"{info}?contract_id=CON99999999").status == 404
    assert api.get(f"{info}?contract_id=").status == 404
    assert api.get("/customer-sites/SITE999999/billing-info").status == 404
    assert api.get("/customer-sites/nonsense/billing-info").status == 404


@pytest.mark.parametrize("scopes", [["sites:read"], ["contracts:read"], ["invoices:write"]])
def test_billing_info_needs_both_rights(acme, client_for, info, scopes):
    assert Program(client_for(acme), key_of(acme, scopes)).get(info).status == 403


def test_nobody_is_asked_to_sign_in(acme, client_for, info, config):
    nobody = Program(client_for(acme), "ip_nonsense")
    for answer in (nobody.get(info), nobody.put(config, HOURLY), nobody.post("/contracts", {})):
        assert (answer.status, answer.headers["Content-Type"]) == (401, PROBLEM)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


# --- what the cache keeps -----------------------------------------------------------------


def queries_of(api, path):
    with CaptureQueriesContext(connection) as captured:
        assert api.get(path).status == 200
    return [one["sql"] for one in captured]


def kept_by(monkeypatch):
    """What is put into the cache from here on: kind of key and seconds."""
    kept = {}
    monkeypatch.setattr(
        RedisCache,
        "set",
        lambda self, key, value, seconds: kept.update({key.split(":")[0]: seconds}),
    )
    return kept


def test_billing_info_is_read_from_the_cache(api, info):
    first, again = queries_of(api, info), queries_of(api, info)
    assert any("contracts_contractterms" in sql for sql in first)
    assert not any("contracts_contractterms" in sql or "sites_contact" in sql for sql in again)


def test_billing_info_stays_an_hour(api, info, monkeypatch):
    kept = kept_by(monkeypatch)
    api.get(info)
    assert kept == {"billing-info": 3600}


def test_territories_stay_two_hours(api, monkeypatch):
    made = api.make("/territories", {"name": "East"})
    path = f"/territories/{made['territory_id']}"
    first, again = queries_of(api, path), queries_of(api, path)
    assert len(first) == len(again) + 1
    assert api.patch(path, {"name": "North"}).status == 200
    assert api.get(path).body["name"] == "North"
    kept = kept_by(monkeypatch)
    api.patch(path, {"name": "South"})
    api.get(path)
    assert kept == {"territory": 7200}


def test_every_change_drops_it(api, site_id, info, config, acme):
    contract_id = api.get(info).body["contract_info"]["contract_id"]
    site = f"/customer-sites/{site_id}"
    changes = {
        "name": lambda: api.patch(site, {"site_name": "Uptown"}),
        "contact": lambda: api.patch(
            site, {"billing_contact": {"name": "Ann Lee", "email": "ann@example.com"}}
        ),
        "address": lambda: api.patch(site, {"billing_address": address(street1="9 Elm")}),
        "terms": lambda: api.put(config, HOURLY),
    }
    seen = [api.get(info).raw]
    for name, change in changes.items():
        assert change().status == 200, name
        seen.append(api.get(info).raw)
    assert len(set(seen)) == len(seen)
    assert api.get(info).body["contract_info"]["contract_type"] == "per_labor_hour"
    api.make(f"/contracts/{contract_id}/terminate", {"end_date": "2025-12-31"})
    assert api.get(info).status == 409  # no active contract


def test_a_slow_reader_leaves_nothing_stale(api, site_id, info, acme, monkeypatch):
    """It reads before a change and stores after it: the stored value must not be served."""
    contract_id = api.get(info).body["contract_info"]["contract_id"]
    keep = RedisCache.set

    def change_first(*given):
        monkeypatch.setattr(RedisCache, "set", keep)
        change_terms(
            actor=SYSTEM,
            contract_id=contract_id,
            terms=TermsInput("fixed_fee", {"monthly_fee": "7.00"}),
            effective_date=date(2025, 3, 1),
        )
        keep(*given)

    api.patch(f"/customer-sites/{site_id}", {"site_name": "Uptown"})
    monkeypatch.setattr(RedisCache, "set", change_first)
    slow = api.get(info).body
    assert slow["contract_info"]["contract_type"] == "revenue_share"
    assert api.get(info).body["contract_info"]["contract_type"] == "fixed_fee"


@pytest.mark.parametrize("broken", ["get", "set"])
def test_without_redis_it_is_read_each_time(api, info, monkeypatch, broken):
    works = getattr(RedisCache, broken)

    def fail(self, key, *more):
        if key.startswith("billing-info"):
            raise redis.ConnectionError
        return works(self, key, *more)

    monkeypatch.setattr(RedisCache, broken, fail)
    for _time in range(2):
        assert api.get(info).body["site_name"] == "Downtown Medical Center"


def test_organisations_share_no_cached_value(api, info, site_id, acme, globex, client_for):
    """The same ids at both: the sequences of both start at 1."""
    api.get(info)
    other = Program(client_for(globex), key_of(globex))
    body = site_body(site_id=site_id, site_name="Globex Lot")
    assert other.post("/customer-sites", body).status == 201
    contract_id = api.get(info).body["contract_info"]["contract_id"]
    active_contract(other, site_id, contract_id=contract_id)
    assert other.get(info).body["site_name"] == "Globex Lot"
    assert api.get(info).body["site_name"] == "Downtown Medical Center"


def test_billing_info_answers_304_until_something_changes(api, info, config):
    tag = {"if-none-match": api.get(info).headers["ETag"]}
    assert api.get(info, **tag).status == 304
    api.put(config, HOURLY)
    assert api.get(info, **tag).status == 200


def test_terms_that_come_into_force_change_the_tag(api, site_id, time_machine):
    time_machine.move_to(datetime(2025, 1, 15, 12, tzinfo=UTC))
    contract_id = api.get("/contracts").body["items"][0]["contract_id"]
    api.put(f"/customer-sites/{site_id}/billing-config", HOURLY)
    path = f"/contracts/{contract_id}"
    before = api.get(path)
    time_machine.move_to(datetime(2025, 2, 15, 12, tzinfo=UTC))
    after = api.get(path, **{"if-none-match": before.headers["ETag"]})
    assert (after.status, after.body["contract_type"]) == (200, "per_labor_hour")


# --- billing-config -----------------------------------------------------------------------


def test_billing_config_as_in_the_integration_spec(api, config, info):
    changed = api.put(config, HOURLY)
    assert changed.status == 200, changed.raw
    assert changed.body.pop("change_id").startswith("CHG")
    body = changed.body
    assert body["status"] == "success"
    assert body["message"] == "Billing configuration updated successfully"
    assert body["effective_date"] == "2025-02-01"
    assert len(body["change_id"]) == 12
    assert api.get(info).body["billing_configuration"] == {"hourly_rates": HOURLY["hourly_rates"]}


def test_past_periods_keep_their_terms(api, site_id, config):
    api.put(config, HOURLY)
    made = api.make("/billing/generate-invoice?explain=true", invoice_body(site_id))
    assert made["lines"][0]["code"] == "revenue_share"
    february = {"start_date": "2025-02-01", "end_date": "2025-02-28"}
    body = invoice_body(site_id, billing_period=february)
    made = api.make("/billing/generate-invoice?explain=true", body)
    # 160 x 25 + 20 x 37.50 + 8 x 50 + 500
    assert made["subtotal"] == Decimal("5650.00")


def test_invoiced_days_keep_their_terms(api, site_id, config, count):
    api.make("/billing/generate-invoice", invoice_body(site_id))
    refused = api.put(config, {**HOURLY, "effective_date": "2025-01-31"})
    assert (refused.status, refused.fields) == (409, {"effective_date": "invoiced"})
    assert count(ContractTerms) == 1
    assert api.put(config, HOURLY).status == 200


def test_the_frequency_stays_where_none_is_given(api, site_id, config, info):
    api.put(config, {**HOURLY, "billing_frequency": "quarterly"})
    later = {key: value for key, value in HOURLY.items() if key != "billing_frequency"}
    assert api.put(config, {**later, "effective_date": "2025-04-01"}).status == 200
    assert api.get(info).body["contract_info"]["billing_frequency"] == "quarterly"


def test_configuration_under_one_name_or_beside_the_others(api, config):
    nested = {
        "contract_type": "fixed_fee",
        "effective_date": "2025-02-01",
        "billing_configuration": {"monthly_fee": "100"},
    }
    assert api.put(config, nested).status == 200
    refused = api.put(config, {**nested, "monthly_fee": 5})
    assert (refused.status, refused.fields) == (422, {"monthly_fee": "misplaced"})


def test_a_stale_configuration_is_refused(api, config, info, count):
    tag = {"if-match": api.get(info).headers["ETag"]}
    assert api.put(config, HOURLY, **tag).status == 200
    refused = api.put(config, {**HOURLY, "effective_date": "2025-03-01"}, **tag)
    assert (refused.status, refused.headers["Content-Type"]) == (412, PROBLEM)
    assert api.put(config, HOURLY, **{"if-match": "nonsense"}).status == 412
    assert count(ContractTerms) == 2


WRONG_CONFIG = {
    "no type": ({"contract_type": None}, {"contract_type"}),
    "unknown type": ({"contract_type": "barter"}, {"contract_type"}),
    "frequency": ({"billing_frequency": "weekly"}, {"billing_frequency"}),
    "before the contract": ({"effective_date": "2024-12-31"}, {"effective_date"}),
    "no such date": ({"effective_date": "2025-02-29"}, {"effective_date"}),
    "unknown field": ({"nights": 5}, {"billing_configuration.nights"}),
    "rates are a number": ({"hourly_rates": 25}, {"billing_configuration.hourly_rates"}),
    "rate is true": (
        {"hourly_rates": {"standard": True}},
        {"billing_configuration.hourly_rates.standard"},
    ),
    "rate is zero": (
        {"hourly_rates": {"standard": 0}},
        {"billing_configuration.hourly_rates.standard"},
    ),
    "several at once": (
        {"hourly_rates": {"standard": "x", "overtime_multiplier": "0.5", "weekend": 2}},
        {
            "billing_configuration.hourly_rates.standard",
            "billing_configuration.hourly_rates.overtime_multiplier",
            "billing_configuration.hourly_rates.weekend",
        },
    ),
}


@pytest.mark.parametrize(("changes", "fields"), WRONG_CONFIG.values(), ids=WRONG_CONFIG.keys())
def test_wrong_configurations_name_the_field(api, config, count, changes, fields):
    refused = api.put(config, {**HOURLY, **changes})
    assert refused.status == 422, refused.raw
    assert set(refused.fields) == fields
    assert count(ContractTerms) == 1


def test_who_may_not_change_learns_nothing(acme, client_for, config):
    reader = Program(client_for(acme), key_of(acme, ["contracts:read", "sites:write"]))
    assert reader.put(config, HOURLY).status == 403
    assert reader.put("/customer-sites/SITE999999/billing-config", HOURLY).status == 403
