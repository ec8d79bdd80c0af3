"""The page of upload links in a real browser: what it says, and what it sends again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.end_to_end.console_browser import Visit, chromium, visit
from tests.end_to_end.photo_files import MEGABYTE, write_photo
from tests.fakes.photos.link_site import LinkSite, link_site

pytestmark = pytest.mark.timeout(300)

PHONE_PX = 390
PART = re.compile(r"partNumber=")
ALL_BUT_FIRST = re.compile(r"partNumber=[2-9]")
HOSTILE = "<img src=x onerror=alert(1)>.jpg"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as program:
        yield program


@pytest.fixture
def site(clients: tuple[Any, Any]) -> Iterator[LinkSite]:
    with link_site(clients[0]) as running:
        yield running


@pytest.fixture
def here(site: LinkSite, browser: Browser) -> Iterator[Visit]:
    with visit(browser, site.address) as window:
        yield window


def choose(page: Page, *paths: Path) -> None:
    expect(page.locator("#form")).to_be_visible()
    page.locator("#files").set_input_files(list(paths))


def row(page: Page, name: str) -> Locator:
    return page.locator("li").filter(has_text=name)


def check_looks(here: Visit, name: str) -> None:
    """Look at the page in light, dark and on a phone, and save a screenshot of each."""
    page = here.page
    for scheme, width in (("light", 1_360), ("dark", 1_360), ("dark", PHONE_PX)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # a literal
        page.set_viewport_size({"width": width, "height": 850})
        here.screenshot(f"link-{name}-{'phone' if width == PHONE_PX else scheme}")
        assert here.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.set_viewport_size({"width": 1_360, "height": 850})


def cut(route: Route) -> None:
    route.abort("connectionreset")


def test_files_are_uploaded_until_the_link_takes_no_more(
    here: Visit, site: LinkSite, tmp_path: Path
) -> None:
    page = here.page
    page.goto(site.url(site.issue(max_files=2, max_bytes=30 * MEGABYTE)))
    offer = page.locator("#offer")
    expect(offer).to_contain_text("2 more files, 30 MB in all, up to 30 MB each.")
    check_looks(here, "open")

    choose(page, write_photo(tmp_path / "a ü.jpg", MEGABYTE), write_photo(tmp_path / HOSTILE))
    expect(page.locator("#summary")).to_have_text("2 files uploaded.")
    expect(offer).to_have_text("This link takes no further files. Thank you!")
    expect(page.locator("#form")).to_be_hidden()
    assert site.size("wedding/a ü.jpg") == MEGABYTE
    assert site.size(f"wedding/{HOSTILE}") > 0
    check_looks(here, "done")
    page.reload()
    expect(offer).to_have_text("This link takes no further files. Thank you!")
    expect(page.locator("#form")).to_be_hidden()


def test_a_used_up_link_continues_an_upload_that_was_interrupted(
    here: Visit, site: LinkSite, tmp_path: Path
) -> None:
    photo = write_photo(tmp_path / "IMG_20.jpg", 20 * MEGABYTE)
    page = here.page
    page.goto(site.url(site.issue(max_files=1)))
    page.route(ALL_BUT_FIRST, cut)
    choose(page, photo)
    expect(row(page, photo.name)).to_contain_text("The connection was interrupted.")
    assert site.parts_sent == [1]
    expect(page.locator("#offer")).to_have_text("This link takes no further files.")
    check_looks(here, "cut")

    page.reload()
    page.unroute(ALL_BUT_FIRST)
    expect(row(page, photo.name)).to_contain_text("choose this file again to continue")
    expect(page.locator("#offer")).to_contain_text("choose the same file again")
    check_looks(here, "interrupted")
    choose(page, write_photo(tmp_path / "other.jpg"))
    expect(row(page, "other.jpg")).to_contain_text("This link is used up: it was for 1 file.")
    choose(page, photo)
    expect(row(page, photo.name)).to_contain_text("uploaded")
    expect(page.locator("#offer")).to_have_text("This link takes no further files. Thank you!")
    assert site.parts_sent[0] == 1
    assert sorted(site.parts_sent[1:]) == [2, 3]
    assert site.size("wedding/IMG_20.jpg") == 20 * MEGABYTE
    here.messages[:] = [each for each in here.messages if not is_expected(each)]


def is_expected(message: str) -> bool:
    return "ERR_CONNECTION_RESET" in message or "403 (Forbidden)" in message


def test_lost_answers_do_not_make_an_upload_fail(
    here: Visit, site: LinkSite, tmp_path: Path
) -> None:
    """S3 has the part, and then the photo, but the browser does not hear of it."""
    photo, lost = write_photo(tmp_path / "lost.jpg"), set[str]()
    page = here.page

    def lose_first_answer(route: Route) -> None:
        kind = route.request.method
        if kind in lost:
            return route.continue_()
        lost.add(kind)
        route.fetch()
        return route.abort("connectionreset")

    page.route(PART, lose_first_answer)
    page.route("**/complete", lose_first_answer)
    page.goto(site.url(site.issue()))
    choose(page, photo)
    expect(row(page, photo.name)).to_contain_text("uploaded")
    assert lost == {"PUT", "POST"}
    assert site.size("wedding/lost.jpg") == photo.stat().st_size

    page.reload()
    choose(page, photo)
    expect(row(page, photo.name)).to_contain_text("uploaded")
    assert site.parts_sent == [1, 1]
    choose(page, write_photo(tmp_path / "lost.jpg", MEGABYTE))
    expect(row(page, "lost.jpg").last).to_contain_text("Another file named lost.jpg was uploaded")
    here.messages[:] = [each for each in here.messages if "ERR_CONNECTION_RESET" not in each]
    here.messages[:] = [each for each in here.messages if "409 (Conflict)" not in each]


def test_an_upload_is_cancelled_and_forgotten(here: Visit, site: LinkSite, tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "long.jpg", 20 * MEGABYTE)
    page = here.page
    page.goto(site.url(site.issue()))
    page.route(PART, lambda _route: None)  # none ever ends
    choose(page, photo)
    expect(row(page, photo.name)).to_contain_text("uploading")
    check_looks(here, "sending")
    with page.expect_response("**/abort") as aborted:
        row(page, photo.name).get_by_role("button", name="Cancel").click()
    assert aborted.value.ok
    expect(row(page, photo.name)).to_contain_text("cancelled")
    page.reload()
    expect(page.locator("#offer")).to_contain_text("2 more files")
    expect(page.locator("li")).to_have_count(0)


@pytest.mark.parametrize(
    ("end", "text"),
    [
        ("expire", "This link has expired: ask for another one."),
        ("revoke", "This link was withdrawn."),
    ],
)
def test_a_link_that_has_ended_says_so(here: Visit, site: LinkSite, end: str, text: str) -> None:
    link = site.issue()
    if end == "expire":
        site.clock.advance(3_600)
    else:
        site.table.revoke("0123456789abcdef", "2026-11-29T11:00:00Z")
    here.page.goto(site.url(link))
    expect(here.page.locator("#offer")).to_have_text(text)
    expect(here.page.locator("#form")).to_be_hidden()
    check_looks(here, end)
    here.messages[:] = [each for each in here.messages if not is_expected(each)]


@pytest.mark.slow
def test_a_file_of_100_megabytes_is_uploaded(here: Visit, site: LinkSite, tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "IMG_100.jpg", 100 * MEGABYTE)
    here.page.goto(site.url(site.issue(max_bytes=200 * MEGABYTE)))
    choose(here.page, photo)
    expect(row(here.page, photo.name)).to_contain_text("uploaded", timeout=120_000)
    assert sorted(site.parts_sent) == list(range(1, 14))
    assert site.size("wedding/IMG_100.jpg") == 100 * MEGABYTE
