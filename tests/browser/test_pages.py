"""Every page of an organisation with its demo: small, accessible, usable by keyboard."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from support.service import RunningService, running_service
from support.visitor import DESKTOP, PHONE, Visitor, chromium, open_window

pytestmark = [pytest.mark.browser, pytest.mark.processes]

PASSWORD = "invoicepatch-demo"
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
    "/billing-runs",
    "/statements",
    "/statement-runs",
    "/settings/statements",
    "/settings/templates",
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("pages"), demo=True) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


def sign_in(visitor: Visitor, service: RunningService, person: str) -> None:
    visitor.page.goto(service.url("/", subdomain="acme"))
    visitor.page.fill("[name=login]", f"{person}@acme.example")
    visitor.page.fill("[name=password]", PASSWORD)
    visitor.page.press("[name=password]", "Enter")
    visitor.page.wait_for_url(service.url("/", subdomain="acme"))


def goto(visitor: Visitor, service: RunningService, path: str) -> None:
    visitor.page.goto(service.url(path, subdomain="acme"))


def choose_language(visitor: Visitor, language: str) -> None:
    """Send the form of the person's menu, wherever the width of the window puts it."""
    button = visitor.page.locator(f'button[name=language][value="{language}"]').first
    with visitor.page.expect_navigation():
        button.evaluate("(one) => one.form.requestSubmit(one)")


@pytest.mark.parametrize(
    ("person", "language", "options"),
    [
        ("billing", "en", {"viewport": DESKTOP}),
        ("owner", "fr-ca", {"viewport": PHONE, "color_scheme": "dark", "is_mobile": True}),
    ],
    ids=["desktop", "phone-dark-french"],
)
def test_every_page_is_accessible_fits_and_is_light(
    service: RunningService, browser: Browser, person: str, language: str, options: dict[str, Any]
) -> None:
    visitor = open_window(browser, **options)
    sign_in(visitor, service, person)
    choose_language(visitor, language)
    for path in PAGES:
        visitor.scripts.clear()
        goto(visitor, service, path)
        visitor.page.wait_for_load_state("load")
        assert visitor.page.locator("html").get_attribute("lang") == language
        visitor.look()
        assert 0 < sum(visitor.scripts.values()) < SCRIPTS_MAX, path
    visitor.page.context.close()


def test_a_viewer_is_offered_nothing_that_would_be_refused(
    service: RunningService, browser: Browser
) -> None:
    visitor = open_window(browser)
    sign_in(visitor, service, "viewer")
    for path in (
        "/sites",
        "/sites/SITE000002",
        "/contracts",
        "/contracts/CON00000008",
        "/invoices",
    ):
        goto(visitor, service, path)
        assert visitor.page.locator("main .page-head .button--primary").count() == 0, path
    goto(visitor, service, "/invoices?status=validated")
    visitor.page.locator("[data-row-link]").first.click()
    visitor.page.wait_for_url("**/invoices/INV*")
    assert visitor.page.locator("[form=issue-form], [form=discard-form]").count() == 0
    visitor.page.context.close()


def test_keyboard_reaches_everything(service: RunningService, browser: Browser) -> None:
    visitor = open_window(browser)
    page = visitor.page
    sign_in(visitor, service, "billing")
    goto(visitor, service, "/invoices?status=unpaid")
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
    page.locator("main summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("main .trace").first).to_be_visible()
    assert visitor.problems == []
    page.context.close()


def test_a_hybrid_shows_and_keeps_its_components(service: RunningService, browser: Browser) -> None:
    visitor = open_window(browser)
    page = visitor.page
    sign_in(visitor, service, "billing")
    goto(visitor, service, "/contracts/new?contract_type=hybrid")
    rate = page.locator("[name=part1_per_labor_hour-standard]")
    expect(rate).to_be_hidden()
    page.check("#use_part1_per_labor_hour")
    rate.fill("80")
    expect(page.locator("#example-total")).to_contain_text("14,240")  # 160 h, and 12 h × 1.5
    page.uncheck("#use_part1_per_labor_hour")
    expect(page.locator("#example-total")).to_have_count(0)
    page.check("#use_part1_per_labor_hour")
    expect(rate).to_have_value("80")
    page.context.close()
