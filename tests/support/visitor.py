"""A visitor with a real browser, who notices whatever is wrong with a page."""

import base64
import gzip
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
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


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@dataclass
class Visitor:
    """One browser window; `problems` fills with what a page must never do."""

    page: Page
    width: int
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
        options = {"runOnly": RULES}
        found = Axe().run(self.page, options=options).response["violations"]
        serious = {
            one["id"]: [node["html"] for node in one["nodes"]]
            for one in found
            if one["impact"] in {"serious", "critical"}
        }
        assert serious == {}, self.page.url
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

    def fetch(self, address: str) -> tuple[int, str, bytes]:
        """Status, type and body of an address, fetched by the page itself."""
        status, kind, body = self.page.evaluate(FETCH, address)
        return status, kind, base64.b64decode(body)

    def amounts(self, selector: str) -> list[int]:
        """The amounts in an element, in cents, whatever the language writes around them."""
        text = self.page.locator(selector).inner_text()
        found = re.findall(r"\d[\d\s,.\u00a0\u202f]*[.,]\d\d(?!\d)", text)
        return [int(re.sub(r"\D", "", amount)) for amount in found]

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
