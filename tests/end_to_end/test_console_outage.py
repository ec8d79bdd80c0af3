"""The console while AWS refuses connections, is silent, and comes back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ops_dashboard.local.demo.console import running_console
from tests.attack.harness.tcp_proxy import End, TcpFault, TcpProxy
from tests.end_to_end.console_browser import Visit, visit
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.waiting import wait_for

pytestmark = pytest.mark.timeout(240)

SILENT = TcpFault(end=End.SILENCE, after_bytes=0, times=1_000)
PAGES = ("/", "/creators", "/gallery", "/failures", "/replay", "/upload", "/alarms")


@pytest.fixture(scope="module")
def proxy(pipeline: Pipeline) -> Iterator[TcpProxy]:
    with TcpProxy(pipeline.aws.instance.port) as between:
        yield between


@pytest.fixture(scope="module")
def address(
    pipeline: Pipeline, proxy: TcpProxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    endpoint = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}"}
    environment = {**pipeline.aws.environment(), **endpoint}
    with running_console(environment, tmp_path_factory.mktemp("console")) as url:
        yield url.rstrip("/")


@pytest.fixture
def here(address: str, browser: Browser, proxy: TcpProxy) -> Iterator[Visit]:
    """A window in which failed requests are no error of the page."""
    with visit(browser, address) as window:
        window.page.clock.install()
        yield window
        proxy.arm(None)
        proxy.come_back()
        window.messages[:] = [each for each in window.messages if not is_outage(each)]


def pass_time(page: Page) -> None:
    """Let half a minute of the page's clock pass: each panel asks again at once."""
    page.clock.fast_forward(30_000)


def pass_time_until(page: Page, state: str) -> None:
    def is_so() -> bool:
        pass_time(page)
        return page.locator("#live-text").text_content() == state

    wait_for(is_so, f"the header never says {state}")


def is_outage(message: str) -> bool:
    return bool(
        re.search("504|no answer|Read timeout|Could not connect|Connection was closed", message)
    )


def banner(page: Page) -> re.Pattern[str]:
    where = page.locator("#location").text_content() or ""
    return re.compile(
        rf"^No answer from {re.escape(where)} since \d\d:\d\d; figures are from then\.$"
    )


def test_a_stopped_aws_is_named_and_every_panel_recovers_by_itself(
    here: Visit, proxy: TcpProxy
) -> None:
    page = here.open("/")
    proxy.die()
    pass_time(page)
    expect(page.locator("#outage")).to_have_text(banner(page))
    expect(page.locator("#live-text")).to_have_text("no answer")
    note = page.locator("#batches-panel .stale")
    expect(note).to_have_text(re.compile(r"Not updated since \d\d:\d\d: no answer"))
    here.screenshot("outage")
    assert here.violations() == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    here.screenshot("outage-phone-dark")
    assert here.violations() == []
    proxy.come_back()
    pass_time_until(page, "live")
    expect(page.locator("#outage")).to_be_hidden()
    expect(page.locator(".stale")).to_have_count(0)


def test_an_aws_that_accepts_connections_and_is_silent_is_named_too(
    here: Visit, proxy: TcpProxy
) -> None:
    page = here.open("/gallery")
    proxy.die()
    proxy.arm(SILENT)
    proxy.come_back()
    pass_time(page)
    expect(page.locator("#outage")).to_have_text(banner(page), timeout=60_000)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_that_is_opened_during_an_outage_says_so(
    here: Visit, proxy: TcpProxy, path: str
) -> None:
    proxy.die()
    here.page.goto(here.base + path)
    pass_time_until(here.page, "no answer")  # the console may know for seconds what it has read
    since = re.compile(r"^No answer from .+ since (this page was opened at )?\d\d:\d\d[.;]")
    expect(here.page.locator("#outage")).to_have_text(since)
    assert here.violations() == []
    here.screenshot(f"outage-opened-{path.strip('/') or 'overview'}")
    proxy.come_back()
    pass_time_until(here.page, "live")
    expect(here.page.locator(".stale, main .notice.bad:visible")).to_have_count(0)


def test_a_panel_that_fails_alone_leaves_the_others(here: Visit) -> None:
    refused = {"error": "you lack the right cloudwatch:GetMetricData"}
    here.page.route("**/api/dashboard*", lambda route: route.fulfill(status=502, json=refused))
    here.page.goto(here.base)
    expect(here.page.locator("#metrics .stale")).to_contain_text("cloudwatch:GetMetricData")
    expect(here.page.locator("#live-text")).to_have_text("incomplete")
    expect(here.page.locator("#outage")).to_be_hidden()
    expect(here.page.locator("#batches-panel .stale")).to_have_count(0)
    here.messages.clear()


def test_the_runbook_opens_during_an_outage(here: Visit, proxy: TcpProxy) -> None:
    page = here.open("/alarms")
    proxy.die()
    page.locator("#fine-box > summary").press("Enter")
    row = page.locator("#iterator-age")
    row.locator("summary").press("Enter")
    expect(row.locator(".runbook dt")).to_have_text(["Means", "Look at", "Do"])
    expect(row).to_contain_text("No chart: ")
    assert page.url.endswith("#iterator-age")


def test_an_upload_that_cannot_start_says_so(here: Visit, proxy: TcpProxy, tmp_path: Path) -> None:
    file = tmp_path / "covers.csv"
    file.write_text("creator_name,cover_url,created_at\na,https://x.example/1.jpg,2026-11-01\n")
    page = here.open("/upload")
    before = page.locator("#uploads .upload").count()
    page.locator("#file").set_input_files(file)
    proxy.die()
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#problem")).to_contain_text("The upload did not start: ")
    expect(page.get_by_role("button", name="Upload")).to_be_enabled()
    assert page.locator("#uploads .upload").count() == before


def test_uploads_of_this_console_are_shown_while_aws_does_not_answer(here: Visit) -> None:
    failed = {
        "batch_id": "covers-1",
        "name": "covers.csv",
        "bytes": 900,
        "state": "failed",
        "error": "the stream does not answer: resume with stream-ingest push --resume",
        "remarks": [],
    }
    here.page.route("**/api/uploads", lambda route: route.fulfill(json=[failed]))
    here.page.route("**/api/uploads/all", lambda route: route.fulfill(status=504, json={}))
    here.page.route("**/api/batches", lambda route: route.fulfill(status=504, json={"error": "?"}))
    here.page.goto(f"{here.base}/upload")
    upload = here.page.locator(".upload")
    expect(upload).to_contain_text("covers.csv")
    expect(upload).to_contain_text("the stream does not answer")
    expect(here.page.locator("#live-text")).to_have_text("no answer")
    here.screenshot("upload-failed")
    here.messages.clear()
