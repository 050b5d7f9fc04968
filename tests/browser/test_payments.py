"""A payment that names nothing: proposed, refused, applied by hand, taken back, applied by rule."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from support.journeys import JOURNEYS, Journey, make_contract, make_invoice, make_site
from support.visitor import Visitor, amounts_in

pytestmark = [pytest.mark.browser, pytest.mark.processes]

RECEIVED = 1_500_00
APPLY = 'form[action$="/apply"]'
APPLY_TYPED = f"{APPLY} .button--primary"


def unapplied(visitor: Visitor) -> int:
    """The second of the figures on top."""
    return visitor.amounts("main .stats")[1]


def check_invoice(visitor: Visitor, invoice_id: str, *, balance: int, badge: str) -> None:
    visitor.goto(f"/invoices/{invoice_id}")
    assert visitor.amounts("main .totals")[-1] == balance
    expect(visitor.page.locator(f"h1 .badge--{badge}")).to_have_count(1)


@pytest.mark.parametrize("journey", JOURNEYS)
def test_a_payment_is_applied(enter: Callable[..., Visitor], journey: Journey) -> None:
    visitor = enter(journey.way, person="billing")
    page = visitor.page
    ground = make_site(visitor, journey, "Cold storage")
    make_contract(visitor, ground)
    older, _number = make_invoice(visitor, ground, 2)
    newer, _number = make_invoice(visitor, ground, 1)
    total = journey.taxed(1_000_00)[-1]  # 1,130.00 in Ontario, 1,149.75 in Quebec
    rest = RECEIVED - total

    visitor.goto("/payments")
    visitor.press('main a[href="/payments/new"]')
    visitor.fill(customer_id=ground.customer_id, amount="0", reference="Thank you")
    visitor.look()
    visitor.press_refused("main form .form__actions .button--primary")
    expect(page.locator("main [name=amount][aria-invalid=true]")).to_have_count(1)
    visitor.fill(amount="1500.00")
    page.uncheck("main [name=automatic]")
    visitor.press("main form .form__actions .button--primary")
    assert unapplied(visitor) == RECEIVED
    typed = {one: page.locator(f"[name=amount-{one}]") for one in (older, newer)}
    expect(typed[older]).to_have_value(f"{total / 100:.2f}")  # the oldest due date first
    expect(typed[newer]).to_have_value(f"{rest / 100:.2f}")
    visitor.look()

    typed[older].fill(f"{total / 100 + 0.01:.2f}")
    visitor.press_refused(APPLY_TYPED)
    expect(page.locator("main .notice--bad li")).to_have_count(1)
    assert unapplied(visitor) == RECEIVED
    expect(typed[older]).to_have_value(f"{total / 100 + 0.01:.2f}")
    visitor.look()
    typed[older].fill(f"{total / 100:.2f}")
    typed[newer].fill("70.50")
    visitor.press(APPLY_TYPED)
    left = rest - 70_50
    assert unapplied(visitor) == left
    taken = page.locator("main tr", has=page.locator('form[action$="/unapply"]'))
    assert amounts_in(" ".join(taken.all_inner_texts())) == [total, 70_50]

    with page.expect_navigation():
        taken.nth(1).locator("button").click()
    assert unapplied(visitor) == rest
    visitor.look()
    check_invoice(visitor, newer, balance=total, badge="info")
    page.go_back()
    visitor.press(f"{APPLY} button[name=automatic]")
    assert unapplied(visitor) == 0
    expect(page.locator("h1 .badge--ok, .page-head .badge--ok")).to_have_count(1)
    expect(page.locator(APPLY)).to_have_count(0)
    visitor.look()
    check_invoice(visitor, older, balance=0, badge="ok")
    check_invoice(visitor, newer, balance=total - rest, badge="warn")
    visitor.look()
