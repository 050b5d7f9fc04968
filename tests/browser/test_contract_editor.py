"""New terms of a contract: tried on the past, refused, recorded, and what was billed put right."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from support.journeys import (
    JOURNEYS,
    Journey,
    make_contract,
    make_invoice,
    make_site,
    month_before,
)
from support.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.processes]

SAVE = "main form .form__actions .button--primary"


@pytest.mark.parametrize("journey", JOURNEYS)
def test_new_terms_are_tried_recorded_and_billed_again(
    enter: Callable[..., Visitor], journey: Journey
) -> None:
    visitor = enter(journey.way, person="billing")
    page = visitor.page
    ground = make_site(visitor, journey, "Pump house")
    contract = make_contract(visitor, ground)
    make_invoice(visitor, ground, 2)
    invoice_id, number = make_invoice(visitor, ground, 1)

    visitor.goto(f"/contracts/{contract}")
    visitor.look()
    visitor.press(f'main .page-head a[href="/contracts/{contract}/terms"]')
    assert page.input_value("main [name=terms-monthly_fee]") == "1000"
    visitor.fill(terms__monthly_fee="1100.50")
    expect(page.locator("#example-total")).to_contain_text("100")
    assert visitor.amounts("#example-total") == [1_100_50]
    visitor.look()
    visitor.press('button[formaction$="/what-if"]')
    assert visitor.amounts("#what-if-totals") == [2_000_00, 2_201_00, 201_00]
    assert page.locator("#what-if-lines a", has_text=number).count() == 1
    visitor.look()

    visitor.press('button[form=what-if-form][formaction$="/terms"]')
    assert page.input_value("main [name=terms-monthly_fee]") == "1100.50"
    visitor.fill(effective_date=month_before(1)[0].isoformat(), reason="Agreed by letter")
    visitor.press_refused(SAVE)
    expect(page.locator("main .notice--warn a")).to_have_text(number)
    visitor.look()
    page.check("main [name=allow_invoiced]")
    visitor.press(SAVE)
    assert page.url.endswith(f"/contracts/{contract}")
    assert 1_100_50 in visitor.amounts("main")
    expect(page.locator("main .timeline__item", has_text="Agreed by letter")).to_have_count(1)
    visitor.look()

    visitor.goto("/manual-review")
    item = page.locator("main tbody tr", has_text=number)
    expect(item).to_have_count(1)
    with page.expect_navigation():
        item.locator("[data-row-link]").click()
    assert page.url.endswith(invoice_id)
    page.locator("main details.menu:has([form=recalculate-form]) > summary").click()
    visitor.press("button[form=recalculate-form]")
    # 100.50 more: 13.07 HST makes 113.57; 5.03 GST and 10.02 QST make 115.55.
    assert visitor.amounts("main .totals") == journey.taxed(100_50)
    visitor.look()
    visitor.press("button[form=issue-form]")
    visitor.goto("/manual-review")
    expect(page.locator("main tbody tr", has_text=number)).to_have_count(0)
