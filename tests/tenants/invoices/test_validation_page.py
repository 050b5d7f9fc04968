"""Settings, Invoice checks."""

from decimal import Decimal

from support.browsers import signed_in

from shared.kernel.tenancy import organisation_context
from tenants.invoices.models import ValidationSettings
from tenants.invoices.validators import VALIDATORS

FORM = {
    "variance_percent": "40",
    **{f"rule_{rule.name}": "error" for rule in VALIDATORS if not rule.is_critical},
    "rule_total_not_zero": "off",
}


def test_choices_are_shown_and_kept(acme, client_for):
    browser = signed_in(client_for, acme)
    shown = browser.get("/settings/invoice-checks").content.decode()
    assert 'value="25"' in shown
    assert shown.count("Always holds back") == sum(rule.is_critical for rule in VALIDATORS)
    assert browser.post("/settings/invoice-checks", FORM).status_code == 302
    with organisation_context(acme):
        kept = ValidationSettings.objects.get()
    assert (kept.variance_limit, kept.off) == (Decimal("0.4"), ["total_not_zero"])
    assert kept.severities == {"revenue_variance": "error"}
    assert 'value="40"' in browser.get("/settings/invoice-checks").content.decode()


def test_a_wrong_number_is_named_beside_its_field(acme, client_for):
    browser = signed_in(client_for, acme)
    refused = browser.post("/settings/invoice-checks", {**FORM, "variance_percent": "-1"})
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.content.decode()


def test_only_who_runs_the_organisation_saves(acme, client_for):
    browser = signed_in(client_for, acme, "billing_manager")
    assert browser.get("/settings/invoice-checks").status_code == 200
    assert browser.post("/settings/invoice-checks", FORM).status_code == 403
