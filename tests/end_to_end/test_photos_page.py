"""The page of photos in a real browser: files go to the embedded S3, their renditions come back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.demo.console import running_console
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tests.end_to_end.console_browser import Visit, visit
from tests.end_to_end.photo_files import MEGABYTE, write_photo
from tests.end_to_end.photo_stack import PhotoStack

pytestmark = pytest.mark.timeout(300)

HOSTILE = "<img src=x onerror=alert(1)>\"'.jpg"
PHONE_PX = 390
RENDERED_MS = 90_000
PART = re.compile(r"[?&]partNumber=([0-9]+)")


@dataclass
class Stack:
    """A stack that renders photos, and its console."""

    aws: LocalAws
    outputs: PhotosOutputs
    address: str = ""

    def size(self, key: str) -> int:
        bucket = self.outputs.uploads_bucket
        return int(self.aws.clients.s3.head_object(Bucket=bucket, Key=key)["ContentLength"])

    def unfinished(self, prefix: str) -> list[str]:
        """Return the keys of uploads in parts that were neither completed nor aborted."""
        found = self.aws.clients.s3.list_multipart_uploads(Bucket=self.outputs.uploads_bucket)
        keys = (each["Key"] for each in found.get("Uploads", []))
        return [key for key in keys if key.startswith(prefix)]


@dataclass
class PartsSent:
    """Counts the PUT requests of parts that reached S3."""

    numbers: list[int] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("requestfinished", self._count)

    def _count(self, request: Request) -> None:
        if request.method == "PUT" and (part := PART.search(request.url)):
            self.numbers.append(int(part[1]))


@pytest.fixture(scope="module")
def stack(photo_stack: PhotoStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    aws, folder = photo_stack.aws, tmp_path_factory.mktemp("photos-page")
    with running_console(aws.environment(), folder) as url:
        yield Stack(aws, photo_stack.photos, url.rstrip("/"))


@pytest.fixture
def here(stack: Stack, browser: Browser) -> Iterator[Visit]:
    with visit(browser, stack.address) as window:
        yield window


def upload(page: Page, gallery: str, *paths: Path) -> None:
    page.locator("#gallery").fill(gallery)
    page.locator("#files").set_input_files(list(paths))


def row(page: Page, name: str) -> Locator:
    return page.locator(f"[data-upload={json.dumps(name, ensure_ascii=False)}]")


def drop(page: Page, *files: dict[str, Any]) -> None:
    """Drag files onto the page: name, type and text."""
    transfer = page.evaluate_handle(
        "(files) => { const all = new DataTransfer(); for (const { name, type, text } of files)"
        " all.items.add(new File([text], name, { type })); return all; }",
        list(files),
    )
    page.locator("#drop").dispatch_event("drop", {"dataTransfer": transfer})


def check_looks(here: Visit, name: str) -> None:
    """Look at the page in light, dark and on a phone, and save a screenshot of each."""
    page = here.page
    for scheme, width in (("light", 1_360), ("dark", 1_360), ("light", PHONE_PX)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # a literal
        page.set_viewport_size({"width": width, "height": 850})
        here.screenshot(f"photos-{name}-{'phone' if width == PHONE_PX else scheme}")
        assert here.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.set_viewport_size({"width": 1_360, "height": 850})


def test_the_empty_page_says_what_to_do(here: Visit) -> None:
    page = here.open("/photos")
    expect(page.locator("#accepted")).to_contain_text("up to 200 MB each")
    check_looks(here, "empty")
    page.get_by_label("Augmentation").check()
    expect(page.locator("#accepted")).to_contain_text("up to 10 MB each")
    expect(page.locator("#gallery")).to_be_hidden()


def test_photos_become_renditions_side_by_side_and_are_browsed(
    here: Visit, stack: Stack, tmp_path: Path
) -> None:
    photo = write_photo(tmp_path / "IMG_1 + ü.jpg", MEGABYTE)
    hostile = write_photo(tmp_path / HOSTILE, colour="#8a7a2d")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photo.read_bytes()[:4_000])
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    page = here.open("/photos")
    upload(page, "walk", photo, hostile, broken, film)

    expect(row(page, "film.mp4")).to_contain_text("not a photo by its name")
    for name in (photo.name, HOSTILE):
        expect(row(page, name)).to_have_attribute("data-state", "active", timeout=RENDERED_MS)
        expect(row(page, name).get_by_role("link")).to_have_count(4)
    expect(row(page, broken.name)).to_have_attribute("data-state", "failed", timeout=RENDERED_MS)
    expect(row(page, broken.name)).to_contain_text(re.compile("incomplete|cannot be decoded"))
    assert stack.size(f"walk/{photo.name}") == MEGABYTE
    assert page.locator("img[onerror]").count() == 0
    thumbnail = row(page, photo.name).locator("img").first
    thumbnail.scroll_into_view_if_needed()
    expect(thumbnail).to_have_js_property("naturalWidth", 400)
    expect(page.locator(".photo-tile")).to_have_count(3)
    page.evaluate("window.scrollTo(0, 0)")
    check_looks(here, "done")

    page.get_by_role("button", name=f"{photo.name}, active").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("row", name="medium")).to_contain_text(re.compile("1,500 . 1,000"))
    expect(dialog.get_by_role("img")).to_have_js_property("complete", value=True)
    check_looks(here, "detail")
    with page.expect_download() as download:
        dialog.get_by_role("link", name="Download original").click()
    assert download.value.suggested_filename == photo.name
    assert Path(download.value.path()).read_bytes() == photo.read_bytes()
    page.keyboard.press("Escape")
    page.get_by_label("Status").select_option("failed")
    expect(page.locator(".photo-tile")).to_have_count(1)
    page.locator(".photo-tile").click()
    dialog.get_by_role("button", name="Render again").click()
    expect(page.get_by_text("broken.jpg will be rendered again.")).to_be_visible()


def test_a_name_that_is_taken_is_replaced_only_on_request(
    here: Visit, stack: Stack, tmp_path: Path
) -> None:
    page = here.open("/photos")
    drop(page, {"name": "a.HEIC", "type": "", "text": "no image"})
    expect(page.get_by_role("alert")).to_contain_text("Name the gallery first")
    upload(page, "taken", write_photo(tmp_path / "a.jpg"))
    expect(row(page, "a.jpg")).to_have_attribute("data-state", "active", timeout=RENDERED_MS)
    page.get_by_role("button", name="Clear finished").click()
    upload(page, "taken", write_photo(tmp_path / "a.jpg", MEGABYTE, "#b8479d"))
    expect(row(page, "a.jpg")).to_contain_text("there is a photo of this name already")
    row(page, "a.jpg").get_by_role("button", name="Replace it").click()
    expect(row(page, "a.jpg")).to_have_attribute("data-state", "active", timeout=RENDERED_MS)
    assert stack.size("taken/a.jpg") == MEGABYTE
    here.messages[:] = [each for each in here.messages if "409 (Conflict)" not in each]


def is_part_2(request: Request) -> bool:
    return request.method == "PUT" and "partNumber=2" in request.url


def cut(route: Route) -> None:
    route.abort("connectionreset")


def test_a_large_file_survives_a_cut_connection_and_a_reload(
    here: Visit, stack: Stack, tmp_path: Path
) -> None:
    path, parts = write_photo(tmp_path / "IMG_20.jpg", 20 * MEGABYTE), PartsSent()
    page = here.open("/photos")
    parts.watch(page)
    page.route(re.compile("partNumber=[23]"), cut)
    upload(page, "large", path)
    expect(row(page, path.name)).to_contain_text(
        "the connection to S3 was cut", timeout=RENDERED_MS
    )
    check_looks(here, "stopped")
    assert parts.numbers == [1]

    page.unroute(re.compile("partNumber=[23]"))
    page.route(re.compile("partNumber=3"), lambda _route: None)  # it never ends
    with page.expect_event("requestfinished", is_part_2):
        row(page, path.name).get_by_role("button", name="Resume").click()
    expect(row(page, path.name)).to_have_attribute("data-state", "sending")
    check_looks(here, "sending")
    page.reload()
    page.unroute(re.compile("partNumber=3"))
    expect(row(page, path.name)).to_contain_text("Choose this file again")
    check_looks(here, "interrupted")
    with page.expect_request("**/uploads/parts") as signed:
        page.locator("#files").set_input_files(path)
    assert signed.value.post_data_json["numbers"] == [3]
    expect(row(page, path.name)).to_have_attribute("data-state", "active", timeout=RENDERED_MS)
    assert stack.size("large/IMG_20.jpg") == 20 * MEGABYTE
    here.messages[:] = [each for each in here.messages if "ERR_CONNECTION_RESET" not in each]


def test_images_become_rotations(here: Visit, tmp_path: Path) -> None:
    page = here.open("/photos")
    page.get_by_label("Augmentation").check()
    page.locator("#files").set_input_files(write_photo(tmp_path / "turned.jpg"))
    expect(row(page, "turned.jpg")).to_have_attribute("data-state", "active", timeout=RENDERED_MS)
    expect(row(page, "turned.jpg").get_by_role("link")).to_have_count(5)
    expect(page.locator("[data-photo='original-uploads/turned.jpg']")).to_have_count(1)
    here.screenshot("photos-augmentation")


def test_an_upload_is_cancelled(here: Visit, stack: Stack, tmp_path: Path) -> None:
    path = write_photo(tmp_path / "long.jpg", 20 * MEGABYTE)
    page = here.open("/photos")
    page.route(re.compile("partNumber="), lambda _route: None)  # none ever ends
    with page.expect_response("**/uploads/parts"):
        upload(page, "cancelled", path)
    expect(row(page, path.name)).to_have_attribute("data-state", "sending")
    with page.expect_response("**/uploads/abort") as aborted:
        row(page, path.name).get_by_role("button", name="Cancel").click()
    assert aborted.value.ok
    expect(row(page, path.name)).to_have_attribute("data-state", "cancelled")
    assert stack.unfinished("cancelled/") == []


def test_a_missing_right_is_explained_on_the_page(here: Visit) -> None:
    denied = {"error": "AWS: you lack the right dynamodb:Query (docs/operations/rights.md)"}
    here.page.route(
        re.compile(r"/api/photos\?"), lambda route: route.fulfill(status=502, json=denied)
    )
    here.page.goto(f"{here.base}/photos?gallery=walk")
    expect(here.page.locator("#tiles")).to_contain_text("you lack the right dynamodb:Query")
    here.screenshot("photos-denied")
    here.messages.clear()


@pytest.mark.slow
def test_a_file_of_100_megabytes_is_uploaded(here: Visit, stack: Stack, tmp_path: Path) -> None:
    path = write_photo(tmp_path / "IMG_100.jpg", 100 * MEGABYTE)
    page = here.open("/photos")
    upload(page, "large", path)
    expect(row(page, path.name)).to_have_attribute("data-state", "active", timeout=RENDERED_MS)
    assert stack.size("large/IMG_100.jpg") == 100 * MEGABYTE
