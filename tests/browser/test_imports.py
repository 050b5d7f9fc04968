"""A till's file in a real browser: checked, imported, undone; the calendar of its month."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from support.visitor import ENGLISH_DESKTOP, FRENCH_PHONE, Visitor, Way

pytestmark = [pytest.mark.browser, pytest.mark.processes]

WORK_SECONDS = 60_000
SITE = "SITE000001"


def content(year: int) -> bytes:
    """Two good days of a year without other revenue, and a bad one, as French Excel writes it."""
    return (
        "Site;Date;Catégorie;Revenu avec taxes;Revenu net\n"
        f"{SITE};{year}-03-01;Événement;1 149,75;1 000,00\n"
        f"{SITE};{year}-03-02;Événement;12,50;\n"
        f"{SITE};{year}-03-03;Événement;beaucoup;\n"
    ).encode("cp1252")


@pytest.mark.parametrize(
    ("year", "way"),
    [(2019, ENGLISH_DESKTOP), (2020, FRENCH_PHONE)],
    ids=["desktop", "phone-dark-french"],
)
def test_from_the_file_to_the_calendar_and_back(
    enter: Callable[..., Visitor], year: int, way: Way
) -> None:
    visitor = enter(way, person="billing", subdomain="globex")
    page = visitor.page
    page.on("dialog", lambda dialog: dialog.accept())
    visitor.goto("/imports?kind=revenue")
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
    visitor.goto(calendar)
    assert page.locator(".calendar__day--reported").count() == 2
    assert visitor.amounts(".calendar__amount >> nth=0") == [1_000_00]
    visitor.look()

    page.goto(address)
    page.locator('form[action$="/undo"] button').click()
    expect(page.locator('form[action$="/undo"]')).to_have_count(0, timeout=WORK_SECONDS)
    # What stands there while it is being undone is a progress bar, without a badge.
    expect(page.locator("#import-progress p .badge")).to_be_visible(timeout=WORK_SECONDS)
    visitor.goto(calendar)
    expect(page.locator(".calendar__day--reported")).to_have_count(0, timeout=WORK_SECONDS)
    visitor.look()


def test_a_missing_day_is_reached_by_keyboard(enter: Callable[..., Visitor]) -> None:
    visitor = enter(person="billing", subdomain="globex")
    page = visitor.page
    visitor.goto(f"/sites/{SITE}/revenue/calendar?month=2026-10")
    link = page.locator(".calendar__link").first
    expect(link).to_be_visible()
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/sites/{SITE}/revenue?day=2026-10-*")
    expect(page.locator("main [name=day]")).to_have_value(page.url[-10:])
    assert visitor.problems == []
