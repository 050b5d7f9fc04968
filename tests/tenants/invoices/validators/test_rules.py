"""Each rule of contract invoices, where it holds and where it does not, and a tenant's choices."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site

from billing.periods import month_period
from billing.validation import Severity
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden, Invalid, PreconditionFailed
from shared.kernel.tenancy import organisation_context
from tenants.activity.services import DayRevenue, record_revenue
from tenants.invoices.calculation import calculate
from tenants.invoices.explanation import CHECKS, check_sentence
from tenants.invoices.models import ValidationSettings
from tenants.invoices.selectors import load_contexts
from tenants.invoices.services import change_validation_settings, generate_invoice
from tenants.invoices.validators import BY_NAME, VALIDATORS, Coverage, validate
from tenants.structure.models import LegalEntity, TaxRegistration

MARCH = month_period(2025, 3)
SHARE = {"contract_type": "revenue_share", "configuration": {"revenue_share_rate": "0.1"}}
HOURS = {
    "contract_type": "per_labor_hour",
    "configuration": {"hourly_rates": {"standard": "40"}},
}


def calculated(contract, *, data=None, period=MARCH):
    (context,) = load_contexts([contract.pk], period, on=period.end_date, lock=False)
    return calculate(context, period, billing_data=data)


def failed(results):
    return {one.name: one for one in results if not one.passed}


def choose(**changes):
    wanted = {
        "variance_limit": Decimal("0.25"),
        "severities": {},
        "off": [],
        "missing_days_are_zero": False,
        **changes,
    }
    return change_validation_settings(actor=SYSTEM, **wanted)


def test_the_registry_has_every_rule_of_the_domain_once():
    names = [rule.name for rule in VALIDATORS]
    assert len(names) == len(set(names))
    assert {
        "calculation_agrees",
        "revenue_variance",
        "guarantee_and_cap",
        "contract_active",
        "required_data",
        "every_day_covered",
        "rates_equal_contract",
        "total_not_negative",
        "tax_registration_present",
        "due_date",
        "total_not_zero",
        "lines_add_up",
    } == set(names)
    for rule in VALIDATORS:
        assert rule.fields
        assert str(rule.label)
        assert str(rule.about).endswith(".")


def test_a_sound_invoice_passes_every_rule(in_acme):
    entity = LegalEntity.objects.get(is_default=True)
    TaxRegistration.objects.create(entity=entity, component="HST", number="123456789RT0001")
    results = calculated(make_contract()).checks
    assert failed(results) == {}
    assert {"contract_active", "required_data", "due_date", "lines_add_up"} <= {
        one.name for one in results
    }


def broken(subject, rule):
    """The subject with the one thing wrong that the rule looks for, and the key of its words."""
    part = subject.parts[0]
    line = part.lines[0]
    changed = {
        "lines_add_up": replace(subject, lines=[line._replace(amount=line.amount + 1)]),
        "calculation_agrees": replace(
            subject, parts=[replace(part, lines=[line._replace(amount=line.amount + 1)])]
        ),
        "contract_active": replace(subject, effective_date=date(2030, 1, 1)),
        "required_data": replace(
            subject,
            parts=[replace(part, activity=replace(part.activity, revenue_amount=None))],
        ),
        "rates_equal_contract": replace(
            subject, parts=[replace(part, lines=[line._replace(rate=Decimal("0.2"))])]
        ),
        "guarantee_and_cap": replace(
            subject, parts=[replace(part, lines=[line._replace(amount=Decimal(1))])]
        ),
        "every_day_covered": replace(
            subject, coverage=Coverage(MARCH, set(MARCH) - {date(2025, 3, 9)})
        ),
        "due_date": replace(subject, due_date=date(2026, 1, 1)),
        "tax_registration_present": replace(subject, registered=frozenset({"QST"})),
        "total_not_negative": replace(
            subject, totals=subject.totals._replace(total=Decimal("-0.01"))
        ),
        "total_not_zero": replace(subject, totals=subject.totals._replace(total=Decimal(0))),
        "revenue_variance": replace(subject, measured=Decimal(126), trailing=[Decimal(100)]),
    }
    return changed[rule]


@pytest.mark.parametrize("rule", sorted(BY_NAME))
def test_each_rule_finds_what_it_looks_for_and_says_so(in_acme, rule):
    contract = make_contract(
        contract_type="revenue_share",
        configuration={"revenue_share_rate": "0.1", "minimum_guarantee": "500"},
    )
    subject = calculated(contract, data={"revenue_amount": "10000"}).subject
    found = failed(validate(broken(subject, rule)))
    assert rule in found
    assert found[rule].severity == BY_NAME[rule].severity
    assert found[rule].explanation in CHECKS
    assert "%(" not in check_sentence(found[rule], "CAD")


def test_the_tax_number_is_a_warning_until_the_first_one_is_entered(in_acme):
    contract = make_contract(make_site(province="QC"))
    assert failed(calculated(contract).checks)["tax_registration_present"].severity == "warning"
    entity = LegalEntity.objects.get(is_default=True)
    TaxRegistration.objects.create(entity=entity, component="GST", number="123456789RT0001")
    missing = failed(calculated(contract).checks)["tax_registration_present"]
    assert (missing.severity, missing.fields) == (Severity.ERROR, ("tax_registrations.QST",))


def test_revenue_is_compared_with_what_was_billed_before(in_acme):
    contract = make_contract(**SHARE)
    for month, revenue in ((1, "900"), (2, "1100")):
        generate_invoice(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            period=month_period(2025, month),
            billing_data={"revenue_amount": revenue},
        )
    # the mean is 1,000.00: 1,250.00 is within a quarter, 1,250.01 is not
    assert "revenue_variance" not in failed(
        calculated(contract, data={"revenue_amount": "1250"}).checks
    )
    unusual = failed(calculated(contract, data={"revenue_amount": "1250.01"}).checks)
    assert unusual["revenue_variance"].values["mean"] == Decimal(1000)
    assert unusual["revenue_variance"].severity == Severity.WARNING


def test_without_invoices_the_recorded_revenue_of_former_months_counts(in_acme):
    contract = make_contract(**SHARE)
    days = [DayRevenue(date(2025, month, 5), Decimal(1000)) for month in (1, 2)]
    record_revenue(actor=SYSTEM, site_id=contract.site.site_id, records=days)
    unusual = failed(calculated(contract, data={"revenue_amount": "2000"}).checks)
    assert unusual["revenue_variance"].values["periods"] == 2


def test_hours_are_compared_by_what_they_came_to(in_acme):
    contract = make_contract(**HOURS)
    generate_invoice(
        actor=SYSTEM,
        site_id=contract.site.site_id,
        period=month_period(2025, 2),
        billing_data={"labor_hours": {"regular": "100"}},
    )
    checks = calculated(contract, data={"labor_hours": {"regular": "126"}}).checks
    assert "revenue_variance" in failed(checks)  # 5,040.00 against 4,000.00


def test_a_fixed_fee_is_compared_with_nothing(in_acme):
    checks = calculated(make_contract()).checks
    assert "revenue_variance" not in {one.name for one in checks}


def test_history_costs_the_same_queries_however_many_contracts(in_acme):
    def count(contracts):
        keys = [contract.pk for contract in contracts]
        with CaptureQueriesContext(connection) as queries:
            load_contexts(keys, MARCH, on=MARCH.end_date, lock=False)
        return len(queries)

    few = [make_contract(**SHARE)]
    many = [*few, *(make_contract(**SHARE) for _ in range(4))]
    for contract in many:
        record_revenue(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            records=[DayRevenue(date(2025, 3, 5), Decimal(10))],
        )
    assert count(few) == count(many)


# --- a tenant's choices -------------------------------------------------------------------


def test_a_wider_tolerance_lets_more_pass(in_acme):
    contract = make_contract(**SHARE)
    generate_invoice(
        actor=SYSTEM,
        site_id=contract.site.site_id,
        period=month_period(2025, 2),
        billing_data={"revenue_amount": "1000"},
    )
    choose(variance_limit=Decimal("0.5"))
    checks = calculated(contract, data={"revenue_amount": "1500"}).checks
    assert "revenue_variance" not in failed(checks)


def test_a_warning_made_an_error_holds_the_invoice_back(in_acme):
    contract = make_contract(configuration={"monthly_fee": "0.01"})
    data = {"additional_charges": [{"description": "Credit", "amount": "-0.01"}]}
    assert calculated(contract, data=data).blocking_checks == []
    choose(severities={"total_not_zero": "error"})
    assert [one.name for one in calculated(contract, data=data).blocking_checks] == [
        "total_not_zero"
    ]


def test_a_rule_that_is_off_is_not_asked(in_acme):
    choose(off=["tax_registration_present"])
    names = {one.name for one in calculated(make_contract()).checks}
    assert "tax_registration_present" not in names


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"off": ["calculation_agrees"]}, "off"),
        ({"severities": {"lines_add_up": "warning"}}, "severities.lines_add_up"),
        ({"severities": {"due_date": "critical"}}, "severities.due_date"),
        ({"severities": {"nonsense": "error"}}, "severities.nonsense"),
        ({"variance_limit": Decimal("-0.1")}, "variance_limit"),
        ({"variance_limit": Decimal("100.1")}, "variance_limit"),
    ],
)
def test_critical_rules_and_nonsense_are_refused(in_acme, changes, field):
    with pytest.raises(Invalid) as refused:
        choose(**changes)
    assert [one.field for one in refused.value.errors] == [field]
    assert ValidationSettings.objects.count() == 0


def test_choices_are_one_row_with_a_revision_and_belong_to_one_organisation(acme, globex):
    with organisation_context(acme):
        first = choose(variance_limit=Decimal("0.1"))
        choose(variance_limit=Decimal("0.2"))
        with pytest.raises(PreconditionFailed):
            choose(expected_revision=first.revision)
        assert ValidationSettings.objects.get().variance_limit == Decimal("0.2")
    with organisation_context(globex):
        assert ValidationSettings.objects.count() == 0


def test_only_who_runs_the_organisation_chooses(in_acme, actor_in):
    with pytest.raises(Forbidden):
        change_validation_settings(
            actor=actor_in("billing_manager"),
            variance_limit=Decimal("0.9"),
            severities={},
            off=[],
            missing_days_are_zero=False,
        )
