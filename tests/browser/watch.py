"""Looking at a page in Chromium: does it fit, can everybody read it, does it complain?"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A refused form and a page that is not there are answers, not faults; the browser reports them all the same.
ANSWERS = re.compile(r"status of (404|403|409|422) ")
OTHER_SCHEME = {"light": "dark", "dark": "light"}


@dataclass
class Watch:
    """What a page complained of since it was opened: errors, breaches of the policy, requests to other hosts."""

    complaints: list[str] = field(default_factory=list)

    def over(self, page: Page, address: str) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._request(request.url, address))

    def _console(self, message) -> None:
        if message.type == "error" and not ANSWERS.search(message.text):
            self.complaints.append(message.text)

    def _request(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            self.complaints.append(f"asked {url}")


def violations(page: Page, rules: list[str] | None = None) -> list[tuple[str, list[str]]]:
    """What axe finds, by rule, with the elements; all rules, or the named ones."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    found = page.evaluate("only => axe.run(document, {runOnly: only})", only)["violations"]
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]


def overflow(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def assert_good_to_read(page: Page, scheme: str) -> None:
    """It fits, and axe finds nothing; the colours of the other scheme are looked at as well."""
    assert overflow(page) <= 0, page.url
    _assert_none(violations(page), page, scheme)
    other = OTHER_SCHEME[scheme]
    _show_in(page, other)
    _assert_none(violations(page, ["color-contrast"]), page, other)
    _show_in(page, scheme)


def _show_in(page: Page, scheme: str) -> None:
    """Colours that change by a transition are brought to its end."""
    page.emulate_media(color_scheme=scheme)
    page.evaluate("getComputedStyle(document.body).color")
    page.evaluate("document.getAnimations().forEach(animation => animation.finish())")


def _assert_none(found: list[tuple[str, list[str]]], page: Page, scheme: str) -> None:
    assert not found, f"{page.url}, {scheme}: {found}"
