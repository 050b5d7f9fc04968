"""Logos: shown, kept, reduced, or left out."""

from base64 import b64encode
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader
from support.documents import page_of, print_page

from tenants.documents import logos
from tenants.documents.logos import PRINT_SIZE, load_logo


def data_url(data, kind="image/png"):
    return f"data:{kind};base64,{b64encode(data).decode()}"


def picture(size, mode="RGB", kind="PNG"):
    file = BytesIO()
    Image.new(mode, size, 120).save(file, kind)
    return file.getvalue()


def test_the_logo_is_printed_instead_of_the_name(invoice, letterhead):
    html = page_of(replace(invoice, supplier=letterhead), "en")
    (page,) = PdfReader(BytesIO(print_page(html))).pages
    (image,) = page.images
    assert image.image.size == (120, 40)
    assert 'alt="Acme Electric Ltd."' in html


def test_it_is_decoded_once(logo, monkeypatch):
    url = data_url(logo)
    assert load_logo(url) is load_logo(url)


def test_two_documents_share_no_stream(logo):
    image = load_logo(data_url(logo))
    first, second = image.get_x_object(True, 1), image.get_x_object(True, 1)
    assert first is not second
    assert first.extra["SMask"] is not second.extra["SMask"]
    assert first.data == second.data


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA", "L"])
def test_large_ones_are_reduced_to_print_size(mode):
    image = load_logo(data_url(picture((4000, 1000), mode)))
    assert (image.width, image.height) == (PRINT_SIZE[0], 400)


def test_jpeg_stays_jpeg():
    image = load_logo(data_url(picture((3000, 3000), kind="JPEG"), "image/jpeg"))
    assert image.format == "JPEG"


@pytest.mark.parametrize(
    "data",
    [b"", b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\nxx"],
)
def test_what_is_no_raster_image_is_left_out(data, invoice, letterhead):
    assert load_logo(data_url(data)) is None
    broken = replace(invoice, supplier=replace(letterhead, logo=data or b"?"))
    assert print_page(page_of(broken, "en")).startswith(b"%PDF-")


def test_a_bomb_is_left_out(monkeypatch):
    monkeypatch.setattr(logos, "PIXELS_MAX", 100)
    assert load_logo(data_url(picture((20, 21)))) is None


def test_other_types_are_not_embedded(invoice, letterhead):
    svg = replace(letterhead, logo=b"<svg/>", logo_type="image/svg+xml")
    assert "<img" not in page_of(replace(invoice, supplier=svg), "en")
