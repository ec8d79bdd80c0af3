"""Runs the console in Debian's chromium, and collects the browser's errors and warnings."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.paths import ROOT

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_HINT = "the console's browser tests need chromium: apt-get install chromium"
_QUIET = (
    "--no-sandbox",  # root in CI; the pages are ours
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
)
_TIMEOUT_MS = 30_000
_VIOLATIONS = "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)"
"""What axe finds, without what it passes: describing that takes a quarter of the time."""
SCREENSHOTS = ROOT / "test-output" / "console"
"""Screenshots of every page, for people to look at."""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; without one the test is skipped, or fails in CI."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_HINT)
        pytest.skip(_HINT)
    expect.set_options(timeout=_TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_QUIET))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """One open page, and its errors and warnings."""

    page: Page
    base: str
    messages: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open one of the console's pages and wait until its data are loaded."""
        self.page.goto(self.base + path)
        expect(self.page.locator("#live-text")).to_have_text("live")
        self.page.wait_for_load_state("networkidle")
        return self.page

    def violations(self) -> list[str]:
        """Return the accessibility violations that axe-core finds: rule and first element."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate(_VIOLATIONS)
        return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


@contextlib.contextmanager
def visit(browser: Browser, base: str) -> Iterator[Visit]:
    """Open a new window; any error or warning in it fails the test at the end."""
    context = browser.new_context(
        viewport={"width": 1360, "height": 850},
        color_scheme="light",
        timezone_id="UTC",
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(_TIMEOUT_MS)
    page = context.new_page()
    here = Visit(page, base)

    def collect(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            here.messages.append(f"{message.type}: {message.text}")

    page.on("console", collect)
    page.on("pageerror", lambda error: here.messages.append(f"error: {error}"))
    page.on("dialog", lambda dialog: here.messages.append(f"dialog: {dialog.message}"))
    try:
        yield here
    finally:
        context.close()
    assert here.messages == [], here.messages  # not rewritten by pytest: this is not a test module
