"""The list of dead letters on the page of failures."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.end_to_end.console_browser import Visit


def letter(number: int) -> dict[str, object]:
    return {
        "id": f"letter-{number}", "ref": "dlq", "kind": "collage", "when": "2026-11-04T10:00:00Z",
        "about": "a window", "why": "killed", "body": "{}", "tries": 3,
    }  # fmt: skip


def test_an_older_list_of_dead_letters_does_not_replace_a_newer_one(here: Visit) -> None:
    """They are requested on load, when their number changes, and by Refresh."""
    held: list[Route] = []

    def answer(route: Route) -> None:
        if held:
            route.fulfill(json={"letters": [letter(1), letter(2)], "remaining": {}})
        else:
            held.append(route)

    here.page.route("**/api/failures/letters*", answer)
    page = here.page
    page.goto(f"{here.base}/failures")
    rows = page.locator("[data-letter]")
    expect(page.locator("#failures .blank")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    expect(rows).to_have_count(2)
    with page.expect_response("**/api/failures/letters*"):
        held[0].fulfill(json={"letters": [], "remaining": {}})
    page.evaluate("fetch('/api/failures/counts').then(answer => answer.text())")
    expect(page.locator("#letters-hint")).to_have_text("2 dead letters")
    expect(rows).to_have_count(2)
