"""Gallery, failures and search box as an operator uses them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from moto import mock_aws
from playwright.sync_api import Dialog, expect

from ops_dashboard.console.account import Account
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.rows import RefusalReason, RowRefusal
from tests.end_to_end.console_browser import Visit
from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.ingest.aws import OUTPUT, Clients, IngestAws
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.table import OpsTable
from tests.ops_dashboard.console.unanswered import unanswered
from tests.ops_dashboard.console.windows import metadata_of

HOSTILE = "<img src=x onerror=alert(1)>"
REVERSED = "evil\u202egnp.exe"
SHOWN = "evilU+202Egnp.exe"
LONG = "a_creator_with_a_very_long_name_" * 4
BATCH, OTHER = header("orders-7", images=1), header("orders-8", images=1)
START_S = NOW_S - 80 * DAY_S
PHONE = {"width": 390, "height": 844}
FAILURES = {"timeout": {"timeout": 1}, "expired": {"expired": 1}}


@pytest.fixture(scope="module")
def windows(moto_clients: Clients) -> list[dict[str, Any]]:
    """Seventy windows on seventy days, of which the newest three have hostile or long names."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        set_aws_variables(patch)
        ops_table = OpsTable(IngestAws(moto_clients))
        for number in range(67):
            ops_table.fold(f"creator.{number:02d}", [1], OTHER, START_S + number * DAY_S)
            reason = "timeout" if number % 2 else "expired"
            ops_table.end(f"creator.{number:02d}:000001", "failed", failures=FAILURES[reason])
        for number, name in enumerate((HOSTILE, REVERSED, LONG)):
            ops_table.fold(name, [1], BATCH, START_S + (70 + number) * DAY_S)
        ops_table.end(f"{creator_key(HOSTILE)}:000001", "failed", error="killed")
        ops_table.end(
            f"{LONG}:000001",
            "partial",
            failures={"not_found": 1},
            thumbnail_key="t",
            collage_key="c",
            metadata_key="m",
        )
        return ops_table.aws.snapshot()


@pytest.fixture(autouse=True)
def _filled(ops_table: OpsTable, windows: list[dict[str, Any]]) -> None:
    """A table with the windows, the metadata of one of them, and a refused row."""
    ops_table.aws.restore(windows)
    ops_table.aws.s3.put_object(Bucket=OUTPUT, Key="m", Body=metadata_of(f"{LONG}:000001"))
    RefusedRows(ops_table.aws.s3, OUTPUT, "orders-7").store(
        [
            RowRefusal(
                reason=RefusalReason.BAD_JSON,
                creator=HOSTILE,
                cover="<script>alert(2)</script>",
                created_at="2026-11-01",
                detail="line 1",
            )
        ]
    )


@pytest.mark.parametrize("path", ["/gallery", "/failures"])
def test_a_page_is_accessible_in_light_and_dark_and_fits_a_phone(here: Visit, path: str) -> None:
    page = here.open(path)
    expect(page.get_by_text(SHOWN).first).to_be_visible() if path == "/gallery" else None
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    assert here.violations() == []
    page.emulate_media(color_scheme="dark")
    assert here.violations() == []
    page.set_viewport_size(PHONE)
    here.screenshot(f"triage{path.replace('/', '-')}-phone")
    assert here.violations() == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.locator("img[onerror], main script").count() == 0


def test_filters_are_in_the_address_and_back_undoes_them(here: Visit) -> None:
    page = here.open("/gallery?batch=orders-8")
    shown = page.locator("#shown")
    expect(shown).to_have_text("48 windows, more below")
    page.locator("[name=reason]").select_option("timeout")
    expect(shown).to_have_text("33 windows")
    expect(page).to_have_url(re.compile(r"\?batch=orders-8&reason=timeout$"))
    page.locator("[name=creator]").fill("R.0")
    page.keyboard.press("Enter")
    expect(shown).to_have_text("5 windows")
    page.go_back()
    expect(shown).to_have_text("33 windows")
    expect(page.locator("[name=creator]")).to_have_value("")
    page.get_by_role("button", name="Clear").click()
    expect(page).to_have_url(re.compile("/gallery$"))
    page.get_by_role("button", name="Older").click()
    expect(page.locator(".tile")).to_have_count(70)


def test_an_open_collage_is_an_entry_of_the_history_and_keeps_the_filters(here: Visit) -> None:
    page = here.open("/gallery?reason=timeout")
    page.locator(".tile").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page).to_have_url(re.compile(r"reason=timeout&window="))
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#shown")).to_have_text("33 windows")


def test_days_are_those_of_the_browser_and_both_are_included(here: Visit) -> None:
    page = here.open("/gallery")
    day = page.locator(".tile time").nth(5).get_attribute("datetime") or ""
    page.locator("[name=from]").fill(day[:10])
    page.locator("[name=to]").fill(day[:10])
    expect(page.locator("#shown")).to_have_text("1 window")
    expect(page.locator(".tile time")).to_have_attribute("datetime", day)


def test_names_are_suggested_by_a_part(here: Visit) -> None:
    page = here.open("/gallery")
    page.locator("[name=creator]").press_sequentially("TOR.1")
    expect(page.locator("#creator-names option")).to_have_count(8)


def test_empty_cells_are_dark_in_the_dark_theme_only(here: Visit) -> None:
    page = here.open("/gallery?batch=orders-7")
    assert page.locator(".empty-cells").count() == 0
    page.emulate_media(color_scheme="dark")
    cover = page.locator(".empty-cells")
    expect(cover.locator("span")).to_have_count(1)
    box, picture = cover.locator("span").bounding_box(), page.locator(".picture img").bounding_box()
    assert box is not None
    assert picture is not None
    assert box["x"] == pytest.approx(picture["x"] + picture["width"] / 2, abs=1)
    page.emulate_media(color_scheme="light")
    expect(cover).to_be_hidden()


def test_the_search_box_finds_and_opens_a_creator_by_keyboard(here: Visit) -> None:
    page = here.open("/gallery")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Creator, window or batch")
    box.press_sequentially("evil")
    found = page.get_by_role("listbox", name="Results").get_by_role("option")
    expect(found.filter(has_text="gnp.exe")).to_have_attribute("aria-selected", "true")
    assert here.violations() == []
    box.fill("creator.07 1")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("creator.07:000001")
    box.press("Enter")
    expect(page).to_have_url(re.compile(r"/gallery\?window=creator\.07%3A000001$"))
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_contain_text("creator.07")


def test_a_link_to_a_reason_of_a_batch_lands_there(here: Visit) -> None:
    page = here.open("/failures?batch=orders-7&reason=bad_json")
    row = page.locator("#failures tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(HOSTILE)
    expect(row).to_contain_text("<script>alert(2)</script>")
    expect(page.locator("#totals")).to_have_text("1 refused rowbad_json 1")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert len(download.value.path().read_text().splitlines()) == 2


def test_failures_have_pages_and_totals_that_filter(here: Visit) -> None:
    page = here.open("/failures?what=windows")
    rows = page.locator("#failures tbody tr")
    expect(rows).to_have_count(60)
    page.get_by_role("button", name="More").click()
    expect(rows).to_have_count(69)
    page.get_by_role("button", name="expired 34").click()
    expect(rows).to_have_count(34)
    expect(page).to_have_url(re.compile("reason=expired"))


def accept(here: Visit, asked: list[str]) -> None:
    """Accept the page's questions, and keep their texts."""

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    here.page.on("dialog", answer)


def test_chosen_failures_are_discarded_after_a_question(here: Visit) -> None:
    asked: list[str] = []
    accept(here, asked)
    page = here.open("/failures?reason=expired")
    page.get_by_role("checkbox", name="Select all that are shown").check()
    expect(page.locator("#selected")).to_have_text("34 windows selected")
    page.get_by_role("button", name="Discard", exact=True).click()
    expect(page.get_by_text("34 failures discarded.")).to_be_visible()
    expect(page.get_by_text("No failure matches")).to_be_visible()
    assert asked[0].startswith("Discard 34 failures?")
    page.get_by_role("checkbox", name="Discarded").check()
    expect(page.locator("#failures tbody tr")).to_have_count(34)
    here.messages.clear()


def test_refused_rows_are_discarded_with_windows_and_come_back(here: Visit) -> None:
    asked: list[str] = []
    accept(here, asked)
    page = here.open("/failures?batch=orders-7")
    rows = page.locator("#failures tbody tr")
    expect(rows).to_have_count(3)
    row = rows.filter(has_text="refused row")
    row.get_by_role("checkbox").check()
    expect(page.locator("#selected")).to_have_text("1 refused row selected")
    expect(page.get_by_role("button", name="Retry")).to_be_hidden()
    page.get_by_role("button", name="Select all 3 that match").click()
    expect(page.locator("#selected")).to_have_text("2 windows and 1 refused row selected")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    assert here.violations() == []
    here.screenshot("triage-failures-selected")
    page.emulate_media(color_scheme="dark")
    here.screenshot("triage-failures-selected-dark")
    size = page.viewport_size
    page.set_viewport_size(PHONE)
    assert here.violations() == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    here.screenshot("triage-failures-selected-phone")
    page.set_viewport_size(size or PHONE)
    rows.filter(has_text=LONG).get_by_role("checkbox").uncheck()
    page.get_by_role("button", name="Discard", exact=True).click()
    expect(page.get_by_text("2 failures discarded.")).to_be_visible()
    expect(rows).to_have_count(1)
    expect(page.locator("#totals")).to_have_text("1 windownot_found 1")
    page.get_by_role("checkbox", name="Discarded").check()
    expect(rows).to_have_count(2)
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="List again").click()
    expect(page.get_by_text("1 failure listed again.")).to_be_visible()
    page.get_by_role("checkbox", name="Discarded").uncheck()
    expect(rows).to_have_count(2)
    assert [each.partition("?")[0] for each in asked] == [
        "Discard 2 failures",
        "List 1 failure again",
    ]
    here.messages.clear()


def test_a_csv_that_aws_does_not_let_finish_is_a_failed_download(
    here: Visit, account: Account, ops_table: OpsTable
) -> None:
    reason = RefusalReason.NO_URL
    refusal = RowRefusal(reason=reason, creator="c", cover="", created_at="")
    stored = RefusedRows(ops_table.aws.s3, OUTPUT, "orders-7")
    stored.parts = 1
    stored.store([refusal] * 600)
    page = here.open("/failures?what=rows")
    expect(page.locator("#failures tbody tr")).to_have_count(60)
    with unanswered(account, "part-00001"):
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        assert download.value.failure() is not None
    here.messages.clear()


def test_all_that_match_are_retried_and_the_progress_shown(here: Visit) -> None:
    asked: list[str] = []
    accept(here, asked)
    sent: list[dict[str, object]] = []
    run = {"name": "retry-1", "windows": 69, "done": 0, "by_status": {}, "state": "building"}
    page = here.page

    def start(route: object) -> None:
        if route.request.method == "POST":  # type: ignore[attr-defined]
            sent.append(json.loads(route.request.post_data))  # type: ignore[attr-defined]
            route.fulfill(json=run, status=202)  # type: ignore[attr-defined]
        else:
            route.fulfill(
                json=[{**run, "done": 69, "state": "ended", "by_status": {"completed": 69}}]
            )  # type: ignore[attr-defined]

    page.route("**/api/replays", start)
    here.open("/failures?what=windows")
    page.locator("#failures tbody input").first.check()
    page.get_by_role("button", name="Select all 69 that match").click()
    expect(page.locator("#selected")).to_have_text("69 windows selected")
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#progress")).to_contain_text("69 of 69: 69 completed")
    assert sent[0]["retry"] is True
    assert len(sent[0]["windows"]) == 69  # type: ignore[arg-type]
    assert asked[0].startswith("Retry 69 windows?")
    here.messages.clear()
