"""Settings of the billing company, and the brand in the frame of every page."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from support.browsers import signed_in

from shared.kernel.hooks import Brand, current_brand
from shared.kernel.tenancy import organisation_context
from tenants.structure.models import LegalEntity

GIVEN = {
    "name": "Acme Electric Inc.",
    "street1": "480 Carlaw Avenue",
    "city": "Toronto",
    "state": "ON",
    "zip": "M4K 3J1",
    "email": "billing@acme.example",
    "phone": "416-555-0142",
    "number_prefix": "ae",
    "payment_terms_days": "45",
    "payment_instructions": "EFT to account 100-234-5",
    "gst_hst": "81234 5678 RT0001",
    "qst": "",
    "pst": "",
    "rst": "RST-77",
    "brand_colour": "#0f766e",
}


def entity_of(organisation):
    with organisation_context(organisation):
        return LegalEntity.objects.prefetch_related("tax_registrations").get(is_default=True)


def picture(size=(40, 20)):
    content = BytesIO()
    Image.new("RGB", size, "red").save(content, "PNG")
    return SimpleUploadedFile("logo.png", content.getvalue(), "image/png")


def test_saving_changes_letterhead_numbers_and_registrations(acme, client_for):
    browser = signed_in(client_for, acme)
    answer = browser.post("/settings/company", GIVEN)
    assert answer.status_code == 302
    entity = entity_of(acme)
    assert (entity.name, entity.number_prefix, entity.payment_terms_days) == (
        "Acme Electric Inc.",
        "AE",
        45,
    )
    assert entity.payment_instructions == "EFT to account 100-234-5"
    with organisation_context(acme):
        numbers = {row.component: row.number for row in entity.tax_registrations.all()}
    assert numbers == {"GST": "81234 5678 RT0001", "HST": "81234 5678 RT0001", "RST": "RST-77"}
    text = browser.get("/settings/company").content.decode()
    assert "81234 5678 RT0001" in text
    assert "RST-77" in text


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("number_prefix", "9x"),
        ("payment_terms_days", "366"),
        ("email", "nobody"),
        ("name", ""),
        ("brand_colour", "red"),
    ],
)
def test_a_wrong_field_keeps_everything_that_was_typed(acme, client_for, field, wrong):
    before = entity_of(acme)
    browser = signed_in(client_for, acme)
    page = browser.post("/settings/company", {**GIVEN, field: wrong})
    assert page.status_code == 422
    text = page.content.decode()
    assert 'aria-invalid="true"' in text
    assert "480 Carlaw Avenue" in text
    assert "EFT to account 100-234-5" in text
    assert entity_of(acme).name == before.name


def test_a_file_that_is_no_picture_is_refused_beside_its_field(acme, client_for):
    browser = signed_in(client_for, acme)
    fake = SimpleUploadedFile("logo.png", b"<svg onload=alert(1)>", "image/png")
    page = browser.post("/settings/company", {**GIVEN, "logo": fake})
    assert page.status_code == 422
    assert "Use a PNG, JPEG or WebP picture." in page.content.decode()
    assert entity_of(acme).logo_type == ""


def test_readers_see_the_settings_but_cannot_change_them(acme, client_for):
    browser = signed_in(client_for, acme, "viewer")
    page = browser.get("/settings/company")
    assert page.status_code == 200
    assert "an administrator can change them" in page.content.decode()
    assert browser.post("/settings/company", GIVEN).status_code == 403
    assert entity_of(acme).number_prefix != "AE"


@pytest.mark.parametrize("role", ["contractor", "customer"])
def test_others_do_not_see_them(acme, client_for, role):
    assert signed_in(client_for, acme, role).get("/settings/company").status_code == 403


def test_logo_and_colour_show_in_the_frame_until_removed(acme, globex, client_for):
    browser = signed_in(client_for, acme)
    assert browser.get("/brand/logo").status_code == 404
    browser.post("/settings/company", {**GIVEN, "logo": picture()})
    revision = entity_of(acme).revision
    text = browser.get("/").content.decode()
    assert f'src="/brand/logo?v={revision}"' in text
    assert "/brand.css?c=%230f766e" in text
    stranger = client_for(acme)  # the sign-in page shows them too
    shown = stranger.get("/brand/logo")
    assert shown["Content-Type"] == "image/png"
    assert Image.open(BytesIO(shown.content)).size == (40, 20)
    assert "#0f766e" in stranger.get("/brand.css").content.decode()
    assert client_for(globex).get("/brand/logo").status_code == 404
    browser.post("/settings/company", {**GIVEN, "remove_logo": "on"})
    assert browser.get("/brand/logo").status_code == 404
    assert "/brand/logo" not in browser.get("/").content.decode()


def test_the_bare_domain_has_no_brand(db):
    assert current_brand() == Brand()
