"""Settings of companies, departments and taxes."""

import re

import pytest
from support.browsers import signed_in

from tenants.structure.models import Department, LegalEntity, TaxExclusion, TaxRule

COMPANY = {
    "name": "Acme West Ltd.",
    "number_prefix": "aw",
    "payment_terms_days": "30",
    "brand_colour": "#0b5cad",
    "gst_hst": "12345 6789 RT0002",
}


@pytest.fixture
def admin(in_acme, client_for):
    return signed_in(client_for, in_acme, "tenant_admin")


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_further_company_is_made_and_changed(admin):
    made = admin.post("/settings/companies/new", COMPANY)
    company = LegalEntity.objects.get(name="Acme West Ltd.")
    assert made.headers["Location"] == f"/settings/companies/{company.pk}"
    assert (company.number_prefix, company.series_prefix("credit_note")) == ("AW", "AWC")
    changed = {**COMPANY, "credit_note_prefix": "cn", "city": "Vancouver"}
    assert admin.post(f"/settings/companies/{company.pk}", changed).status_code == 302
    company.refresh_from_db()
    assert (company.credit_note_prefix, company.city) == ("CN", "Vancouver")
    taken = admin.post("/settings/companies/new", {**COMPANY, "number_prefix": "AWA"})
    assert taken.status_code == 422
    assert "Another company uses it." in text(taken)
    admin.post(f"/settings/companies/{company.pk}/default")
    assert LegalEntity.objects.get(is_default=True).pk == company.pk
    assert "Acme West Ltd." in text(admin.get("/settings/companies"))


def test_departments_are_made_and_closed(admin):
    default = LegalEntity.objects.get(is_default=True)
    form = {"code": "ops", "name": "Operations", "entity_id": str(default.pk)}
    assert admin.post("/settings/departments/new", form).status_code == 302
    department = Department.objects.get()
    assert (department.code, department.is_active) == ("OPS", True)
    assert admin.post("/settings/departments/new", form).status_code == 422
    edited = {"name": "Operations East", "entity_id": str(default.pk)}
    assert admin.post("/settings/departments/OPS", edited).status_code == 302
    department.refresh_from_db()
    assert (department.name, department.is_active) == ("Operations East", False)
    assert "Closed" in text(admin.get("/settings/departments"))


def test_taxes_are_added_and_removed(admin):
    assert "Only the table's taxes are charged" in text(admin.get("/settings/taxes"))
    place = {"country": "ca", "province": "on", "starts_on": "2026-01-01", "source": "By-law 12"}
    rule = {**place, "action": "add_rule", "component": "ECO", "rate": "2.5"}
    assert admin.post("/settings/taxes", rule).status_code == 302
    kept = TaxRule.objects.get()
    assert (kept.province, str(kept.rate)) == ("ON", "0.025000")
    assert admin.post("/settings/taxes", rule).status_code == 422  # starts on the same day
    exclusion = {
        **place,
        "action": "add_exclusion",
        "province": "BC",
        "component": "PST",
        "line_codes": ["labor_regular", "labor_overtime"],
    }
    assert admin.post("/settings/taxes", exclusion).status_code == 302
    page = text(admin.get("/settings/taxes"))
    assert "CA ON 2.5%" in page
    assert "Overtime hours, Regular hours" in page or "Regular hours, Overtime hours" in page
    for action, row in (("remove_rule", kept), ("remove_exclusion", TaxExclusion.objects.get())):
        assert admin.post("/settings/taxes", {"action": action, "id": row.pk}).status_code == 302
    assert TaxRule.objects.count() + TaxExclusion.objects.count() == 0
    assert admin.post("/settings/taxes", {"action": "nonsense"}).status_code == 404
    assert admin.post("/settings/taxes", {"action": "remove_rule", "id": "x"}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/settings/companies", "/settings/departments", "/settings/taxes"]
)
def test_a_viewer_reads_only(in_acme, client_for, path):
    viewer = signed_in(client_for, in_acme, "viewer")
    assert viewer.get(path).status_code == 200
    assert viewer.post("/settings/taxes", {"action": "add_rule"}).status_code in (403, 422)
    assert viewer.get("/settings/companies/new").status_code == 403
    assert viewer.get("/settings/departments/new").status_code == 403
