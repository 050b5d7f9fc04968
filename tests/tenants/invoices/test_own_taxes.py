"""The organisation's own taxes and exclusions on invoices, to the cent."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import ADDRESS, make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.contracts.services import update_contract
from tenants.invoices.explanation import rule_text
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice
from tenants.structure.services import (
    add_tax_exclusion,
    add_tax_rule,
    end_tax_rule,
    remove_tax_exclusion,
    remove_tax_rule,
)

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))
LABOUR = ("labor_regular", "labor_overtime", "labor_double_time", "labor_holiday")
START = date(2024, 1, 1)


def bill(site, **options):
    invoice = generate_invoice(
        actor=SYSTEM, site_id=site.site_id, period=JANUARY, **options
    ).invoice
    return [(tax.name, tax.base, tax.amount) for tax in invoice.taxes.all()]


def rule(**changes):
    given = {
        "component": "ECO",
        "rate": Decimal("0.02"),
        "starts_on": START,
        "source": "By-law 12",
        **changes,
    }
    return add_tax_rule(actor=SYSTEM, **given)


def exclude(**changes):
    given = {
        "component": "PST",
        "province": "BC",
        "starts_on": START,
        "source": "PST Bulletin 501",
        **changes,
    }
    return add_tax_exclusion(actor=SYSTEM, **given)


def test_no_pst_on_labour_in_british_columbia(in_acme):
    site = make_site(province="BC")
    make_contract(
        site, contract_type="per_labor_hour", configuration={"hourly_rates": {"standard": "50"}}
    )
    exclude(line_codes=LABOUR)
    charge = {"description": "Materials", "amount": 200}
    data = {"labor_hours": {"regular": 100}, "additional_charges": [charge]}
    # labour 5,000.00: GST only; materials 200.00: GST and PST
    # GST 5 % of 5,200.00 = 260.00; PST 7 % of 200.00 = 14.00
    assert bill(site, billing_data=data) == [
        ("GST", 5200, 260),
        ("PST", 200, 14),
    ]
    labour, materials = Invoice.objects.get().lines.all()
    assert labour.trace["inputs"]["untaxed"] == "PST (PST Bulletin 501)"
    assert rule_text(labour.trace).endswith("Left out: PST (PST Bulletin 501)")
    assert "untaxed" not in materials.trace["inputs"]


def test_what_an_input_says_counts_more(in_acme):
    site = make_site(province="BC")
    make_contract(site)
    exclude()  # PST is left out of every line
    told = {"description": "Hire", "amount": 100, "taxable": True}
    data = {"additional_charges": [told]}
    # fee 1,000.00: GST; hire 100.00: GST 5 % and PST 7 %
    assert bill(site, billing_data=data) == [("GST", 1100, 55), ("PST", 100, 7)]


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"province": "MB"},
        {"country": "US", "province": ""},
        {"starts_on": date(2025, 2, 1)},
        {"ends_on": date(2025, 1, 30)},
        {"service_category": "repair"},
        {"line_codes": ["management_fee"]},
    ],
)
def test_an_exclusion_counts_where_and_when_it_says(in_acme, elsewhere):
    site = make_site(province="BC")
    make_contract(site)
    exclude(**elsewhere)
    assert bill(site) == [("GST", 1000, 50), ("PST", 1000, 70)]


def test_an_exclusion_of_a_kind_of_service(in_acme):
    site = make_site(province="BC")
    contract = make_contract(site)
    exclude(service_category="real_property")
    update_contract(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        changes={"service_category": "real_property"},
    )
    assert bill(site) == [("GST", 1000, 50)]


def test_nothing_is_taxed_where_every_tax_is_left_out(in_acme):
    site = make_site()
    make_contract(site)
    exclude(component="HST", province="ON")
    assert bill(site) == []


def test_an_own_tax_is_charged_beside_the_table(in_acme):
    site = make_site()
    make_contract(site)
    rule(province="ON")
    # HST 13 % = 130.00; ECO 2 % = 20.00
    assert bill(site) == [("HST", 1000, 130), ("ECO", 1000, 20)]
    line = Invoice.objects.get().lines.get()
    assert line.trace["inputs"]["taxed"] == "ECO (By-law 12)"
    assert rule_text(line.trace).endswith("Own tax: ECO (By-law 12)")


def test_the_nearest_place_and_the_latest_start_count(in_acme):
    site = make_site()
    make_contract(site)
    rule(component="HST", province="ON", rate=Decimal("0.12"), starts_on=date(2024, 6, 1))
    rule(component="HST", province="ON", rate=Decimal("0.11"))
    rule(component="HST", province="", rate=Decimal("0.10"))
    assert bill(site) == [("HST", 1000, 120)]


def test_outside_canada_only_own_taxes(in_acme):
    address = {**ADDRESS, "city": "Buffalo", "state": "NY", "zip": "14201", "country": "US"}
    site = make_site(billing_address=address)
    make_contract(site)
    rule(country="US", province="NY", component="SALES", rate=Decimal("0.08"))
    assert bill(site) == [("SALES", 1000, 80)]


def test_ended_and_removed_rules_do_not_count(in_acme):
    site = make_site()
    make_contract(site)
    ended, removed = rule(), rule(component="ODD")
    end_tax_rule(actor=SYSTEM, rule_id=ended.pk, ends_on=date(2024, 12, 31))
    remove_tax_rule(actor=SYSTEM, rule_id=removed.pk)
    remove_tax_exclusion(actor=SYSTEM, exclusion_id=exclude(component="HST", province="ON").pk)
    assert bill(site) == [("HST", 1000, 130)]
    with pytest.raises(Invalid):
        end_tax_rule(actor=SYSTEM, rule_id=ended.pk, ends_on=date(2023, 12, 31))
    for call, name in ((remove_tax_rule, "rule_id"), (remove_tax_exclusion, "exclusion_id")):
        with pytest.raises(NotFound):
            call(actor=SYSTEM, **{name: removed.pk})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"country": "Canada"}, "country"),
        ({"province": "Ontario"}, "province"),
        ({"component": "a tax"}, "component"),
        ({"rate": Decimal("1.1")}, "rate"),
        ({"source": " "}, "source"),
        ({"ends_on": date(2023, 1, 1)}, "ends_on"),
    ],
)
def test_each_wrong_field_of_a_rule_is_named(in_acme, changes, field):
    with pytest.raises(Invalid) as refused:
        rule(**changes)
    assert [error.field for error in refused.value.errors] == [field]


def test_wrong_exclusions_doubles_and_strangers_are_refused(in_acme, actor_in):
    with pytest.raises(Invalid) as refused:
        exclude(line_codes=["labor_regular", "coffee"], service_category="hair")
    assert {error.field for error in refused.value.errors} == {
        "line_codes[1]",
        "service_category",
    }
    rule()
    with pytest.raises(Conflict):
        rule()
    with pytest.raises(Forbidden):
        add_tax_rule(
            actor=actor_in("billing_manager"),
            component="ECO",
            rate=Decimal(0),
            starts_on=START,
            source="x",
        )


def test_an_own_tax_stays_in_its_organisation(in_acme, globex):
    from shared.kernel.tenancy import organisation_context

    rule(province="ON")
    with organisation_context(globex):
        site = make_site()
        make_contract(site)
        assert bill(site) == [("HST", 1000, 130)]
