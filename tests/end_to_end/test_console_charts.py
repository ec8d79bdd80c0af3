"""Charts of the console's overview in a real browser: range, zoom, zone; and what a page costs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect

from ops_dashboard.console.pages import PAGES, PHOTOS
from ops_dashboard.local.demo.console import running_console
from stream_ingest.contracts.metrics import namespace_of
from tests.end_to_end.console_browser import Visit
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.waiting import wait_for

pytestmark = pytest.mark.timeout(240)

MAX_REQUESTS_A_MINUTE = 30
MAX_PHONE_PX = 4_000
"""Height of the overview on a phone: alarms, batches, figures, and headings of stages."""


@pytest.fixture(scope="module")
def address(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A console of a stack whose sweeper has run at midnight and a minute ago, UTC."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    pipeline.aws.clients.untyped("cloudwatch").put_metric_data(
        Namespace=namespace_of(pipeline.outputs.stack),
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "service", "Value": "sweeper"}],
                "Timestamp": at,
                "Value": 7.0,
            }
            for name in ("BatchesOpen", "WindowsWaiting")
            for at in (now.replace(hour=0, minute=0), now)
        ],
    )
    with running_console(pipeline.aws.environment(), tmp_path_factory.mktemp("console")) as url:
        yield url.rstrip("/")


def chart(page: Page) -> Locator:
    return page.locator(".widget.chart").filter(has=page.locator("canvas")).first


def across(page: Page, first: float, last: float) -> None:
    """Drag over a chart, from and to parts of its width."""
    plot = chart(page).locator(".u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + first * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + last * box["width"], y, steps=5)
    page.mouse.up()


def test_a_dragged_range_is_shown_and_is_in_the_address_and_back_returns(here: Visit) -> None:
    page = here.open("/?range=3h")
    expect(page.get_by_role("radio", name="3h")).to_be_checked()
    across(page, 0.2, 0.7)
    expect(page.get_by_role("radio", checked=True)).to_have_count(1)  # of the zone
    assert re.search(r"\?from=20\d\d-.*Z&to=20\d\d-.*Z$", page.url)
    shown = page.locator("#custom-text").text_content() or ""
    here.screenshot("charts-zoomed")
    page.reload()
    expect(page.locator("#custom-text")).to_have_text(shown)
    page.go_back()
    expect(page.get_by_role("radio", name="3h")).to_be_checked()
    assert here.violations() == []


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    """The overview on a phone with a touch screen."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, timezone_id="UTC"
    )
    page = context.new_page()
    page.goto(f"{address}/?range=3h")
    chart(page).locator(".u-over").scroll_into_view_if_needed()
    yield page
    context.close()


class Finger:
    """A finger on the first chart of a page; places are parts of the chart's width and height."""

    def __init__(self, page: Page) -> None:
        box = chart(page).locator(".u-over").bounding_box()
        assert box is not None
        self._box, self._session = box, page.context.new_cdp_session(page)

    def swipe(self, *places: tuple[float, float]) -> None:
        for at, (x, y) in enumerate(places):
            self._send("touchMove" if at else "touchStart", x, y)

    def lift(self) -> None:
        self._session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def _send(self, kind: str, x: float, y: float) -> None:
        box = self._box
        place = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})


def test_a_finger_across_a_chart_chooses_a_range(phone: Page) -> None:
    finger = Finger(phone)
    finger.swipe((0.2, 0.5), (0.35, 0.5), (0.5, 0.5), (0.7, 0.5))
    expect(chart(phone).locator(".u-select")).to_have_css("width", re.compile(r"^1\d\d"))
    finger.lift()
    expect(phone).to_have_url(re.compile(r"\?from=20\d\d-.*Z&to=20\d\d-.*Z$"))


def test_a_finger_up_a_chart_scrolls_the_page(phone: Page) -> None:
    before, finger = phone.evaluate("scrollY"), Finger(phone)
    finger.swipe(*((0.5, 0.9 - part / 10) for part in range(9)))
    finger.lift()
    wait_for(lambda: phone.evaluate("scrollY") > before)
    assert phone.url.endswith("?range=3h")
    expect(chart(phone).locator(".u-select")).to_have_css("width", "0px")


def test_a_custom_range_is_entered_in_the_chosen_zone(here: Visit) -> None:
    page = here.open("/")
    page.get_by_role("radio", name="UTC").click()
    page.locator("#custom > summary").press("Enter")
    page.get_by_label("From").fill("2026-11-20T10:00")
    page.get_by_label("To", exact=True).fill("2026-11-20T09:00")
    page.get_by_role("button", name="Show").click()
    assert "from=" not in page.url
    page.get_by_label("To", exact=True).fill("2026-11-20T12:30")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#custom-text")).to_have_text("20 Nov, 10:00\u201312:30")
    assert page.url.endswith("?from=2026-11-20T10%3A00Z&to=2026-11-20T12%3A30Z")


def test_a_point_has_the_time_of_its_period_in_the_chosen_zone(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(
        timezone_id="Asia/Kolkata", viewport={"width": 1360, "height": 850}
    )
    page = context.new_page()
    page.goto(f"{address}/?range=1d")
    plot = page.locator(".widget", has_text="Work in progress").locator(".u-over")
    plot.hover()
    when = page.locator(".widget", has_text="Work in progress").locator(".when")
    expect(when).to_have_text(re.compile(r"^\d+ \w+, \d\d:(00|15|30|45)\u2013\d\d:(00|15|30|45)$"))
    local = when.text_content() or ""
    page.get_by_role("radio", name="UTC").click()
    plot.hover()
    expect(when).not_to_have_text(local)
    context.close()


def test_charts_without_data_are_a_line_that_says_why(here: Visit) -> None:
    page = here.open("/")
    stream = page.locator(".stage-box", has_text="Stream").first
    expect(stream.locator(".empty-charts")).to_contain_text("only AWS measures this")
    assert stream.locator(".widget", has_text="Stream throttles").count() == 0


def test_a_phone_has_alarms_and_batches_first_and_stages_collapsed(here: Visit) -> None:
    here.page.set_viewport_size({"width": 390, "height": 844})
    page = here.open("/")
    expect(page.locator("#widgets .stage-box").first).to_be_visible()
    assert page.locator(".stage-box[open]").count() == 0
    here.screenshot("overview-phone-charts")
    assert page.evaluate("document.documentElement.scrollHeight") < MAX_PHONE_PX
    stage = page.locator(".stage-box", has_text="Dead letters")
    stage.locator("summary").click()
    expect(stage.locator(".empty-charts")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert here.violations() == []


@pytest.mark.parametrize("path", [page.path for page in PAGES if page.name != PHOTOS])
def test_a_page_that_is_left_open_makes_few_requests(here: Visit, path: str) -> None:
    """The page's clock is driven; the requests are real."""
    page, begun, ended = here.page, set[Request](), set[Request]()
    page.on("request", lambda each: begun.add(each))  # noqa: PLW0108 - not a builtin function
    page.on("requestfinished", lambda each: ended.add(each))  # noqa: PLW0108
    page.on("requestfailed", lambda each: ended.add(each))  # noqa: PLW0108
    page.clock.install()
    page.goto(here.base + path)
    expect(page.locator("#live-text")).to_have_text("live")
    page.wait_for_load_state("networkidle")
    begun.clear()
    for _ in range(60):
        page.clock.run_for(1_000)
        page.evaluate("() => null")  # its timers have begun what they begin
        while begun - ended:
            page.wait_for_timeout(10)
    asked = sorted(request.url.removeprefix(here.base) for request in begun)
    assert len(asked) <= MAX_REQUESTS_A_MINUTE, asked
    assert any(each.startswith("/api/alarms") for each in asked)
