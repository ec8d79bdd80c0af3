"""The header of every page, alarms and error pages, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from ops_dashboard.local.demo.console import running_console
from tests.end_to_end.console_browser import Visit
from tests.end_to_end.pipeline import Pipeline

pytestmark = pytest.mark.timeout(240)

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def address(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("console")
    with running_console(pipeline.aws.environment(), folder) as url:
        yield url.rstrip("/")


@pytest.fixture
def raised(pipeline: Pipeline) -> Iterator[str]:
    """The name of a raised alarm."""
    cloudwatch = pipeline.aws.clients.untyped("cloudwatch")
    name = f"{pipeline.outputs.dashboard_name}-iterator-age"
    state = {"AlarmName": name, "StateReason": "of a test"}
    cloudwatch.set_alarm_state(StateValue="ALARM", **state)
    yield "iterator-age"
    cloudwatch.set_alarm_state(StateValue="OK", **state)


def open_alarms(here: Visit) -> Page:
    """Open the page of alarms when the console has read the states that are there now."""
    page = here.open("/gallery")
    while page.locator("#alarm-count").text_content() != "1 alarm":
        page.wait_for_timeout(500)
        page = here.open("/gallery")
    return page


def test_a_raised_alarm_is_in_the_header_and_opens_with_runbook_and_chart(
    here: Visit, raised: str
) -> None:
    page = open_alarms(here)
    here.screenshot("alarm-in-header")
    assert here.violations() == []
    page.locator("#alarm-link").click()
    row = page.locator(f"#raised #{raised}")
    expect(row.locator("summary")).to_contain_text("in alarm since")
    row.locator("summary").press("Enter")
    expect(row.locator(".runbook dt")).to_have_text(["Means", "Look at", "Do"])
    expect(row).to_contain_text("of a test")
    expect(row.locator(".legend")).to_contain_text("alarm above 10 min")
    here.screenshot("alarm-open")
    assert here.violations() == []
    page.set_viewport_size(PHONE)
    here.screenshot("alarm-open-phone")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_an_alarm_of_another_alarms_steps_opens_too(here: Visit) -> None:
    page = here.open("/alarms#windows-stuck")
    row = page.locator("#windows-stuck")
    expect(row).to_have_attribute("open", "")
    row.get_by_role("link", name="collage-errors").click()
    expect(page.locator("#collage-errors")).to_have_attribute("open", "")
    expect(page.locator("#collage-errors .runbook")).to_be_visible()


def test_the_navigation_of_a_phone_shows_that_there_is_more(here: Visit) -> None:
    page = here.open("/")
    box = page.locator("#nav-box")
    expect(box).not_to_have_class("more-right")
    page.set_viewport_size(PHONE)
    expect(box).to_have_class("nav-box more-right")
    page.locator("#nav-box nav").evaluate("nav => { nav.scrollLeft = nav.scrollWidth; }")
    expect(box).to_have_class("nav-box more-left")


def test_an_unknown_address_is_a_page_that_leads_back(here: Visit) -> None:
    page = here.open("/nothing")
    here.screenshot("error")
    assert here.violations() == []
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    page.get_by_role("main").get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", name="Batches")).to_be_visible()
    here.messages[:] = [each for each in here.messages if "404 (Not Found)" not in each]
