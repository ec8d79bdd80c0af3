"""A photo's timeline has its versions, outputs, log lines and end, in order."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from ops_dashboard.trace.command import is_window_id
from ops_dashboard.trace.photo_story import StoredVersion, lines_about, photo_query, photo_steps
from ops_dashboard.trace.timeline import StoredObject, log_line
from rendition_lambda.photo_item import Photo, PhotoStatus

NAME = 'wedding/IMG "1" + ü/(x).jpg'
AT = "2026-11-29 10:00:0{}.000"


def at(second: int) -> datetime:
    return datetime(2026, 11, 29, 10, 0, second, tzinfo=UTC)


def line(second: int, photo: str, message: str = "photo ended") -> str:
    time = f"2026-11-29 10:00:0{second},000+0000"
    content = {"timestamp": time, "service": "photos", "message": message, "photo": photo}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def test_the_query_finds_the_lines_of_a_photo_whatever_its_name_is() -> None:
    (pattern,) = re.findall(r"like /(.*)/\n", photo_query(NAME))

    assert re.search(pattern, line(1, NAME))
    assert not re.search(pattern, line(1, "wedding/IMG_2.jpg"))
    assert not set(pattern) & set("\"'/\\+()|")


def test_lines_of_photos_with_similar_names_are_left_out() -> None:
    similar = NAME.replace("+", "-")
    lines = [log_line(line(1, name), AT.format(1)) for name in (NAME, similar)]

    assert lines_about(NAME, lines) == lines[:1]


def test_steps_are_in_order() -> None:
    photo = Photo(
        gallery="wedding",
        photo=NAME,
        status=PhotoStatus.FAILED,
        version="v2",
        reason="corrupt",
        processed_at="2026-11-29T10:00:06.000Z",
    )
    versions = [
        StoredVersion(version="v1", at=at(1), bytes=5),
        StoredVersion(version="v2", at=at(4), bytes=7, is_latest=True),
    ]
    objects = [
        StoredObject(what=name, bucket="b", key=name, bytes=1, written_at=at(2))
        for name in ("large", "small")
    ]
    lines = [log_line(line(3, NAME), AT.format(3))]

    steps = photo_steps(photo, versions, objects, lines)

    assert [step.what for step in steps] == [
        "original uploaded",
        "large, small written",
        "photos: photo ended",
        "original uploaded",
        "photo failed",
    ]
    assert steps[-1].facts == {"version": "v2", "reason": "corrupt"}


def test_a_photo_that_is_being_rendered_was_claimed() -> None:
    photo = Photo(
        gallery="g",
        photo="g/a.jpg",
        status=PhotoStatus.PROCESSING,
        lease_until=5,
        attempts=2,
        updated_at="2026-11-29T10:00:06.000Z",
    )

    (step,) = photo_steps(photo, [], [], [])

    assert (step.what, step.facts["attempts"]) == ("photo claimed", 2)


@pytest.mark.parametrize(
    ("subject", "is_window"),
    [("charli:000012", True), ("wedding/IMG_1.jpg", False), ("s3://b/a:000012", False)],
)
def test_whatever_is_no_window_id_is_a_photo(subject: str, *, is_window: bool) -> None:
    assert is_window_id(subject) is is_window
