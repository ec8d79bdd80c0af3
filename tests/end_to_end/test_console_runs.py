"""The viewer's actions and timeline, replays and their list, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from ops_dashboard.local.demo.console import running_console
from stream_ingest.aws.queue_depth import queue_depth
from tests.end_to_end.console_browser import Visit
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.samples import make_sample, plain_creator, write_rows
from tests.end_to_end.waiting import wait_for

pytestmark = pytest.mark.timeout(240)

PHONE_PX = 390


@pytest.fixture(scope="module")
def pushed(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> datetime:
    """Push a creator with two windows, of which each cell can be built; return the start (UTC)."""
    started = datetime.now(UTC)
    creators = [plain_creator("runs.one", 31, 37), plain_creator("runs.two", 32, 3)]
    sample = make_sample(pipeline.covers, creators, seed=71, awkward=False)
    path = write_rows(sample, tmp_path_factory.mktemp("runs"), "runs.csv")
    pipeline.push(f"--csv={path}", "--flush", "--batch-id=console-runs")
    return started


@pytest.fixture(scope="module")
def address(
    pipeline: Pipeline,
    pushed: datetime,  # noqa: ARG001 - so that there is something to see
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("console-log")
    with running_console(pipeline.aws.environment(), folder) as url:
        yield url.rstrip("/")


def check_everywhere(here: Visit, name: str) -> None:
    """Screenshots in light, dark and on a phone, each without a violation of accessibility."""
    page = here.page
    here.screenshot(f"{name}-light")
    assert here.violations() == []
    page.emulate_media(color_scheme="dark")
    here.screenshot(f"{name}-dark")
    assert here.violations() == []
    page.set_viewport_size({"width": PHONE_PX, "height": 844})
    here.screenshot(f"{name}-phone")
    assert here.violations() == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE_PX


def opened(here: Visit, window: int = 1) -> Locator:
    page = here.open("/gallery?creator=runs.one")
    page.get_by_role("button", name=f"Collage {window} of runs.one").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Rebuild")).to_be_visible()
    return dialog


def test_opening_a_window_is_an_entry_of_the_history_and_its_address_opens_it(here: Visit) -> None:
    dialog, page = opened(here), here.page
    expect(page).to_have_url(re.compile(r"window=runs\.one%3A000001"))
    address = page.url
    dialog.get_by_role("button", name=re.compile("Next →|← Previous")).first.focus()
    page.go_back()
    expect(dialog).to_be_hidden()
    assert "creator=runs.one" in page.url
    page.go_forward()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page).not_to_have_url(address)
    here.open(address.removeprefix(here.base))
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_contain_text("runs.one")


LATE_CLOSE = """() => {
  const dialog = document.querySelector("dialog[open]");
  dialog.addEventListener("close", (event) => {
    event.stopImmediatePropagation();
    addEventListener("popstate", () => dialog.dispatchEvent(new Event("close")), { once: true });
  }, { capture: true, once: true });
}"""


def test_a_window_opened_again_before_its_closing_is_heard_of_stays_open(here: Visit) -> None:
    """Browsers send a dialog's `close` some time after closing it; Forward can come before."""
    dialog, page = opened(here), here.page
    address = page.url
    page.evaluate(LATE_CLOSE)
    page.go_back()
    expect(dialog).to_be_hidden()
    page.go_forward()
    expect(dialog.get_by_role("button", name="Rebuild")).to_be_visible()
    expect(page).to_have_url(address)


def test_a_window_tells_its_timeline_with_times_and_reasons(here: Visit) -> None:
    dialog = opened(here)
    dialog.get_by_role("tab", name="Collage").press("ArrowRight")
    steps = dialog.get_by_role("list", name="What happened, in order")
    expect(steps).to_contain_text("batch console-runs started")
    expect(steps).to_contain_text("because it was full")
    expect(steps).to_contain_text("collage: window ended")
    expect(dialog.get_by_role("table", name="Objects")).to_contain_text("s3://")
    check_everywhere(here, "timeline")


def test_a_window_is_rebuilt_where_it_is_shown_and_the_viewer_says_what_changed(
    here: Visit,
) -> None:
    dialog = opened(here)
    dialog.get_by_role("button", name="Rebuild").click()
    note = dialog.get_by_role("status")
    expect(note).to_contain_text("Built again: 35 of 35 images, as before.", timeout=60_000)
    here.screenshot("window-rebuilt")
    expect(dialog.get_by_role("button", name="Retry")).to_have_count(0)


def start(page: Page, count: str) -> Locator:
    page.get_by_role("button", name="Count the windows").click()
    expect(page.locator("#question")).to_contain_text(f"{count} will be built again")
    page.get_by_role("button", name=f"Build {count} again").click()
    return page.get_by_role("article").first


def test_a_creator_is_replayed_once_its_windows_were_counted(here: Visit) -> None:
    page = here.open("/replay?creator=runs.one")
    run = start(page, "2 windows")
    expect(run).to_have_attribute("data-done", "true", timeout=60_000)
    expect(run).to_contain_text("2 of 2 windows rebuilt")
    run.get_by_text("Windows, before and after").click()
    expect(run.get_by_role("row", name="runs.one #1")).to_contain_text("35 of 35 as before")
    check_everywhere(here, "replay-done")
    run.get_by_role("button", name="runs.one #2").click()
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_contain_text("runs.one")


def test_a_range_is_replayed_and_its_progress_shown(here: Visit, pushed: datetime) -> None:
    page = here.open("/replay")
    page.get_by_role("button", name="last hour").click()
    page.get_by_label("Windows closed from").fill(f"{pushed:%Y-%m-%dT%H:%M:%S}")
    run = start(page, "3 windows")
    expect(run).to_contain_text("may lag by ten minutes")
    expect(run).to_have_attribute("data-done", "true", timeout=90_000)


@contextmanager
def paused_collages(pipeline: Pipeline) -> Iterator[None]:
    """Leave the messages of the collage queue where they are during a ``with`` block."""
    functions, name = pipeline.aws.clients.functions, pipeline.outputs.collage_function
    (mapping,) = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def messages(pipeline: Pipeline) -> int:
    """Return the number of messages of the collage queue, those in flight included."""
    return queue_depth(pipeline.aws.clients.sqs, pipeline.outputs.collage_queue_url).total


def test_a_range_is_cancelled_and_what_is_in_the_queue_is_not_built(
    here: Visit, pipeline: Pipeline, pushed: datetime
) -> None:
    page = here.open("/replay")
    page.get_by_label("Windows closed from").fill(f"{pushed:%Y-%m-%dT%H:%M:%S}")
    page.evaluate("window.confirm = () => true")
    with paused_collages(pipeline):
        run = start(page, "3 windows")
        wait_for(lambda: messages(pipeline) == 3)
        run.get_by_role("button", name="Cancel").click()
        expect(run).to_contain_text("cancelled by")
    wait_for(lambda: messages(pipeline) == 0)
    run.get_by_text("Windows, before and after").click()
    expect(run.get_by_role("row", name="runs.one #1")).to_contain_text("not built yet")
    expect(run).to_contain_text("0 of 3 windows rebuilt")
    expect(run.get_by_role("button", name="Cancel")).to_have_count(0)
    here.screenshot("replay-cancelled")


def test_a_choice_without_windows_starts_nothing(here: Visit) -> None:
    page = here.open("/replay?creator=nobody.here")
    page.get_by_role("button", name="Count the windows").click()
    expect(page.locator("#question")).to_contain_text("No window")
    expect(page.get_by_role("button", name=re.compile("^Build"))).to_be_hidden()
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("button", name="Count the windows")).to_be_focused()
