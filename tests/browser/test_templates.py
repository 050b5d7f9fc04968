"""A template is edited with its preview beside it, put in use, and rolled back; also by phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from support.service import RunningService, running_service
from support.visitor import DESKTOP, PHONE, Visitor, chromium, open_window

pytestmark = [pytest.mark.browser, pytest.mark.processes]

PASSWORD = "invoicepatch-demo"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("templates"), demo=True) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


def sign_in(visitor: Visitor, service: RunningService) -> None:
    visitor.page.goto(service.url("/", subdomain="acme"))
    visitor.page.fill("[name=login]", "owner@acme.example")
    visitor.page.fill("[name=password]", PASSWORD)
    visitor.page.press("[name=password]", "Enter")
    visitor.page.wait_for_url(service.url("/", subdomain="acme"))


def test_a_template_is_edited_used_and_rolled_back(
    service: RunningService, browser: Browser
) -> None:
    visitor = open_window(browser, viewport=DESKTOP)
    sign_in(visitor, service)
    page = visitor.page
    page.goto(service.url("/settings/templates/new", subdomain="acme"))
    visitor.look()
    page.get_by_label("Contract type").select_option("hybrid")
    page.get_by_role("button", name="Make the template").click()
    preview = page.frame_locator("iframe[name=template-preview]")
    expect(preview.locator("h1")).to_have_text("Invoice")
    visitor.look()

    html = page.get_by_label("HTML", exact=True)
    html.fill(html.input_value().replace("<h1>{{ title }}", "<h1>{{ title }} of ours"))
    expect(preview.locator("h1")).to_have_text("Invoice of ours")
    page.get_by_role("button", name="Save and use").click()
    expect(page.get_by_text("Version 2 is kept.")).to_be_visible()

    page.get_by_role("link", name="Version 1").click()
    page.get_by_role("button", name="Use this version").click()
    expect(page.get_by_text("Version 1 is in use.")).to_be_visible()
    expect(preview.locator("h1")).to_have_text("Invoice")
    page.goto(service.url("/settings/templates", subdomain="acme"))
    expect(page.get_by_role("row", name="Hybrid")).to_contain_text("In use")
    visitor.look()


def test_a_broken_one_says_so_and_is_not_kept(service: RunningService, browser: Browser) -> None:
    visitor = open_window(browser, viewport=PHONE, color_scheme="dark", is_mobile=True)
    sign_in(visitor, service)
    page = visitor.page
    page.goto(service.url("/settings/templates/new", subdomain="acme"))
    page.get_by_label("Contract type").select_option("fixed_fee")
    page.get_by_role("button", name="Make the template").click()
    page.get_by_label("HTML", exact=True).fill("<p>\n<script>alert(1)</script></p>")
    page.get_by_role("button", name="Save and use").click()
    expect(page.get_by_text("<script> is not allowed.").first).to_be_visible()
    expect(page.get_by_label("HTML", exact=True)).to_have_value(
        "<p>\n<script>alert(1)</script></p>"
    )
    visitor.problems.clear()  # the preview's frame answers 422, which the console tells
    page.locator("form[data-warn-unsaved]").evaluate("(form) => form.remove()")
