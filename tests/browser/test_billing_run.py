"""A run with a contract that fails: seen before, told with its reason, mended and billed."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from support.journeys import (
    JOURNEYS,
    WORK_MS,
    Journey,
    make_contract,
    make_site,
    month_before,
)
from support.visitor import Visitor, amounts_in

pytestmark = [pytest.mark.browser, pytest.mark.processes]

CHOICE = "main form[method=get]"
FEE, REVENUE, SHARE = 1_000_00, "20000.10", 2_000_01  # a tenth of 20,000.10


def preview_run(visitor: Visitor, site_id: str, month: str) -> None:
    """Choose the month and the site."""
    page = visitor.page
    visitor.goto("/billing-runs")
    page.fill(f"{CHOICE} [name=month]", month)
    page.locator(f"{CHOICE} details.more summary").click()
    page.fill(f"{CHOICE} [name=customer_site_ids]", site_id)
    visitor.press(f"{CHOICE} .form__actions .button")


def row_of(visitor: Visitor, contract_id: str) -> str:
    row = visitor.page.locator("#run-progress tbody tr", has_text=contract_id)
    expect(row).to_have_count(1)
    return row.inner_text()


@pytest.mark.parametrize("journey", JOURNEYS)
def test_what_fails_is_mended_and_billed(enter: Callable[..., Visitor], journey: Journey) -> None:
    visitor = enter(journey.way, person="billing")
    page = visitor.page
    first, last = month_before(1)
    ground = make_site(visitor, journey, "Marina garage")
    fee = make_contract(visitor, ground)
    share = make_contract(
        visitor,
        ground,
        contract_type="revenue_share",
        billing_configuration={"revenue_share_rate": "0.1"},
    )
    billed = journey.taxed(FEE)[-1]

    preview_run(visitor, ground.site_id, f"{first:%Y-%m}")
    assert visitor.amounts("#run-preview .definitions") == [billed]
    failing = page.locator("#run-preview tbody tr")
    expect(failing).to_have_count(1)
    expect(failing).to_contain_text(share)
    visitor.look()
    visitor.press("#run-preview form .button--primary")
    expect(page.locator("#run-progress .progress--warn")).to_be_visible(timeout=WORK_MS)
    visitor.look()
    address = page.url
    assert amounts_in(row_of(visitor, fee)) == [billed]
    assert amounts_in(row_of(visitor, share)) == []
    reason = page.locator("#run-progress tr", has_text=share).locator("td").nth(2).inner_text()
    assert re.search(r"Reven[ui]", reason), reason

    visitor.goto("/manual-review")
    visitor.look()
    item = page.locator("main tbody tr", has_text=share)
    expect(item).to_contain_text(reason)
    with page.expect_navigation():
        item.locator("[data-row-link]").click()
    assert page.url.endswith(f"/sites/{ground.site_id}/revenue")
    visitor.fill(day=last.isoformat(), gross_amount=REVENUE)
    visitor.press("main form .form__actions .button--primary")

    page.goto(address)
    visitor.press('form[action$="/retry"] .button--primary')
    expect(page.locator("#run-progress .progress--ok")).to_be_visible(timeout=WORK_MS)
    visitor.look()
    assert amounts_in(row_of(visitor, fee)) == [billed]
    assert amounts_in(row_of(visitor, share)) == [journey.taxed(SHARE)[-1]]
    assert visitor.amounts("#run-progress .definitions") == [billed + journey.taxed(SHARE)[-1]]
    visitor.goto("/manual-review")
    expect(page.locator("main tbody tr", has_text=share)).to_have_count(0)

    page.goto(address)
    row = page.locator("#run-progress tr", has_text=share)
    with page.expect_navigation():
        row.locator('a[href^="/invoices/"]').click()
    assert visitor.amounts("main .totals") == journey.taxed(SHARE)
    expect(page.locator("h1 .badge")).to_have_count(1)
    visitor.look()
