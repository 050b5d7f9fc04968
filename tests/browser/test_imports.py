"""A till's file in a real browser: checked, imported, undone; the calendar of its month."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from support.service import RunningService, running_service
from support.visitor import DESKTOP, PHONE, Visitor, chromium, open_window

pytestmark = [pytest.mark.browser, pytest.mark.processes]

PASSWORD = "invoicepatch-demo"
WORK_SECONDS = 60_000
SITE = "SITE000001"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("imports"), demo=True) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


def sign_in(visitor: Visitor, service: RunningService) -> None:
    page = visitor.page
    page.goto(service.url("/", subdomain="globex"))
    page.fill("[name=login]", "billing@globex.example")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(service.url("/", subdomain="globex"))


def choose_language(visitor: Visitor, language: str) -> None:
    button = visitor.page.locator(f'button[name=language][value="{language}"]').first
    with visitor.page.expect_navigation():
        button.evaluate("(one) => one.form.requestSubmit(one)")


def content(year: int) -> bytes:
    """Two good days of a year without other revenue, and a bad one, as French Excel writes it."""
    return (
        "Site;Date;Catégorie;Revenu avec taxes;Revenu net\n"
        f"{SITE};{year}-03-01;Événement;1 149,75;1 000,00\n"
        f"{SITE};{year}-03-02;Événement;12,50;\n"
        f"{SITE};{year}-03-03;Événement;beaucoup;\n"
    ).encode("cp1252")


@pytest.mark.parametrize(
    ("language", "year", "options"),
    [
        ("en", 2019, {"viewport": DESKTOP}),
        ("fr-ca", 2020, {"viewport": PHONE, "color_scheme": "dark", "is_mobile": True}),
    ],
    ids=["desktop", "phone-dark-french"],
)
def test_from_the_file_to_the_calendar_and_back(
    service: RunningService, browser: Browser, language: str, year: int, options: dict[str, Any]
) -> None:
    visitor = open_window(browser, **options)
    page = visitor.page
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(visitor, service)
    choose_language(visitor, language)
    page.goto(service.url("/imports?kind=revenue", subdomain="globex"))
    visitor.look()
    file = {"name": "recettes.csv", "mimeType": "text/csv", "buffer": content(year)}
    page.set_input_files("main input[type=file]", files=[file])  # type: ignore[list-item]
    visitor.press("main form .form__actions .button--primary")
    apply = page.locator('form[action$="/apply"] button')
    expect(apply).to_be_visible(timeout=WORK_SECONDS)
    expect(page.locator("main")).to_contain_text("beaucoup")
    visitor.look()
    address = page.url
    apply.click()
    expect(page.locator('form[action$="/undo"] button')).to_be_visible(timeout=WORK_SECONDS)
    visitor.look()

    calendar = f"/sites/{SITE}/revenue/calendar?month={year}-03"
    page.goto(service.url(calendar, subdomain="globex"))
    assert page.locator(".calendar__day--reported").count() == 2
    assert visitor.amounts(".calendar__amount >> nth=0") == [1_000_00]
    visitor.look()

    page.goto(address)
    page.locator('form[action$="/undo"] button').click()
    expect(page.locator('form[action$="/undo"]')).to_have_count(0, timeout=WORK_SECONDS)
    page.goto(service.url(calendar, subdomain="globex"))
    expect(page.locator(".calendar__day--reported")).to_have_count(0, timeout=WORK_SECONDS)
    visitor.look()
    page.context.close()


def test_a_missing_day_is_reached_by_keyboard(service: RunningService, browser: Browser) -> None:
    visitor = open_window(browser)
    page = visitor.page
    sign_in(visitor, service)
    page.goto(service.url(f"/sites/{SITE}/revenue/calendar?month=2026-10", subdomain="globex"))
    link = page.locator(".calendar__link").first
    expect(link).to_be_visible()
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/sites/{SITE}/revenue?day=2026-10-*")
    expect(page.locator("main [name=day]")).to_have_value(page.url[-10:])
    assert visitor.problems == []
    page.context.close()
