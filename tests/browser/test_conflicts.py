"""The billing system and we disagree: connected, reconciled, both values seen, decided."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from support.billing_sandbox import TOKEN, Sandbox, billing_sandbox
from support.journeys import JOURNEYS, WORK_MS, Journey, make_contract, make_site
from support.visitor import FRENCH_PHONE, Visitor, amounts_in

pytestmark = [pytest.mark.browser, pytest.mark.processes]

PRIMARY = "main form .form__actions .button--primary"


def connect(visitor: Visitor, address: str) -> None:
    """The billing system's address and token; the token is refused first, then right."""
    visitor.goto("/sync")
    visitor.press('main a[href="/sync/connection/new"]')
    visitor.look()
    visitor.fill(name="Ledger", base_url=address, token="mistyped")
    visitor.press(PRIMARY)
    expect(visitor.page.locator("main .notice--bad")).to_have_count(1)
    visitor.look()
    visitor.press('main a[href^="/sync/connection/"]')
    visitor.fill(token=TOKEN)
    visitor.press(PRIMARY)
    expect(visitor.page.locator("main .notice--bad")).to_have_count(0)


def reconcile(visitor: Visitor) -> None:
    """Start a reconciliation and follow it on its page to the end."""
    visitor.goto("/sync")
    visitor.press('form[action$="/sync/reconcile"] .button--primary')
    going_on = visitor.page.locator("#sync-progress[hx-get]")
    expect(going_on).to_have_count(0, timeout=WORK_MS)


def open_conflict(visitor: Visitor, code: str) -> None:
    visitor.goto("/sync/conflicts")
    visitor.look()
    with visitor.page.expect_navigation():
        visitor.page.locator("main tbody tr", has_text=code).locator("[data-row-link]").click()
    visitor.look()


def work_over_there(sandbox: Sandbox, *sites: str, territory: str, contract: str) -> None:
    """Somebody changes records in the billing system itself."""
    for site_id in sites:
        sandbox.change("customers", site_id, territory_code=territory)
    sandbox.change(
        "contract-configurations",
        contract,
        billing_method="revenue_share",
        configuration={"revenue_percentage": 0.25, "minimum_amount": 500},
    )


def decide_by_hand(visitor: Visitor, code: str, *, ours: str, theirs: str) -> None:
    """Both values are there; a third one that does not exist is refused; theirs counts."""
    page = visitor.page
    open_conflict(visitor, code)
    cells = page.locator("main tbody td").all_inner_texts()
    assert [one.strip() for one in cells[1:3]] == [ours, theirs]
    page.check("main [name=choice][value=edited]")
    visitor.fill(value="TER9999")
    visitor.press_refused(PRIMARY)
    expect(page.locator("main [name=value][aria-invalid=true]")).to_have_count(1)
    visitor.look()
    page.check("main [name=choice][value=theirs]")
    visitor.press(PRIMARY)
    expect(page.locator("main tbody tr", has_text=code)).to_have_count(0)


@pytest.mark.parametrize("journey", JOURNEYS)
def test_conflicts_are_seen_side_by_side_and_decided(
    enter: Callable[..., Visitor], journey: Journey
) -> None:
    """One organisation each: it has one billing system."""
    subdomain = "globex" if journey.way == FRENCH_PHONE else "acme"
    visitor = enter(journey.way, subdomain=subdomain)
    page = visitor.page
    page.on("dialog", lambda dialog: dialog.accept())
    ours, theirs = (
        visitor.make("/territories", {"name": name})["territory_id"] for name in ("East", "West")
    )
    moved = make_site(visitor, journey, "Weigh station", territory_id=ours)
    kept = make_site(visitor, journey, "Signal box", territory_id=ours)
    contract = make_contract(visitor, moved)

    with billing_sandbox() as sandbox:
        connect(visitor, sandbox.url)
        reconcile(visitor)
        assert sandbox.customers[moved.site_id]["territory_code"] == ours
        visitor.look()
        work_over_there(sandbox, moved.site_id, kept.site_id, territory=theirs, contract=contract)
        reconcile(visitor)

        decide_by_hand(visitor, moved.site_id, ours=ours, theirs=theirs)
        open_conflict(visitor, contract)
        page.check("main [name=choice][value=theirs]")
        visitor.press(PRIMARY)

        row = page.locator("main tbody tr", has_text=kept.site_id)
        row.locator("[data-row-check]").check()
        with page.expect_navigation():
            page.locator("[data-bulk-bar] button[value=ours]").click()
        expect(page.locator("main tbody tr", has_text=kept.site_id)).to_have_count(0)

        visitor.goto("/sync/conflicts?status=resolved")
        expect(page.locator("main tbody tr", has_text=kept.site_id)).to_have_count(1)
        visitor.look()
        reconcile(visitor)
        assert sandbox.customers[moved.site_id]["territory_code"] == theirs
        assert sandbox.customers[kept.site_id]["territory_code"] == ours
        visitor.goto(f"/sites/{moved.site_id}")
        expect(page.locator("main")).to_contain_text("West")
        visitor.goto(f"/contracts/{contract}")
        terms = page.locator("main .card").first
        expect(terms).to_contain_text(re.compile(r"25\s?%"))
        assert 500_00 in amounts_in(terms.inner_text())  # the minimum came along
        visitor.look()

        visitor.goto("/sync")
        visitor.press('form[action$="/remove"] .button--danger')
        expect(page.locator('main a[href="/sync/connection/new"]')).to_have_count(1)
