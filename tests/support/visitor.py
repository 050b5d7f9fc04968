"""A visitor with a real browser, who notices whatever is wrong with a page."""

import base64
import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response
from support.chromium import serious_problems

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
MINUS = "\N{MINUS SIGN}"
# Rules of the page itself, told through the console, where a test can read them.
TELL_VIOLATIONS = """
addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
FETCH = """async (address) => {
  const answer = await fetch(address);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let text = '';
  for (const one of bytes) text += String.fromCharCode(one);
  return [answer.status, answer.headers.get('content-type'), btoa(text)];
}"""

POST = """async ([address, content]) => {
  const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
  const headers = { 'content-type': 'application/json', 'X-CSRFToken': token };
  const answer = await fetch(address, { method: 'POST', headers, body: content });
  return [answer.status, await answer.text()];
}"""


@dataclass(frozen=True)
class Way:
    """How somebody looks at the pages: in which language, through which window."""

    language: str
    options: Mapping[str, Any]


ENGLISH_DESKTOP = Way("en", {"viewport": DESKTOP, "locale": "en-CA"})
FRENCH_PHONE = Way(
    "fr-ca",
    {
        "viewport": PHONE,
        "locale": "fr-CA",
        "color_scheme": "dark",
        "is_mobile": True,
        "has_touch": True,
    },
)
WAYS = [
    pytest.param(ENGLISH_DESKTOP, id="desktop"),
    pytest.param(FRENCH_PHONE, id="phone-dark-french"),
]


@dataclass
class Visitor:
    """One browser window; `problems` fills with what a page must never do."""

    page: Page
    width: int
    base: str = ""
    problems: list[str] = field(default_factory=list)
    scripts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("request", self._check_host)
        self.page.on("response", self._weigh)

    def look(self) -> None:
        """The page as it stands is accessible, fits the window and broke no rule so far."""
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= self.width, f"{self.page.url} is {width} px wide"
        assert serious_problems(self.page) == {}, self.page.url
        assert self.problems == [], self.page.url

    def fill(self, **values: str) -> None:
        """Type into inputs by name, choose in selects; double underscores are hyphens."""
        for name, value in values.items():
            control = self.page.locator(f'main [name="{name.replace("__", "-")}"]')
            if control.evaluate("(one) => one.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)

    def press(self, selector: str) -> None:
        """Press a button or link that leads to another page, and wait for that page."""
        with self.page.expect_navigation():
            self.page.locator(selector).click()

    def press_refused(self, selector: str) -> None:
        """Press a button whose form comes back with what is wrong; the console tells the 422."""
        with self.page.expect_navigation() as navigation:
            self.page.locator(selector).click()
        answer = navigation.value
        assert answer is not None
        assert answer.status == 422, self.page.url
        self.problems = [one for one in self.problems if "status of 422" not in one]

    def goto(self, path: str) -> None:
        """Open a path of the organisation in whose pages the visitor is."""
        self.page.goto(f"{self.base}{path}")

    def choose_language(self, language: str) -> None:
        """Send the form of the person's menu, wherever the width of the window puts it."""
        if self.page.locator("html").get_attribute("lang") == language:
            return
        button = self.page.locator(f'button[name=language][value="{language}"]').first
        with self.page.expect_navigation():
            button.evaluate("(one) => one.form.requestSubmit(one)")

    def make(self, path: str, body: Any = None) -> Any:
        """POST to the API as the page's scripts could, which must work; returns its answer."""
        content = json.dumps(body, default=str)
        status, text = self.page.evaluate(POST, [f"/api/v1{path}", content])
        assert status in (200, 201, 202), text
        return json.loads(text, parse_float=Decimal)

    def fetch(self, address: str) -> tuple[int, str, bytes]:
        """Status, type and body of an address, fetched by the page itself."""
        status, kind, body = self.page.evaluate(FETCH, address)
        return status, kind, base64.b64decode(body)

    def amounts(self, selector: str) -> list[int]:
        """The amounts in an element, in cents, whatever the language writes around them."""
        return amounts_in(self.page.locator(selector).inner_text())

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(f"console: {message.text}")

    def _check_host(self, request: Request) -> None:
        url = urlsplit(request.url)
        host = url.hostname or ""
        if url.scheme in {"http", "https", "ws"} and not f".{host}".endswith(".localhost"):
            self.problems.append(f"another host: {request.url}")

    def _weigh(self, response: Response) -> None:
        if response.request.resource_type == "script" and response.ok:
            self.scripts[response.url] = len(gzip.compress(response.body(), 6))


def open_window(browser: Browser, **options: Any) -> Visitor:
    """A window of its own, with no cookies; `options` are those of the browser's context."""
    size = options.setdefault("viewport", DESKTOP)
    context = browser.new_context(reduced_motion="reduce", **options)
    context.set_default_timeout(15_000)
    context.add_init_script(TELL_VIOLATIONS)
    return Visitor(context.new_page(), size["width"])


def amounts_in(text: str) -> list[int]:
    """The amounts in a text, in cents; a minus stands before them, and before a dollar sign."""
    found = re.findall(rf"({MINUS}?)\$?(\d[\d ,.\u00a0\u202f]*[.,]\d\d(?!\d))", text)
    signs = {"": 1, MINUS: -1}
    return [signs[sign] * int(re.sub(r"\D", "", amount)) for sign, amount in found]
