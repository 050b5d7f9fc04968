"""From the bare domain to a paid invoice, in a real browser against the running service."""

import io
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from playwright.sync_api import Browser, expect
from pypdf import PdfReader
from support.service import RunningService
from support.visitor import ENGLISH_DESKTOP, FRENCH_PHONE, Visitor, Way, open_window

pytestmark = [pytest.mark.browser, pytest.mark.processes]

Address = Callable[[str], str]

PASSWORD = "copper lamp river stone"
WAIT_SECONDS = 90  # the provisioner may still be starting, and the machine be busy
SAVE = "main form .form__actions .button--primary"
PAY = "[data-dialog-open=payment]"
REVENUE, SHARE = "48250.50", "15"
SUBTOTAL, HST, TOTAL = 7_237_58, 940_89, 8_178_47  # cents; HST of Ontario, 13%


def last_month() -> tuple[date, date]:
    last = datetime.now(UTC).date().replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def fill_in_sign_up(visitor: Visitor, service: RunningService, subdomain: str) -> None:
    visitor.page.goto(service.url("/signup"))
    visitor.fill(
        organisation_name="Northside Électrique",
        subdomain=subdomain,
        owner_name="Noémie Tremblay",
        email=f"owner@{subdomain}.example",
        password=PASSWORD,
    )


def fill_in_site(visitor: Visitor, at: Address) -> None:
    visitor.page.goto(at("/sites/new"))
    visitor.fill(
        site_name="Quai de la Commune, entrepôt nº 4",
        street1="12 Harbour Street",
        city="Toronto",
        state="ON",
        zip="M5J 1A1",
        contact_name="Omar Haddad",
        contact_email="omar@customer.example",
    )


def make_contract(visitor: Visitor, at: Address, site_id: str) -> None:
    """A revenue share whose worked example follows what is typed; then in force."""
    page = visitor.page
    page.goto(at(f"/contracts/new?site={site_id}"))
    visitor.look()
    visitor.press("button[value=revenue_share]")
    visitor.fill(effective_date=last_month()[0].isoformat(), terms__revenue_share_rate=SHARE)
    expect(page.locator("#example-total")).to_be_visible()
    assert visitor.amounts("#example-total") == [7_500_00]
    visitor.fill(example__revenue=REVENUE)
    expect(page.locator("#example-total")).to_contain_text("237")
    assert visitor.amounts("#example-total") == [SUBTOTAL]
    page.locator("#example-result summary").click()
    visitor.look()
    visitor.press(SAVE)
    visitor.look()
    visitor.press("button[form=activate-form]")
    visitor.look()


def enter_revenue(visitor: Visitor, at: Address, site_id: str) -> None:
    visitor.page.goto(at(f"/sites/{site_id}/revenue"))
    visitor.fill(day=last_month()[1].isoformat(), gross_amount=REVENUE)
    visitor.press(SAVE)
    visitor.look()


def issue_invoice(visitor: Visitor, at: Address) -> None:
    """The month's invoice, seen before it is made; each line says why."""
    page = visitor.page
    page.goto(at("/invoices/new"))
    assert page.input_value("[name=start_date]") == last_month()[0].isoformat()
    visitor.look()
    visitor.press("button[value=preview]")
    assert visitor.amounts("#preview .totals") == [SUBTOTAL, HST, TOTAL]
    visitor.look()
    visitor.press("button[value=issue]")
    for line in page.locator("main details.line").all():
        line.locator("summary").click()
    assert page.locator("main .trace__step").count() > 0
    visitor.look()
    assert visitor.amounts("main .totals") == [SUBTOTAL, HST, TOTAL]


def read_pdf(visitor: Visitor) -> str:
    """The text of the PDF behind the invoice's button; waits until it is made."""
    address = visitor.page.locator("#invoice-pdf").get_attribute("href")
    assert address is not None
    deadline = time.monotonic() + WAIT_SECONDS
    status, kind, body = visitor.fetch(address)
    while status == 202 and time.monotonic() < deadline:
        time.sleep(0.25)
        status, kind, body = visitor.fetch(address)
    assert (status, kind) == (200, "application/pdf")
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)


@pytest.mark.parametrize(
    ("subdomain", "way"), [("northside", ENGLISH_DESKTOP), ("rivesud", FRENCH_PHONE)]
)
def test_a_visitor_is_paid_a_first_invoice(
    service: RunningService, browser: Browser, subdomain: str, way: Way
) -> None:
    at = partial(service.url, subdomain=subdomain)
    visitor = open_window(browser, **way.options)
    page = visitor.page
    addresses: list[str] = []
    page.on("framenavigated", lambda frame: addresses.append(frame.url))

    page.goto(service.url("/"))
    visitor.look()
    fill_in_sign_up(visitor, service, subdomain)
    expect(page.locator("#address-check")).to_contain_text(subdomain)
    visitor.look()
    visitor.press(SAVE)
    page.wait_for_url(at("/"), timeout=WAIT_SECONDS * 1000)
    assert any(re.search(r"/signup/[0-9a-f-]{36}$", address) for address in addresses)
    assert page.locator("html").get_attribute("lang") == way.language
    visitor.look()

    fill_in_site(visitor, at)
    visitor.look()
    visitor.press(SAVE)
    visitor.look()
    site_id = page.url.rsplit("/", 1)[1]
    make_contract(visitor, at, site_id)
    enter_revenue(visitor, at, site_id)
    issue_invoice(visitor, at)

    number = page.locator("main [aria-current=page]").inner_text().strip()
    assert re.fullmatch(r"[A-Z]+-\d{4}-\d{6}", number)
    text = read_pdf(visitor)
    assert number in text
    assert str(TOTAL) in re.sub(r"[\s,.\u00a0\u202f]", "", text)

    page.locator(PAY).click()
    expect(page.locator("#payment")).to_be_visible()
    visitor.look()
    page.locator("#payment [name=transaction_id]").fill("WIRE-2041")
    visitor.press("#payment .button--primary")
    visitor.look()
    expect(page.locator("h1 .badge--ok")).to_be_visible()
    assert page.locator(PAY).count() == 0
    page.context.close()


def make_hybrid_plainly(visitor: Visitor, at: Address, site_id: str) -> None:
    """A contract of two components; the example is asked for with a button."""
    page = visitor.page
    page.goto(at(f"/contracts/new?site={site_id}"))
    visitor.press("button[value=hybrid]")
    page.fill("[name=effective_date]", last_month()[0].isoformat())
    page.check("#use_part2_fixed_fee")
    page.fill("[name=part2_fixed_fee-monthly_fee]", "1200")
    page.check("#use_part0_revenue_share")
    page.fill("[name=part0_revenue_share-revenue_share_rate]", "5")
    visitor.press("button[value=example]")
    assert visitor.amounts("#example-total") == [3_700_00]
    assert page.input_value("[name=part2_fixed_fee-monthly_fee]") == "1200"
    visitor.press(SAVE)
    visitor.press("button[form=activate-form]")


def test_the_same_works_without_scripts(service: RunningService, browser: Browser) -> None:
    at = partial(service.url, subdomain="plainpages")
    visitor = open_window(browser, java_script_enabled=False)
    page = visitor.page
    fill_in_sign_up(visitor, service, "plainpages")
    visitor.press(SAVE)
    deadline = time.monotonic() + WAIT_SECONDS
    while page.url != at("/") and time.monotonic() < deadline:
        page.locator("#progress a.button").click()
    assert page.url == at("/")

    fill_in_site(visitor, at)
    page.fill("[name=city]", "")
    visitor.press(SAVE)
    assert page.input_value("[name=street1]") == "12 Harbour Street"
    page.fill("[name=city]", "Toronto")
    visitor.press(SAVE)

    make_hybrid_plainly(visitor, at, page.url.rsplit("/", 1)[1])
    page.goto(at("/invoices/new"))
    page.fill("[name=revenue_amount]", "20000")
    visitor.press("button[value=preview]")
    assert 2_486_00 in visitor.amounts("#preview")  # 1,000 + 1,200, with 13%
    page.fill("[name=revenue_amount]", "30000")
    visitor.press("button[value=issue]")
    assert page.url == at("/invoices/new")
    assert 3_051_00 in visitor.amounts("#preview")  # shown again before it is made
    visitor.press("button[value=issue]")
    assert re.search(r"/invoices/INV\d{9}$", page.url)
    visitor.press(PAY)
    expect(page.locator("#payment")).to_be_visible()
    visitor.press("#payment .button--primary")
    expect(page.locator("h1 .badge--ok")).to_be_visible()
    page.context.close()
