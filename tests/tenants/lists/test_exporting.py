"""What a list shows, as a file: its filter, its order and the columns that were chosen."""

import csv
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.api import pagination
from tenants.contracts.lists import CONTRACTS
from tenants.invoices.lists import INVOICES
from tenants.invoices.services import generate_invoice
from tenants.sites.lists import SITES
from tenants.sites.services import create_territory


@pytest.fixture
def browser(in_acme, client_for):
    return signed_in(client_for, in_acme, "billing_manager")


def rows(answer):
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(StringIO(text)))


def billed_site(name):
    site = make_site(site_name=name)
    make_contract(site)
    generate_invoice(actor=SYSTEM, site_id=site.site_id, period=month_period(2026, 10))
    return site


@pytest.mark.parametrize("spec", [INVOICES, CONTRACTS, SITES], ids=lambda spec: spec.name)
def test_every_column_can_be_exported(browser, spec):
    billed_site("North")
    chosen = "&".join(f"columns={column.name}" for column in spec.columns)
    header, row = rows(browser.get(f"/{spec.name}.csv?{chosen}"))
    assert header[-len(spec.columns) :] == [str(column.label) for column in spec.columns]
    assert len(row) == len(header)


def test_filter_order_and_usual_columns_are_those_of_the_page(browser):
    for name in ("North", "South", "North 2"):
        billed_site(name)
    _header, *found = rows(browser.get("/sites.csv?q=north&sort=-name"))
    assert [row[1] for row in found] == ["North 2", "North"]
    header, first, *_rest = rows(browser.get("/invoices.csv"))
    assert header == ["Invoice", "Site", "Currency", "Period", "Dated", "Due", "Total", "Status"]
    assert [first[2], first[3], first[6]] == ["CAD", "2026-10-01/2026-10-31", "1130.00"]
    assert browser.get("/sites.csv?sort=password").status_code == 422


def test_batches_join_without_a_gap_and_cost_a_query_each(browser, monkeypatch):
    monkeypatch.setattr(pagination, "LIMIT_MAX", 2)
    names = [f"Site {number}" for number in range(5)]
    for name in names:
        make_site(site_name=name)
    with CaptureQueriesContext(connection) as queries:
        _header, *found = rows(browser.get("/sites.csv"))
    assert [row[1] for row in found] == names
    assert (
        sum('FROM "sites_site"' in one["sql"] and "LIMIT 3" in one["sql"] for one in queries) == 3
    )


def test_a_territory_has_a_row_for_what_was_billed_in_it(browser):
    east = create_territory(actor=SYSTEM, name="East")
    create_territory(actor=SYSTEM, name="West")
    make_site(territory_id=east.territory_id)
    header, first, second = rows(browser.get("/territories.csv?sort=name"))
    assert header[:3] == ["Id", "Territory", "Sites"]
    assert first[:4] == [east.territory_id, "East", "1", "0"]
    assert second[1:3] == ["West", "0"]
    assert len(rows(browser.get("/territories.csv?q=west"))) == 2


def test_who_may_not_read_gets_nothing(in_acme, client_for):
    nobody = signed_in(client_for, in_acme, "contractor")
    for name in ("sites", "territories", "contracts", "invoices"):
        assert nobody.get(f"/{name}.csv").status_code == 403, name
