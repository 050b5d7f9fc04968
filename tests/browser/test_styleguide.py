"""The design system in a real browser: accessible, fitting on a phone, and its scripts at work.

The styleguide is drawn by its view and handed to the browser without a server or a database.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.test import RequestFactory, override_settings
from playwright.sync_api import Browser, Page, Route
from support.chromium import answer_static, chromium, serious_problems

from shared.kernel.views import styleguide

pytestmark = pytest.mark.browser

HOST = "http://styleguide.test"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'"
)


def answer(route: Route) -> None:
    """What a server would answer: the page, a static file, or nothing."""
    url = urlsplit(route.request.url)
    if url.path == "/styleguide":
        html = styleguide(RequestFactory().get(f"{url.path}?{url.query}")).content
        headers = {"Content-Security-Policy": POLICY}
        route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=headers)
        return
    if url.path == "/events":
        route.fulfill(status=204)  # an event source takes it as the end
        return
    answer_static(route)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    storages = {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": plain},
    }
    with (
        override_settings(STYLEGUIDE=True, STORAGES=storages, STATIC_URL="/static/"),
        chromium() as one,
    ):
        yield one


def open_page(
    browser: Browser, size: dict[str, int], theme: str = "light", query: str = ""
) -> Page:
    page = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        bypass_csp=False,
    ).new_page()
    page.route("**/*", answer)
    page.goto(f"{HOST}/styleguide{query}")
    return page


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_serious_accessibility_problem(
    browser: Browser, size: dict[str, int], theme: str
) -> None:
    page = open_page(browser, size, theme, "?toasts=1")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert serious_problems(page) == {}


@pytest.mark.parametrize("width", [360, 768, 1024, 1920])
def test_nothing_is_wider_than_the_window(browser: Browser, width: int) -> None:
    page = open_page(browser, {"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_breaks_the_content_security_policy(browser: Browser) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.route("**/*", answer)
    page.goto(f"{HOST}/styleguide")
    page.wait_for_load_state("networkidle")
    assert [
        text for text in complaints if "does not conform to the required format" not in text
    ] == []


def test_dialog_opens_and_closes_by_keyboard(browser: Browser) -> None:
    page = open_page(browser, DESKTOP)
    opener = page.get_by_role("button", name="Open the dialog")
    opener.click()
    dialog = page.get_by_role("dialog", name="Void this invoice?")
    assert dialog.is_visible()
    page.keyboard.press("Escape")
    assert dialog.is_hidden()
    assert opener.evaluate("(one) => one === document.activeElement")


def test_rows_are_chosen_by_range_and_all_at_once(browser: Browser) -> None:
    page = open_page(browser, DESKTOP)
    rows = page.locator("[data-row-check]")
    bar = page.locator("[data-bulk-bar]")
    assert bar.is_hidden()
    rows.nth(1).click()
    rows.nth(4).click(modifiers=["Shift"])
    assert bar.locator("[data-bulk-count]").inner_text() == "4"
    page.locator("[data-check-all]").click()
    assert bar.locator("[data-bulk-count]").inner_text() == str(rows.count())
    bar.get_by_role("button", name="Clear").click()
    assert bar.is_hidden()


def test_theme_is_kept_in_a_cookie(browser: Browser) -> None:
    page = open_page(browser, DESKTOP)
    page.locator(".user-button").click()
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    assert cookies["theme"] == "dark"


def test_leaving_with_changes_asks_first(browser: Browser) -> None:
    page = open_page(browser, DESKTOP)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.locator("form[data-warn-unsaved] [name=name]").fill("Another name")
    page.goto(f"{HOST}/styleguide?again=1")
    assert asked == ["beforeunload"]


def test_menu_opens_on_the_phone_without_a_script(browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    page.route("**/*", answer)
    page.goto(f"{HOST}/styleguide")
    navigation = page.get_by_role("navigation", name="Main")
    navigation.wait_for(state="hidden")
    page.get_by_role("link", name="Open the menu").click()
    navigation.wait_for(state="visible")
    navigation.get_by_role("link", name="Close the menu").click()
    navigation.wait_for(state="hidden")


def test_slash_goes_to_the_search_and_j_to_the_rows(browser: Browser) -> None:
    page = open_page(browser, DESKTOP)
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.hash") == "#i2"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
