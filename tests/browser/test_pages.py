"""Every page of an organisation with its demo: small, accessible, usable by keyboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from support.visitor import ENGLISH_DESKTOP, FRENCH_PHONE, Visitor, Way

pytestmark = [pytest.mark.browser, pytest.mark.processes]

SCRIPTS_MAX = 60 * 1024
PAGES = (
    "/",
    "/sites",
    "/sites/SITE000002",
    "/sites/SITE000002/edit",
    "/sites/SITE000002/revenue",
    "/contracts",
    "/contracts/CON00000008",
    "/contracts/CON00000008/terms",
    "/contracts/new?contract_type=management_agreement",
    "/invoices",
    "/invoices/new?contract=CON00000001",
    "/payments",
    "/disputes",
    "/billing-runs",
    "/statements",
    "/statement-runs",
    "/settings",
    "/settings/statements",
    "/settings/templates",
    "/ledger",
    "/ledger/balance",
    "/receivables/ageing",
)


@pytest.mark.parametrize(
    ("person", "way"),
    [("billing", ENGLISH_DESKTOP), ("owner", FRENCH_PHONE)],
    ids=["desktop", "phone-dark-french"],
)
def test_every_page_is_accessible_fits_and_is_light(
    enter: Callable[..., Visitor], person: str, way: Way
) -> None:
    visitor = enter(way, person=person)
    for path in PAGES:
        visitor.scripts.clear()
        visitor.goto(path)
        visitor.page.wait_for_load_state("load")
        assert visitor.page.locator("html").get_attribute("lang") == way.language
        visitor.look()
        assert 0 < sum(visitor.scripts.values()) < SCRIPTS_MAX, path


def test_a_viewer_is_offered_nothing_that_would_be_refused(enter: Callable[..., Visitor]) -> None:
    visitor = enter(person="viewer")
    for path in (
        "/sites",
        "/sites/SITE000002",
        "/contracts",
        "/contracts/CON00000008",
        "/invoices",
    ):
        visitor.goto(path)
        assert visitor.page.locator("main .page-head .button--primary").count() == 0, path
    visitor.goto("/invoices?status=validated")
    visitor.page.locator("[data-row-link]").first.click()
    visitor.page.wait_for_url("**/invoices/INV*")
    assert visitor.page.locator("[form=issue-form], [form=discard-form]").count() == 0


def test_keyboard_reaches_everything(enter: Callable[..., Visitor]) -> None:
    visitor = enter(person="billing")
    page = visitor.page
    visitor.goto("/invoices?status=unpaid")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    expect(page.locator(".skip-link")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.keyboard.press("Tab")
    focused = page.locator("main :focus")
    expect(focused).to_have_count(1)
    assert focused.evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/invoices/INV*")
    opener = page.locator("[data-dialog-open=payment]")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#payment")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#payment")).to_be_hidden()
    expect(opener).to_be_focused()
    page.locator("main details.line summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("main .trace").first).to_be_visible()
    assert visitor.problems == []


def test_a_hybrid_shows_and_keeps_its_components(enter: Callable[..., Visitor]) -> None:
    visitor = enter(person="billing")
    page = visitor.page
    visitor.goto("/contracts/new?contract_type=hybrid")
    rate = page.locator("[name=part1_per_labor_hour-standard]")
    expect(rate).to_be_hidden()
    page.check("#use_part1_per_labor_hour")
    rate.fill("80")
    expect(page.locator("#example-total")).to_contain_text("14,240")  # 160 h, and 12 h × 1.5
    page.uncheck("#use_part1_per_labor_hour")
    expect(page.locator("#example-total")).to_have_count(0)
    page.check("#use_part1_per_labor_hour")
    expect(rate).to_have_value("80")
