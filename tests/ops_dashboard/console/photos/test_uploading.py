from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from rendition_lambda.extensions import ACCEPT
from rendition_lambda.recipe import RECIPES, RENDITIONS
from tests.fakes.ops.photos import UPLOADS, OpsPhotos
from tests.ops_dashboard.console.running import RunningConsole

PHOTO = {"gallery": "g", "name": "a b.jpg", "bytes": 5, "content_type": "image/jpeg"}
LARGE = {"gallery": "g", "name": "raw.CR3", "bytes": 20 << 20, "content_type": ""}


def begin(console: RunningConsole, request: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    answer = console.post("/api/photos/uploads", request)
    assert answer.status == 200, answer.text
    return answer.json


def send(photos: OpsPhotos, upload: dict[str, Any], number: int, size: int) -> None:
    photos.s3.upload_part(
        Bucket=UPLOADS,
        Key=upload["key"],
        UploadId=upload["upload_id"],
        PartNumber=number,
        Body=bytes(size),
    )


def test_limits_are_those_of_the_recipes(photos_console: RunningConsole) -> None:
    limits = photos_console.get("/api/photos/limits").json
    assert limits["recipes"].keys() == RECIPES.keys()
    for name, recipe in RECIPES.items():
        shown = limits["recipes"][name]
        assert shown["max_bytes"] == recipe.max_bytes
        assert {each[0]: tuple(each[1:]) for each in shown["outputs"]} == {
            output.name: output.box for output in recipe.outputs
        }
    assert limits["accept"] == ACCEPT


def test_files_are_checked_before_anything_is_sent(photos_console: RunningConsole) -> None:
    files = [
        PHOTO,
        {**PHOTO, "name": "raw.CR3", "content_type": ""},
        {**PHOTO, "name": "film.mp4"},
        {**PHOTO, "bytes": 0},
        {**PHOTO, "bytes": RENDITIONS.max_bytes + 1},
        {**PHOTO, "gallery": None, "bytes": 11 << 20},
    ]
    checked = photos_console.post("/api/photos/uploads/check", {"files": files}).json
    problems = [each["problem"] for each in checked]
    assert problems[:2] == [None, None]
    for problem, words in zip(
        problems[2:], ("not a photo", "is empty", "200 MB", "10 MB"), strict=True
    ):
        assert words in problem


def test_a_small_file_gets_one_signed_request_and_is_pending(
    photos_console: RunningConsole,
) -> None:
    begun = begin(photos_console, PHOTO)
    upload = begun["upload"]
    query = parse_qs(urlsplit(upload["url"]).query)
    assert (upload["type"], upload["key"]) == ("put", "g/a b.jpg")
    assert upload["headers"] == {"Content-Type": "image/jpeg", "If-None-Match": "*"}
    signed = set(query["X-Amz-SignedHeaders"][0].split(";"))
    assert signed == {"content-length", "content-type", "host", "if-none-match"}
    (pending,) = photos_console.get("/api/photos?gallery=g").json["photos"]
    assert (pending["status"], pending["revision"]) == ("pending", begun["revision"])


def test_a_name_that_is_taken_is_refused_before_a_byte_is_sent(
    photos_console: RunningConsole, photos: OpsPhotos
) -> None:
    photos.s3.put_object(Bucket=UPLOADS, Key="g/a b.jpg", Body=b"12345")
    taken = photos_console.post("/api/photos/uploads", PHOTO)
    assert (taken.status, taken.json["error"]) == (409, "g/a b.jpg exists already")
    replaced = begin(photos_console, {**PHOTO, "replace": True})
    assert "If-None-Match" not in replaced["upload"]["headers"]


def test_a_large_file_is_sent_in_parts_and_resumed(
    photos_console: RunningConsole, photos: OpsPhotos
) -> None:
    upload = begin(photos_console, LARGE)["upload"]
    assert (upload["type"], upload["part_bytes"]) == ("parts", 8 << 20)

    def step(name: str, **more: object) -> Any:  # noqa: ANN401 - any JSON
        return photos_console.post(f"/api/photos/uploads/{name}", {"upload": upload, **more})

    parts = step("parts", numbers=[1, 3]).json
    assert [(each["offset"], each["bytes"]) for each in parts] == [
        (0, 8 << 20),
        (16 << 20, 4 << 20),
    ]
    send(photos, upload, 1, 8 << 20)
    send(photos, upload, 3, 4 << 20)
    assert step("complete").status == 428
    assert [each["number"] for each in step("sent").json] == [1, 3]
    send(photos, upload, 2, 8 << 20)
    assert step("complete").status == 200
    assert step("complete").status == 200  # its answer may have been lost
    assert photos.s3.head_object(Bucket=UPLOADS, Key="g/raw.CR3")["ContentLength"] == 20 << 20


def test_a_cancelled_upload_cannot_be_continued(photos_console: RunningConsole) -> None:
    upload = begin(photos_console, LARGE)["upload"]
    for status in (200, 200):
        answer = photos_console.post("/api/photos/uploads/abort", {"upload": upload})
        assert answer.status == status
    assert photos_console.post("/api/photos/uploads/sent", {"upload": upload}).status == 410


@pytest.mark.parametrize(
    ("bytes_", "ago_s", "stored"), [(5, 0, True), (6, 0, False), (5, -3_600, False)]
)
def test_an_upload_whose_answer_was_lost_is_recognised(
    photos_console: RunningConsole, photos: OpsPhotos, bytes_: int, ago_s: int, *, stored: bool
) -> None:
    photos.s3.put_object(Bucket=UPLOADS, Key="g/a.jpg", Body=b"12345")
    begun_at = datetime.now(UTC) - timedelta(seconds=ago_s)
    body = {"key": "g/a.jpg", "bytes": bytes_, "begun_at": begun_at.isoformat()}
    assert photos_console.post("/api/photos/uploads/stored", body).json == {"stored": stored}


def test_changes_need_the_change_token(photos_console: RunningConsole) -> None:
    for step in ("", "/check", "/parts", "/sent", "/complete", "/abort", "/stored"):
        answer = photos_console.ask("POST", f"/api/photos/uploads{step}", b"{}")
        assert answer.status == 403
