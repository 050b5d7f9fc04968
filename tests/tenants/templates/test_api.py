"""`/api/v1/templates`, `/api/v1/branding` and the invoice as a document."""

from base64 import b64decode, b64encode
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader
from support.api import PROBLEM, Program, invoice_body, key_of

from shared.kernel.tenancy import organisation_context
from tenants.documents import services
from tenants.templates.contents import default_texts
from tenants.templates.models import TemplateVersion

TEMPLATES = "/templates"


def texts(**changes):
    default = default_texts("invoice")
    return {"html": default.html, "text": default.text, **changes}


@pytest.fixture
def template(api):
    return api.make(TEMPLATES, {"kind": "invoice", "language": "en"})


@pytest.fixture
def path(template):
    return f"{TEMPLATES}/{template['id']}"


@pytest.fixture
def invoice(api, site_id):
    return api.make("/billing/generate-invoice", invoice_body(site_id))


def picture():
    content = BytesIO()
    Image.new("RGB", (40, 20), "red").save(content, "PNG")
    return b64encode(content.getvalue()).decode()


def test_a_template_comes_back_as_it_was_made(api, template, path):
    assert template["active_version"] == 1
    assert (template["contract_type"], template["in_use"]) == (None, True)
    found = api.get(path)
    assert found.body == template
    assert api.get(path, **{"if-none-match": found.headers["ETag"]}).status == 304
    other = api.make(TEMPLATES, {"kind": "invoice", "language": "fr-ca", "contract_type": "hybrid"})
    assert other["contract_type"] == "hybrid"
    listed = api.get(f"{TEMPLATES}?language=fr-ca").body["items"]
    assert listed == [other]
    assert len(api.get(f"{TEMPLATES}?kind=invoice&limit=1").body["items"]) == 1
    assert api.get(f"{TEMPLATES}?kind=reminder").body["items"] == []


def test_wrong_bodies_are_refused_by_field(api, path):
    assert api.post(TEMPLATES, {"kind": "poem", "language": "en"}).status == 422
    assert api.post(TEMPLATES, {"kind": "invoice"}).status == 422
    again = api.post(TEMPLATES, {"kind": "invoice", "language": "en"})
    assert (again.status, again.headers["Content-Type"]) == (409, PROBLEM)
    broken = api.post(f"{path}/versions", texts(html="{% load x %}", css="p { cursor: none }"))
    assert (broken.status, broken.fields) == (422, {"html": "template", "css": "template"})
    assert "Line 1" in broken.raw
    assert api.post(f"{path}/versions", texts(html="x" * 64_001)).status == 422


def test_versions_are_kept_used_and_left(api, path):
    made = api.post(f"{path}/versions", texts(html="<p>two</p>", note="Two"))
    assert (made.status, made.body["number"], made.body["active"]) == (201, 2, False)
    etag = api.get(path).headers["ETag"]
    stale = api.post(f"{path}/activate", {"number": 2}, **{"if-match": '"1"'})
    assert stale.status == 412
    used = api.post(f"{path}/activate", {"number": 2}, **{"if-match": etag})
    assert (used.status, used.body["active_version"]) == (200, 2)
    assert used.headers["ETag"] != etag
    rows = api.get(f"{path}/versions").body["items"]
    assert [(row["number"], row["note"], row["active"]) for row in rows] == [
        (2, "Two", True),
        (1, "Copy of the default", False),
    ]
    assert api.get(f"{path}/versions/2").body["html"] == "<p>two</p>"
    assert api.get(f"{path}/versions/3").status == 404
    assert api.post(f"{path}/rollback", {}).body["active_version"] == 1
    assert api.post(f"{path}/rollback", {}).status == 409
    assert api.post(f"{path}/activate", {"number": 3}).status == 404
    assert api.post(f"{path}/use-default").body["in_use"] is False
    straight = api.post(f"{path}/versions", texts(html="<p>three</p>", activate=True))
    assert straight.body["active"] is True
    assert api.get(path).body["in_use"] is True


def test_a_preview_keeps_nothing(acme, api, path, invoice):
    tried = api.make(
        f"{path}/preview",
        {
            "texts": texts(html="<p>Hi {{ number }}</p>"),
            "example": invoice["invoice_id"],
            "output": "html",
        },
    )
    assert f"<p>Hi {invoice['invoice_number']}</p>" in tried["content"]
    assert (tried["broken"], tried["pages"]) == ("", 0)
    pdf = api.make(f"{path}/preview", {"output": "pdf"})
    assert len(PdfReader(BytesIO(b64decode(pdf["content"]))).pages) == pdf["pages"] == 1
    broken = api.make(f"{path}/preview", {"texts": texts(text="{{ totl }}"), "output": "text"})
    assert "totl" in broken["broken"]
    assert "Balance due" in broken["content"]
    assert api.post(f"{path}/preview", {"number": 7}).status == 404
    assert api.post(f"{path}/preview", {"example": "INV999999999"}).status == 404
    with organisation_context(acme):
        assert TemplateVersion.objects.count() == 1


def test_scopes_decide(acme, globex, client_for, path):
    reader = Program(client_for(acme), key_of(acme, ["templates:read"]))
    assert reader.get(path).status == 200
    assert reader.post(f"{path}/versions", texts()).status == 403
    assert reader.post(f"{path}/preview", {"example": "INV000000001"}).status == 403
    assert reader.get("/branding").status == 403
    stranger = Program(client_for(globex), key_of(globex))
    assert stranger.get(path).status == 404
    assert stranger.post(f"{path}/use-default").status == 404
    assert Program(client_for(acme), "ip_none").get(path).status == 401


def test_the_brand_is_read_and_replaced_whole(api):
    first = api.get("/branding")
    assert first.body["logo"] is None
    brand = {
        "brand_colour": "#0f766e",
        "payment_instructions": "EFT to 100-234-5",
        "logo": picture(),
    }
    put = api.put("/branding", brand, **{"if-match": first.headers["ETag"]})
    assert put.status == 200, put.raw
    assert put.body["brand_colour"] == "#0f766e"
    assert b64decode(put.body["logo"]).startswith(b"\x89PNG")
    assert api.get("/branding").body == put.body
    assert api.put("/branding", brand, **{"if-match": first.headers["ETag"]}).status == 412
    kept = {**brand, "logo": put.body["logo"]}
    assert api.put("/branding", kept).body["logo"] is not None
    bare = api.put("/branding", {**brand, "logo": None, "brand_colour": ""})
    assert (bare.body["logo"], bare.body["brand_colour"]) == (None, "")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"brand_colour": "red"}, "brand_colour"),
        ({"logo": "???"}, "logo"),
        ({"logo": b64encode(b"<svg/>").decode()}, "logo"),
    ],
)
def test_a_wrong_brand_is_refused_by_field(api, change, field):
    brand = {"brand_colour": "#0f766e", "payment_instructions": "", "logo": None, **change}
    refused = api.put("/branding", brand)
    assert refused.status == 422
    assert list(refused.fields) == [field]
    assert api.get("/branding").body["brand_colour"] == ""


def read(api, path):
    answer = api.browser.get(
        f"/api/v1/billing/invoices/{path}",
        headers={"authorization": f"Bearer {api.secret}"},
    )
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer, content


def test_an_invoice_as_pdf_html_and_text(api, invoice):
    code, number = invoice["invoice_id"], invoice["invoice_number"]
    pdf, content = read(api, f"{code}/pdf")
    assert pdf["Content-Type"] == "application/pdf"
    assert number in PdfReader(BytesIO(content)).pages[0].extract_text()
    html, content = read(api, f"{code}/html")
    assert html["Content-Type"] == "text/html; charset=utf-8"
    assert html["Content-Security-Policy"].endswith("sandbox")
    assert number in content.decode()
    text, content = read(api, f"{code}/text")
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    assert "Balance due: $9,040.00" in content.decode()
    xml, content = read(api, f"{code}/xml")
    assert xml["Content-Type"] == "application/xml"
    assert f">{number}<".encode() in content
    ubl, content = read(api, f"{code}/xml?variant=ubl")
    assert ubl["Content-Type"] == "application/xml"
    assert f"<cbc:ID>{number}</cbc:ID>".encode() in content
    archive, content = read(api, f"{code}/pdf?variant=a-3")
    assert archive["Content-Type"] == "application/pdf"
    assert list(PdfReader(BytesIO(content)).attachments) == ["factur-x.xml"]
    assert read(api, f"{code}/pdf?variant=x")[0].status_code == 422
    for output in ("pdf", "html", "text", "xml"):
        assert read(api, f"INV999999999/{output}")[0].status_code == 404


def test_an_invoice_in_the_organisations_own_look(api, path, invoice):
    api.make(f"{path}/versions", texts(html="<p>OWN {{ number }}</p>", activate=True))
    number = invoice["invoice_number"]
    assert f"<p>OWN {number}</p>" in read(api, f"{invoice['invoice_id']}/html")[1].decode()
    pdf = PdfReader(BytesIO(read(api, f"{invoice['invoice_id']}/pdf")[1]))
    assert f"OWN {number}" in pdf.pages[0].extract_text()


def test_a_long_pdf_is_waited_for(api, invoice, monkeypatch):
    monkeypatch.setattr(services, "LINES_AT_ONCE", 0)
    answer, content = read(api, f"{invoice['invoice_id']}/pdf")
    assert answer.status_code == 202
    assert b"rendering" in content
