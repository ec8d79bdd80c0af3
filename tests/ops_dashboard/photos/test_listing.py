from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops_dashboard.photos.listing import PhotoFilter
from rendition_lambda.photo_item import Photo, PhotoStatus

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("uploaded_at", "since", "until", "expected"),
    [
        ("2026-11-29T12:00:00.000Z", None, None, True),
        ("", None, None, True),
        ("2026-11-29T12:00:00.000Z", NOON, None, True),
        ("2026-11-29T11:59:59.999Z", NOON, None, False),
        ("2026-11-29T11:59:59.999Z", None, NOON, True),
        ("2026-11-29T12:00:00.000Z", None, NOON, False),
        ("", NOON, None, False),
        ("", None, NOON, False),
    ],
)
def test_photos_are_listed_by_their_upload(
    uploaded_at: str, since: datetime | None, until: datetime | None, *, expected: bool
) -> None:
    photo = Photo(gallery="g", photo="g/a.jpg", status=PhotoStatus.ACTIVE, uploaded_at=uploaded_at)
    assert PhotoFilter(since=since, until=until).is_in_range(photo) is expected
