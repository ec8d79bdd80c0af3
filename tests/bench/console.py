"""The console's pages over 5,000 windows and 411 batches on the embedded AWS, in chromium.

Seconds from the address until the page's data are shown: at the first visit, with nothing in the
browser's cache, and the median of later ones. Pages are visited in turn, so that what the console
keeps for a few seconds has expired. Then all stay open for a minute, in which requests are counted.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
from playwright.sync_api import Browser, BrowserContext, Page, Request

from ops_dashboard.local.aws.bridge import process
from ops_dashboard.local.demo.console import running_console
from tests.bench.measure import hand_over, say
from tests.bench.results import OURS, Limit, Measure
from tests.end_to_end.console_browser import chromium
from tests.end_to_end.ready_pages import READY_PAGES, ready_ms
from tests.end_to_end.seeded_desk import seeded_desk

MAX_READY_S, MAX_REQUESTS, MAX_KB = 1.0, 30, 100
_ROUNDS = 7
_MINUTE_MS = 60_000


class Found(msgspec.Struct, kw_only=True):
    """The figures of a page. Not a value: it grows."""

    first_s: float
    requests: int
    """Requests of the first visit, …"""
    kb: float
    """… and their bodies as they were sent, without pictures."""
    later_s: list[float] = []
    polled: int = 0
    """Requests in a minute in which nobody does anything."""


def main() -> None:
    """Measure."""
    with console() as base, chromium() as browser:
        found = {name: first_visit(browser, base, name) for name in READY_PAGES}
        with window(browser) as context:
            for number in range(_ROUNDS):
                for name, each in found.items():
                    page = context.new_page()
                    each.later_s.append(ready_ms(page, base, name) / 1000)
                    page.close()
                say(f"round {number + 1} of {_ROUNDS}")
        poll(browser, base, found)
    hand_over(measures(found))


@contextmanager
def console() -> Iterator[str]:
    """Serve the console over a seeded stack, during a ``with`` block; yield its address."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        aws, _ = stack.enter_context(seeded_desk())
        stack.enter_context(process.running_bridge(aws.instance))
        address = stack.enter_context(running_console(aws.environment(), Path(folder)))
        yield address.rstrip("/")


@contextmanager
def window(browser: Browser) -> Iterator[BrowserContext]:
    """Open a window with an empty cache, during a ``with`` block."""
    context = browser.new_context(viewport={"width": 1360, "height": 850}, timezone_id="UTC")
    try:
        yield context
    finally:
        context.close()


def first_visit(browser: Browser, base: str, name: str) -> Found:
    """Visit a page with nothing in the browser's cache."""
    say(f"first visit: {name}")
    sent: list[Request] = []
    with window(browser) as context:
        page = context.new_page()
        page.on("requestfinished", lambda request: sent.append(request))  # noqa: PLW0108 - no builtin
        first_s = ready_ms(page, base, name) / 1000
        page.wait_for_load_state("networkidle")
        own = [each for each in sent if each.resource_type != "image"]
        size = sum(each.sizes()["responseBodySize"] for each in own)
        return Found(first_s=first_s, requests=len(sent), kb=size / 1000)


def poll(browser: Browser, base: str, found: dict[str, Found]) -> None:
    """Count the requests of each page in a minute."""
    say("a minute in which all pages are open")
    with ExitStack() as stack:
        pages: list[Page] = []
        for name in found:
            page = stack.enter_context(window(browser)).new_page()
            ready_ms(page, base, name)
            page.wait_for_load_state("networkidle")
            pages.append(page)
        for page, each in zip(pages, found.values(), strict=True):
            page.on("request", lambda _, each=each: setattr(each, "polled", each.polled + 1))
        pages[0].wait_for_timeout(_MINUTE_MS)


def measures(found: dict[str, Found]) -> list[Measure]:
    """Return the measures of all pages."""
    later = [
        _seconds(name, statistics.median(each.later_s), f"{each.requests} requests at first")
        for name, each in found.items()
    ]
    first = [_seconds(f"{name}.first", each.first_s, "") for name, each in found.items()]
    polled = {name: each.polled for name, each in found.items()}
    weight = {name: each.kb for name, each in found.items()}
    return [
        *later,
        *first,
        _largest("polled", "requests/min", polled, MAX_REQUESTS),
        _largest("weight", "KB", weight, MAX_KB),
    ]


def _seconds(name: str, seconds: float, note: str) -> Measure:
    limits = {OURS: Limit(most=MAX_READY_S)}
    return Measure(
        name=f"console.{name}",
        unit="s",
        ours=seconds,
        more_is_better=False,
        limits=limits,
        note=note,
    )


def _largest(name: str, unit: str, of: dict[str, float] | dict[str, int], most: float) -> Measure:
    return Measure(
        name=f"console.{name}",
        unit=unit,
        ours=max(of.values()),
        more_is_better=False,
        limits={OURS: Limit(most=most)},
        note=", ".join(f"{page} {value:.0f}" for page, value in of.items()),
    )


if __name__ == "__main__":
    main()
