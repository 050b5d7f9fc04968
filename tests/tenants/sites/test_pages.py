"""Pages of sites."""

from tenants.sites.models import Site
from tests.support.billing import make_site
from tests.support.browsers import signed_in

FORM = {
    "site_name": "Harbour Lot",
    "street1": "12 Harbour Street",
    "city": "Toronto",
    "state": "ON",
    "zip": "M5J 1A1",
    "contact_name": "Omar Haddad",
    "contact_email": "omar@customer.example",
    "currency": "USD",
}


def test_a_site_is_made_and_changed(in_acme, client_for):
    browser = signed_in(client_for, in_acme, "billing_manager")
    made = browser.post("/sites/new", FORM)
    site = Site.objects.get(name="Harbour Lot")
    assert (made.headers["Location"], site.currency) == (f"/sites/{site.site_id}", "USD")
    assert "12 Harbour Street" in browser.get(made.headers["Location"]).content.decode()
    browser.post(f"/sites/{site.site_id}/edit", {**FORM, "site_name": "Harbour Lot East"})
    site.refresh_from_db()
    assert site.name == "Harbour Lot East"


def test_what_was_typed_is_still_there_after_an_error(in_acme, client_for):
    browser = signed_in(client_for, in_acme, "billing_manager")
    answer = browser.post("/sites/new", {**FORM, "city": ""})
    assert answer.status_code == 422
    assert 'value="12 Harbour Street"' in answer.content.decode()
    assert not Site.objects.filter(name="Harbour Lot").exists()


def test_a_site_abroad_stays_in_its_country(in_acme, client_for):
    site = make_site()
    site.billing_address = {**site.billing_address, "state": "NY", "country": "US"}
    site.save()
    browser = signed_in(client_for, in_acme, "billing_manager")
    form = {**FORM, "state": "NY", "city": "Buffalo"}
    assert browser.post(f"/sites/{site.site_id}/edit", form).status_code == 302
    site.refresh_from_db()
    assert (site.billing_address["country"], site.billing_address["city"]) == ("US", "Buffalo")


def test_a_viewer_is_offered_no_change(in_acme, client_for):
    site = make_site()
    browser = signed_in(client_for, in_acme, "viewer")
    page = browser.get(f"/sites/{site.site_id}").content.decode()
    assert f"/sites/{site.site_id}/edit" not in page
    assert "/contracts/new" not in page
    assert browser.get("/sites/new").status_code == 403
    assert "/sites/new" not in browser.get("/sites").content.decode()
