"""A template is edited with its preview beside it, put in use, and rolled back; also by phone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from support.journeys import JOURNEYS, Journey, make_contract, make_invoice, make_site
from support.visitor import FRENCH_PHONE, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.processes]

MAKE = "main form .form__actions .button--primary"
HEADINGS = {"en": "Invoice", "fr-ca": "Facture"}


def make_labour_invoice(visitor: Visitor, journey: Journey) -> str:
    """Twenty hours for a customer who reads the journey's language; the address of its document."""
    customer = visitor.make("/customers", {"name": "Belt line", "language": journey.way.language})
    ground = make_site(visitor, journey, "Belt line", customer_id=customer["customer_id"])
    make_contract(
        visitor,
        ground,
        contract_type="per_labor_hour",
        billing_configuration={"hourly_rates": {"standard": "50.00"}},
    )
    hours = {"labor_hours": {"regular": 20}}
    invoice_id, _number = make_invoice(visitor, ground, 1, billing_data=hours)
    return f"/invoices/{invoice_id}/view"


def heading_of(visitor: Visitor, document: str) -> str:
    """The title on a document as its customer gets it."""
    status, _kind, body = visitor.fetch(document)
    assert status == 200
    return body.decode().partition("<h1>")[2].partition("</h1>")[0].strip()


@pytest.mark.parametrize("journey", JOURNEYS)
def test_a_template_is_edited_used_and_rolled_back(
    enter: Callable[..., Visitor], journey: Journey
) -> None:
    visitor = enter(journey.way)
    page = visitor.page
    document = make_labour_invoice(visitor, journey)
    title = HEADINGS[journey.way.language]
    assert heading_of(visitor, document) == title
    visitor.goto("/settings/templates/new")
    visitor.look()
    visitor.fill(contract_type="per_labor_hour", language=journey.way.language)
    visitor.press(MAKE)
    preview = page.frame_locator("iframe[name=template-preview]")
    expect(preview.locator("h1")).to_have_text(title)
    visitor.look()

    html = page.locator("main [name=html]")
    html.fill(html.input_value().replace("<h1>{{ title }}", "<h1>{{ title }} of ours"))
    expect(preview.locator("h1")).to_have_text(f"{title} of ours")
    visitor.press("main button[name=activate]")
    assert page.url.endswith("?version=2")
    assert heading_of(visitor, document) == f"{title} of ours"

    visitor.press('main .timeline a[href$="?version=1"]')
    visitor.press('main form[action$="/activate"] button')
    used = page.locator("main .timeline__item--done a")
    expect(used).to_have_attribute("href", re.compile(r"\?version=1$"))
    expect(preview.locator("h1")).to_have_text(title)
    assert heading_of(visitor, document) == title
    visitor.look()
    visitor.press('main form[action$="/use-default"] button')
    expect(used).to_have_count(0)
    assert heading_of(visitor, document) == title
    visitor.goto("/settings/templates")
    visitor.look()


def test_a_broken_one_says_so_and_is_not_kept(enter: Callable[..., Visitor]) -> None:
    visitor = enter(FRENCH_PHONE)
    page = visitor.page
    visitor.goto("/settings/templates/new")
    visitor.fill(contract_type="fixed_fee", language="fr-ca")
    visitor.press(MAKE)
    typed = "<p>\n<script>alert(1)</script></p>"
    page.locator("main [name=html]").fill(typed)
    visitor.press_refused("main button[name=activate]")
    expect(page.locator("main .form-errors")).to_contain_text("<script>")
    expect(page.locator("main [name=html]")).to_have_value(typed)
    page.locator("form[data-warn-unsaved]").evaluate("(form) => form.remove()")
