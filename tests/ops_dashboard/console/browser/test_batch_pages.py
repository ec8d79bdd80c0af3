"""The list of batches, a batch and the replays as an operator watches them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from stream_ingest.aws.items import to_wire
from stream_ingest.batches.batch_item import new_item
from stream_ingest.contracts.timestamps import from_epoch_s
from tests.end_to_end.console_browser import Visit
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import header
from tests.fakes.ops.table import OpsTable

MIDNIGHT_S = 1_793_750_400
"""The start of 4 November 2026, UTC; in Kiritimati it is 14:00 then."""
HOUR_S = 3_600
PHONE = {"width": 390, "height": 844}
AGAIN = header("again", images=1)


def put(ops_table: OpsTable, name: str, at_s: int, **changes: object) -> None:
    item = new_item(header(name), None, (), "me", at_s)
    item |= {"status": "ended", "rows_read": 5, "rows_sent": 5, "is_final": True}
    item |= {"counted": {"accepted": 5, "duplicates": 0, "windows": 0}} | changes
    ops_table.aws.dynamodb.put_item(TableName=TABLE, Item=to_wire(item))


@pytest.fixture(autouse=True)
def _batches(ops_table: OpsTable) -> None:
    """One batch at 9 and one at 11 in the morning of UTC, and an abandoned one built again."""
    put(ops_table, "nine", MIDNIGHT_S + 9 * HOUR_S)
    put(ops_table, "eleven", MIDNIGHT_S + 11 * HOUR_S)
    ops_table.aws.registry.register(AGAIN)
    ops_table.fold("ann", range(4), AGAIN, MIDNIGHT_S)
    for number in (1, 2, 3):
        ops_table.end(f"ann:{number:06d}", "failed", images_failed=1, failures={"timeout": 1})
    at = from_epoch_s(MIDNIGHT_S).isoformat()
    put(
        ops_table,
        "again",
        MIDNIGHT_S - 40 * 24 * HOUR_S,
        status="abandoned",
        abandoned_at=at,
        abandoned_by="ana",
        counted={"accepted": 4, "duplicates": 0, "windows": 4},
    )


def listed(page: Page) -> list[str]:
    return page.locator("[data-batch]").evaluate_all("all => all.map(each => each.dataset.batch)")


def test_days_are_those_of_the_chosen_zone_and_filters_can_be_cleared(here: Visit) -> None:
    """The address keeps the days; UTC+14 has a 5th of November from 10:00 UTC on."""
    other = here.page.context.browser
    assert other is not None
    context = other.new_context(timezone_id="Pacific/Kiritimati")
    page = context.new_page()
    page.goto(f"{here.base}/batches?from=2026-11-05&to=2026-11-05")
    expect(page.locator("#shown")).to_have_text("1 batch")
    assert listed(page) == ["eleven"]
    page.evaluate("localStorage.setItem('coverstream-zone', 'UTC')")
    page.reload()
    expect(page.get_by_text("No such batches")).to_be_visible()
    page.get_by_label("From").fill("2026-11-04")
    expect(page.locator("#shown")).to_have_text("2 batches")
    assert page.url.endswith("/batches?from=2026-11-04&to=2026-11-05")
    page.go_back()
    expect(page.get_by_text("No such batches")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#shown")).to_have_text("3 batches")
    assert page.url.endswith("/batches")
    context.close()


@pytest.mark.parametrize(
    ("zone", "name", "sent"),
    [("local", "Pacific/Kiritimati", "2026-11-04T10:00:00"), ("UTC", "UTC", "2026-11-05T00:00:00")],
)
def test_a_range_to_replay_is_in_the_chosen_zone(
    here: Visit, zone: str, name: str, sent: str
) -> None:
    """Which the page names, whatever is chosen in another tab meanwhile."""
    browser = here.page.context.browser
    assert browser is not None
    context = browser.new_context(timezone_id="Pacific/Kiritimati")
    page = context.new_page()
    page.add_init_script(f"localStorage.setItem('coverstream-zone', '{zone}')")
    bodies: list[Any] = []

    def count(route: Route) -> None:
        bodies.append(route.request.post_data_json)
        route.fulfill(json={"windows": 0, "more": False, "about": ""})

    page.route("**/api/replays/count", count)
    page.goto(f"{here.base}/replay")
    expect(page.locator("#zone")).to_have_text(name)
    another_tab = "localStorage.setItem('coverstream-zone', '{}')"
    page.evaluate(another_tab.format("local" if zone == "UTC" else "UTC"))
    page.get_by_label("Windows closed from").fill("2026-11-05T00:00:00")
    page.get_by_role("button", name="Count the windows").click()
    expect(page.locator("#question")).to_contain_text("No window")
    assert bodies == [{"from": sent, "to": None}]
    context.close()


def test_an_abandoned_batch_that_is_built_again_is_found_as_such(here: Visit) -> None:
    page = here.open("/batches")
    page.get_by_label("Outcome").select_option("building")
    expect(page.locator("#shown")).to_have_text("1 batch")
    assert listed(page) == ["again"]
    expect(page.locator("[data-batch]")).to_contain_text("building collages again")


@pytest.mark.parametrize("width", [PHONE["width"], 1360])
def test_the_first_row_of_a_list_has_no_line_above_it(here: Visit, width: int) -> None:
    here.page.set_viewport_size({"width": width, "height": 844})
    page = here.open("/batches")
    rows = page.locator("[data-batch]")
    expect(rows).to_have_count(3)
    borders = rows.evaluate_all("all => all.map(each => getComputedStyle(each).borderTopWidth)")
    assert borders == ["0px", "1px", "1px"]
    here.screenshot(f"batches-{width}")
    page.emulate_media(color_scheme="dark")
    assert here.violations() == []
    here.screenshot(f"batches-{width}-dark")


LEFT = re.compile(r" windows · \d[\d.]* windows/s · about \d+ (s|min) left")
LEFT_OF_ROW = re.compile(
    r"[1-9]0 of 120 windows rebuilt · \d[\d.]* windows/s · about \d+ (s|min) left"
)


class Runs:
    """Answers for the list of replays: one retry, of which each answer has more windows built."""

    def __init__(self, batch_id: str, step: int) -> None:
        self.step, self.done = step, 0
        self.run: dict[str, Any] = {
            "name": "retry-1",
            "kind": "retry",
            "about": "",
            "batch_id": batch_id,
            "owner": "ana@laptop",
            "state": "building",
            "windows": 120,
            "sent": 120,
            "gone": 0,
            "by_status": {},
            "warning": "",
            "cancelled_by": "",
            "can_cancel": True,
            "can_resume": False,
            "started_at": "2026-11-29T12:00:00Z",
            "updated_at": "2026-11-29T12:00:00Z",
        }

    def answer(self, route: Route) -> None:
        route.fulfill(json=[{**self.run, "done": self.done}])
        self.done += self.step


def test_a_retry_shows_its_rate_and_remaining_time(here: Visit) -> None:
    """Until nothing of it has moved for a minute."""
    page, runs = here.page, Runs("", 10)
    page.clock.install()
    page.route("**/api/replays", runs.answer)
    here.open("/replay")
    row = page.get_by_role("article")
    expect(row).to_contain_text("0 of 120 windows rebuilt")
    assert "left" not in row.inner_text()
    page.clock.run_for(5_100)
    expect(row).to_contain_text(LEFT_OF_ROW)
    here.screenshot("replay-rate")
    assert here.violations() == []
    runs.step = 0
    for _ in range(14):
        with page.expect_response("**/api/replays"):
            page.clock.run_for(5_100)
    expect(row).not_to_contain_text("left")


def test_a_batch_shows_the_remaining_time_of_its_retry(here: Visit) -> None:
    page, runs = here.page, Runs("again", 10)
    page.clock.install()
    page.route("**/api/replays", runs.answer)
    here.open("/batches/again")
    rate = page.locator("#rate")
    expect(rate).to_have_text("retry: 0 of 120 windows")
    with page.expect_response("**/api/replays"):
        page.clock.run_for(11_000)
    expect(rate).to_have_text(re.compile(f"^retry: [0-9]+ of 120{LEFT.pattern}$"))
    assert here.violations() == []
    here.screenshot("batch-retry")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    here.screenshot("batch-retry-phone")


def test_a_batch_that_is_built_again_by_something_else_says_how_many_windows_wait(
    here: Visit,
) -> None:
    page = here.page
    page.route("**/api/replays", lambda route: route.fulfill(json=[]))
    here.open("/batches/again")
    expect(page.locator("#rate")).to_have_text("1 window being built")


def test_what_cost_nothing_is_zero_dollars(here: Visit) -> None:
    here.open("/batches/nine")
    expect(here.page.get_by_text("$0 for collages")).to_be_visible()
