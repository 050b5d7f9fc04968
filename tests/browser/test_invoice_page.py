"""An invoice's page: why each line is, what corrects it and what settles it, to the last cent."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from support.journeys import JOURNEYS, Journey, make_contract, make_invoice, make_site
from support.visitor import Visitor, amounts_in

pytestmark = [pytest.mark.browser, pytest.mark.processes]

SUBMIT = ".form__actions button"
MENU = "main details.menu:has([form=recalculate-form])"


def choose(visitor: Visitor, dialog: str) -> None:
    """Open the page's menu and one of its dialogs."""
    visitor.page.locator(f"{MENU} > summary").click()
    visitor.page.locator(f"{MENU} [data-dialog-open={dialog}]").click()
    expect(visitor.page.locator(f"#{dialog}")).to_be_visible()
    visitor.look()


def type_into(visitor: Visitor, dialog: str, **values: str) -> None:
    for name, value in values.items():
        visitor.page.locator(f"#{dialog} [name={name}]").fill(value)


def find(visitor: Visitor, number: str) -> None:
    """Search the list for a number as it is typed, and open what is found."""
    page = visitor.page
    visitor.goto("/invoices")
    page.locator("main [name=q]").fill(number)
    expect(page.locator("#invoices tbody tr")).to_have_count(1)
    with page.expect_navigation():
        page.locator("#invoices [data-row-link]").click()


def credit_a_tenth(visitor: Visitor) -> None:
    """More than there is, which is refused beside the line; then 100.00 of it, as a draft."""
    page = visitor.page
    page.locator(f"{MENU} > summary").click()
    expect(page.locator(f"{MENU} [data-dialog-open=void]")).to_be_visible()
    visitor.press(f'{MENU} a[href$="/credit"]')
    page.locator("main table input").fill("1000.01")
    visitor.fill(reason="Three days without power")
    visitor.press_refused(f"main form {SUBMIT}")
    expect(page.locator("main table [aria-invalid=true]")).to_have_count(1)
    visitor.look()
    page.locator("main table input").fill("100.00")
    visitor.press(f"main form {SUBMIT}")
    visitor.look()


def dispute_and_withdraw(visitor: Visitor) -> None:
    """What the customer says, and how it was settled."""
    page = visitor.page
    choose(visitor, "dispute")
    type_into(visitor, "dispute", amount="200.05", reason="The lift was out of order")
    visitor.press(f"#dispute {SUBMIT}")
    dispute = page.locator("main tr", has_text="The lift was out of order")
    assert amounts_in(dispute.inner_text()) == [200_05]
    dispute.locator("[data-dialog-open]").click()
    closing = page.locator("dialog[open]")
    closing.locator("[name=resolution]").fill("It ran again the same day")
    with page.expect_navigation():
        closing.locator("button[value=withdraw]").click()
    expect(page.locator("main tr", has_text="It ran again")).to_have_count(1)


@pytest.mark.parametrize("journey", JOURNEYS)
def test_credited_disputed_written_off_and_paid(
    enter: Callable[..., Visitor], journey: Journey
) -> None:
    visitor = enter(journey.way, person="billing")
    page = visitor.page
    ground = make_site(visitor, journey, "Ferry terminal")
    make_contract(visitor, ground)
    invoice_id, number = make_invoice(visitor, ground, 1)
    total, credited = journey.taxed(1_000_00), journey.taxed(100_00)
    balance = total[-1] - credited[-1]  # 1,017.00 in Ontario, 1,034.77 in Quebec

    find(visitor, number)
    assert page.url.endswith(invoice_id)
    page.locator("main details.line summary").first.click()
    expect(page.locator("main .trace__step").first).to_be_visible()
    visitor.look()
    assert visitor.amounts("main .totals") == total
    assert 1_000_00 in visitor.amounts("main details.line >> nth=0")

    credit_a_tenth(visitor)
    assert visitor.amounts("main .totals") == [-amount for amount in credited]
    visitor.press("button[form=issue-form]")
    visitor.goto(f"/invoices/{invoice_id}")
    assert visitor.amounts("main .totals") == [*total, -credited[-1], balance]
    # A part is settled: it cannot be void any more.
    expect(page.locator(f"{MENU} [data-dialog-open=void]")).to_have_count(0)
    dispute_and_withdraw(visitor)

    choose(visitor, "write-off")
    type_into(visitor, "write-off", amount="17.00", reason="Not worth a letter")
    visitor.press(f"#write-off {SUBMIT}")
    assert visitor.amounts("main .totals")[-1] == balance - 17_00
    page.locator("[data-dialog-open=payment]").click()
    visitor.press(f"#payment {SUBMIT}")  # the form proposes all that is open
    assert visitor.amounts("main .totals")[-1] == 0
    expect(page.locator("h1 .badge--ok")).to_have_count(1)
    settled = page.locator("main table", has_text="Not worth a letter").first
    found = sorted(amounts_in(settled.inner_text()))
    assert found == sorted([credited[-1], 17_00, balance - 17_00])
    visitor.look()
