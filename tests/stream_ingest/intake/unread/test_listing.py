from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from stream_ingest.intake.unread.listing import read_page

T0 = 1_796_000_000


def version(key: str, name: str, at: int, *, latest: bool = False) -> dict[str, Any]:
    return {
        "Key": key,
        "VersionId": name,
        "ETag": f'"etag-{name}"',
        "IsLatest": latest,
        "LastModified": datetime.fromtimestamp(T0 + at, UTC),
    }


def marker(key: str, at: int) -> dict[str, Any]:
    return {"Key": key, "LastModified": datetime.fromtimestamp(T0 + at, UTC)}


@pytest.mark.parametrize(
    ("versions", "markers", "expected"),
    [
        ([version("a", "1", 0, latest=True)], [], ["1"]),
        ([version("a", "2", 9, latest=True), version("a", "1", 0)], [], ["2", "1"]),
        ([version("a", "1", 0)], [marker("a", 5)], []),
        ([version("a", "2", 9, latest=True), version("a", "1", 0)], [marker("a", 5)], ["2"]),
        ([version("a", "1", 0), version("b", "2", 0, latest=True)], [marker("a", 5)], ["2"]),
        ([version("a", "2", 5, latest=True), version("a", "1", 5)], [marker("a", 5)], ["2"]),
        (
            [version("a", "3", 9, latest=True), version("a", "2", 7), version("a", "1", 0)],
            [marker("a", 5), marker("a", 3)],
            ["3", "2"],
        ),
        ([], [], []),
    ],
    ids=["new", "replaced", "deleted", "again", "neighbour", "same second", "between", "empty"],
)
def test_what_was_deleted_is_left_out_and_what_was_replaced_is_not(
    versions: list[Any], markers: list[Any], expected: list[str]
) -> None:
    listing = read_page("input", {"Versions": versions, "DeleteMarkers": markers})
    assert [upload.version for upload in listing.uploads] == expected


def test_an_upload_has_its_time_and_no_version_from_before_there_were_any() -> None:
    page = {"Versions": [version("csv-files/a b.csv", "null", 3, latest=True)]}
    (upload,) = read_page("input", page).uploads
    assert (upload.bucket, upload.key, upload.etag) == ("input", "csv-files/a b.csv", "etag-null")
    assert (upload.version, upload.modified_at, upload.uploaded_at) == (None, T0 + 3, T0 + 3)


def test_a_deletion_on_one_page_holds_for_the_versions_on_the_next() -> None:
    first = read_page("input", {"DeleteMarkers": [marker("a", 1), marker("b", 5)]})
    assert first.deleted == {"b": T0 + 5}
    second = read_page("input", {"Versions": [version("b", "1", 0)]}, first.deleted)
    assert second.uploads == ()
