"""The console in a real browser, on the embedded AWS with the collages of a real run."""

from __future__ import annotations

import csv
import io
import json
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from ops_dashboard.local.aws.bridge import process
from ops_dashboard.local.demo.console import running_console
from ops_dashboard.local.samples.creators import SampleCreator
from stream_ingest.contracts.naming import creator_key
from tests.end_to_end.console_browser import Visit
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.samples import make_sample, plain_creator, write_rows

pytestmark = pytest.mark.timeout(240)

MARKUP = "<img src=x onerror=alert(1)>\"'</script>"
REVERSED = "evil\u202egnp.exe"
"""With a right-to-left override, which is no part of the name: it would read ``evilexe.png``."""
PAGES = {
    "overview": "/",
    "creators": "/creators",
    "gallery": "/gallery",
    "failures": "/failures",
    "replay": "/replay",
    "upload": "/upload",
    "no-photos": "/photos",
    "alarms": "/alarms#iterator-age",
}
PHONE_PX = 390
A_COUNT = re.compile("^[1-9][0-9]*$")


def hostile(name: str, index: int) -> SampleCreator:
    return SampleCreator(name=name, caption="hostile", index=index, covers=4)


@pytest.fixture(scope="module")
def pushed(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> datetime:
    """Push four creators, two of them hostile, and refused rows; return the start (UTC)."""
    started = datetime.now(UTC)
    creators = [
        plain_creator("console.one", 21, 37),
        plain_creator("console.two", 22, 5),
        hostile(MARKUP, 23),
        hostile(REVERSED, 24),
    ]
    sample = make_sample(pipeline.covers, creators, seed=61)
    path = write_rows(sample, tmp_path_factory.mktemp("console"), "console.csv")
    with path.open("a") as file:
        csv.writer(file).writerow([MARKUP, "<script>alert(2)</script>", "2026-11-01"])
    pipeline.push(f"--csv={path}", "--flush", "--batch-id=console")
    return started


@pytest.fixture(scope="module")
def address(
    pipeline: Pipeline,
    pushed: datetime,  # noqa: ARG001 - so that there is something to see
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The address of the console, served by the command itself, with the metrics bridge running."""
    folder = tmp_path_factory.mktemp("console-log")
    with (
        process.running_bridge(pipeline.aws.instance),
        running_console(pipeline.aws.environment(), folder) as url,
    ):
        yield url.rstrip("/")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_in_light_and_dark_and_fits_a_phone(here: Visit, name: str) -> None:
    page = here.open(PAGES[name])
    here.screenshot(f"{name}-light")
    assert here.violations() == []
    page.emulate_media(color_scheme="dark")
    here.screenshot(f"{name}-dark")
    assert here.violations() == []
    page.set_viewport_size({"width": PHONE_PX, "height": 844})
    here.screenshot(f"{name}-phone")
    assert here.violations() == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE_PX


def test_the_overview_shows_the_dashboards_figures_and_the_batch(here: Visit) -> None:
    page = here.open("/")
    batch = page.locator('[data-batch="console"]')
    expect(batch).to_have_attribute("data-state", "ended")
    expect(batch.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    assert page.locator("#widgets canvas").count() > 3
    made = page.locator(".figure", has_text="Collages built").locator(".figure-value")
    expect(made).to_have_text(A_COUNT)
    page.get_by_role("radio", name="7d").click()
    expect(page.get_by_role("radio", name="7d")).to_be_checked()


def test_a_collage_is_opened_navigated_by_keyboard_and_downloaded(
    here: Visit, pipeline: Pipeline
) -> None:
    page = here.open("/gallery?creator=console.one")
    page.get_by_role("button", name="Collage 1 of console.one").press("Enter")
    dialog = page.get_by_role("dialog")
    (collage,) = (
        key for key in pipeline.keys("collages/by-creator/console.one/") if "1.jpg" in key
    )
    picture = dialog.get_by_role("img", name="Collage of console.one")
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("image => image.naturalWidth") == 1_400
    cells = dialog.locator(".cell")
    expect(cells).to_have_count(35)
    here.screenshot("collage")
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    panel = dialog.get_by_role("complementary")
    expect(panel).to_contain_text("Image 9 row 2, column 2")
    expect(panel).to_contain_text("identity")
    expect(panel.locator("code").last).to_have_text(re.compile("^[0-9a-f]{64}$|^tos|^http"))
    assert here.violations() == []
    with page.expect_download() as download:
        dialog.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == Path(collage).name
    assert Path(download.value.path()).read_bytes() == pipeline.read(collage)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_an_empty_cell_shows_its_reason(here: Visit) -> None:
    page = here.open("/gallery?status=partial&batch=console")
    page.locator(".tile").first.click()
    page.locator(".cell.failed").first.hover()
    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text(re.compile("a retry would not help|a retry may succeed"))
    expect(panel).to_contain_text("source")


def test_a_creator_is_found_with_its_history(here: Visit) -> None:
    page = here.open("/creators")
    page.get_by_role("searchbox").fill("console.o")
    page.get_by_role("link", name="console.one").click()
    expect(page.get_by_role("heading", name="console.one")).to_be_visible()
    expect(page.get_by_role("button", name="Collage 2 of console.one")).to_be_visible()
    assert "name=console.one" in page.url


@pytest.mark.parametrize(
    ("creator", "shown"),
    [(MARKUP, MARKUP), (REVERSED, "evilgnp.exe")],
    ids=["markup", "reversed"],
)
def test_a_hostile_name_is_text_on_every_page(here: Visit, creator: str, shown: str) -> None:
    page = here.open("/gallery?batch=console")
    tile = page.locator(".tile", has=page.locator("bdi", has_text=shown))
    tile.click()
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_contain_text(shown)
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("window="))  # closing goes back in the history
    page = here.open("/creators")
    page.get_by_role("searchbox").fill(creator[:6])
    page.locator("#list a", has_text=shown).click()
    expect(page.get_by_role("heading", name=shown)).to_be_visible()
    page.get_by_role("link", name="Replay …").click()
    expect(page.get_by_label("Creators, one per line")).to_have_value(shown)
    page = here.open("/failures?batch=console")
    if creator == MARKUP:
        row = page.get_by_role("row", name="bad_json").filter(has_text=MARKUP)
        expect(row).to_contain_text("<script>alert(2)</script>")
    assert page.locator("img[onerror], main script").count() == 0


def dead_letter(pipeline: Pipeline, creator: str) -> None:
    """Send the message of a creator's first window to the dead-letter queue."""
    item = pipeline.aws.clients.dynamodb.get_item(
        TableName=pipeline.outputs.table_name,
        Key={"creator_name": {"S": creator_key(creator)}, "item": {"S": "images#000001"}},
    )["Item"]
    detail = json.loads(zlib.decompress(item["detail"]["B"]))
    pipeline.aws.clients.sqs.send_message(
        QueueUrl=pipeline.outputs.dead_letter_urls["collage"],
        MessageBody=json.dumps({"detail-type": "WindowReady", "detail": detail}),
    )


def test_a_dead_letter_is_redriven_by_its_button(here: Visit, pipeline: Pipeline) -> None:
    dead_letter(pipeline, "console.two")
    page = here.open("/failures")
    expect(page.locator("#dead-count")).to_be_visible()
    row = page.get_by_role("row", name="console.two #1")
    expect(row).to_contain_text("every attempt to build it failed")
    here.screenshot("failures-letter")
    row.get_by_role("button", name="Redrive").click()
    expect(page.get_by_text("1 dead letter redriven.")).to_be_visible()
    expect(row).to_have_count(0)


def drop(here: Visit, name: str, kind: str, content: str) -> None:
    """Drag a file onto the page."""
    transfer: Any = here.page.evaluate_handle(
        "([name, type, text]) => { const all = new DataTransfer();"
        " all.items.add(new File([text], name, { type })); return all; }",
        [name, kind, content],
    )
    here.page.locator("#drop").dispatch_event("dragenter", {"dataTransfer": transfer})
    here.page.locator("#drop").dispatch_event("drop", {"dataTransfer": transfer})


def test_a_csv_is_dropped_checked_and_uploaded_and_its_batch_shown_until_its_end(
    here: Visit, pipeline: Pipeline
) -> None:
    sample = make_sample(pipeline.covers, [plain_creator("dropped", 25, 3)], seed=65, awkward=False)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["creator_name", "cover_url", "created_at"])
    writer.writerows(sample.rows)
    page = here.open("/upload")
    for name, content, problem in (
        ("covers.xlsx", "x", "is not a CSV file"),
        ("covers.csv", "", "covers.csv is empty"),
    ):
        drop(here, name, "text/csv", content)
        expect(page.get_by_role("alert")).to_contain_text(problem)
        expect(page.get_by_role("button", name="Upload")).to_be_disabled()
    drop(here, "covers.csv", "text/csv", text.getvalue())
    page.get_by_role("button", name="Upload").click()
    batch = page.locator(".upload", has_text="covers.csv").first.get_by_role("article")
    expect(batch).to_have_attribute("data-state", "ended", timeout=90_000)
    expect(batch).to_contain_text("1 of 1 collage")
    here.screenshot("upload-done")
    batch.get_by_role("link").first.click()
    expect(page.get_by_role("button", name="Collage 1 of dropped")).to_be_visible()


def test_an_error_of_the_server_is_shown_on_the_page(here: Visit) -> None:
    """The browser checks name and size only; the server reads the file."""
    page = here.open("/upload")
    drop(here, "covers.csv", "text/csv", "creator_name,cover_url,created_at\n")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert")).to_have_text("the file has a header but no rows")
    here.messages[:] = [each for each in here.messages if "400 (Bad Request)" not in each]
