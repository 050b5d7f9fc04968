"""Statements of a month: previewed, made by workers while the page follows, read and corrected."""

import io
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader
from support.journeys import (
    JOURNEYS,
    WORK_MS,
    Journey,
    make_contract,
    make_invoice,
    make_site,
    month_before,
)
from support.visitor import Visitor, amounts_in

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def finish(visitor: Visitor) -> list[int]:
    """Wait for the end of the run on its page; the amounts of its only account."""
    expect(visitor.page.locator("#statement-run-progress .progress--ok")).to_be_visible(
        timeout=WORK_MS
    )
    rows = visitor.page.locator("#statement-run-progress tbody tr")
    expect(rows).to_have_count(1)
    return amounts_in(rows.inner_text())


@pytest.mark.parametrize("journey", JOURNEYS)
def test_statements_of_a_month(enter: Callable[..., Visitor], journey: Journey) -> None:
    visitor = enter(journey.way, person="billing")
    page = visitor.page
    first, last = month_before(1)
    ground = make_site(visitor, journey, "Grain elevator")
    make_contract(visitor, ground, 3)
    make_invoice(visitor, ground, 3, invoice_date=month_before(2)[0])
    make_invoice(visitor, ground, 2, invoice_date=first)
    payment = {
        "customer_id": ground.customer_id,
        "amount": "500.25",
        "received_on": first.replace(day=15),
        "method": "ACH",
    }
    visitor.make("/payments", payment)
    total = journey.taxed(1_000_00)[-1]
    closing = 2 * total - 500_25  # 1,759.75 in Ontario, 1,799.25 in Quebec

    visitor.goto("/statements")
    visitor.press('main .page-head a[href="/statement-runs"]')
    assert page.input_value("main [name=month]") == f"{first:%Y-%m}"
    visitor.fill(customers="CUS999999")
    visitor.press_refused("main form .button--primary")
    expect(page.locator("main [name=customers][aria-invalid=true]")).to_have_count(1)
    visitor.look()
    visitor.fill(customers=ground.customer_id)
    visitor.press("main form button[name=preview]")
    visitor.look()
    visitor.press("main form .button--primary")
    assert finish(visitor) == [closing]
    visitor.look()

    with page.expect_navigation():
        page.locator("#statement-run-progress [data-row-link]").click()
    assert visitor.amounts("main .totals") == [total, total, -500_25, closing]
    document = page.frame_locator("iframe.document-frame")
    expect(document.locator("body")).to_contain_text("Grain elevator")
    assert closing in amounts_in(document.locator("body").inner_text())
    visitor.look()
    address = page.locator("#statement-pdf").get_attribute("href")
    assert address is not None
    status, kind, body = visitor.fetch(address)
    assert (status, kind) == (200, "application/pdf")
    text = "".join(one.extract_text() for one in PdfReader(io.BytesIO(body)).pages)
    assert str(closing) in re.sub(r"[\s,.\u00a0\u202f]", "", text)
    made = page.url

    visitor.make("/payments", payment | {"amount": "0.75", "received_on": last})
    visitor.goto("/statement-runs")
    visitor.fill(customers=ground.customer_id)
    page.check("main [name=corrections]")
    visitor.press("main form .button--primary")
    assert finish(visitor) == [closing - 75]
    page.goto(made)
    expect(page.locator("main .notice--warn a")).to_have_count(1)  # a newer one replaces it
    visitor.look()
