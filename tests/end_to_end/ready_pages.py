"""When a page of the console over a seeded desk shows its data, in a browser. Edge (browser).

A page is ready when each element is there that only its data make, no part of it says that it is
loading, and the header says that it is live. A shell without data is not ready.
"""

from __future__ import annotations

from typing import NamedTuple

from playwright.sync_api import Page

from tests.end_to_end.seeded_plan import BIG


class ReadyPage(NamedTuple):
    """A page: its address, and selectors of what its data make."""

    path: str
    shown: tuple[str, ...]


READY_PAGES = {
    "overview": ReadyPage("/", ("[data-batch]", "#widgets .widget")),
    "batches": ReadyPage("/batches", (f"[data-batch='{BIG}']",)),
    "batch": ReadyPage(f"/batches/{BIG}", ("#reasons [data-reason]", "#tiles .tile", "#facts *")),
    "creators": ReadyPage("/creators", (".row", "#detail .creator-name")),
    "gallery": ReadyPage("/gallery", (".tile",)),
    "failures": ReadyPage(
        "/failures", ("#failures tbody tr", "#letters tbody tr", "#totals .total-line")
    ),
    "replay": ReadyPage("/replay", ("#runs *",)),
    "upload": ReadyPage("/upload", ("#uploads [data-batch]",)),
    "alarms": ReadyPage("/alarms", ("#fine .alarm",)),
}
_PATIENCE_MS = 120_000
_READY = """(selectors) => {
  const isLoading = (each) => !each.children.length
    && /^Loading/.test(each.textContent.trim()) && each.checkVisibility();
  return selectors.every((each) => document.querySelector(each))
    && !document.querySelector("[aria-busy=true]")
    && ![...document.querySelectorAll("main *")].some(isLoading)
    && document.getElementById("live-text").textContent === "live"
    && performance.now();
}"""
"""Returns the milliseconds since the navigation began, false until the page is ready."""


def ready_ms(page: Page, base: str, name: str) -> float:
    """Open a page and return how many milliseconds it took until its data were shown."""
    wanted = READY_PAGES[name]
    page.goto(base + wanted.path, wait_until="commit")
    found = page.wait_for_function(
        _READY, arg=list(wanted.shown), polling="raf", timeout=_PATIENCE_MS
    )
    return float(found.json_value())
