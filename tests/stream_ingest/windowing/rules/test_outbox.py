from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.events import WindowImage, WindowReady, encode_detail
from stream_ingest.contracts.settings import BatchSettings, CollageLayout, DownloadLimits
from stream_ingest.windowing.rules.outbox import compress_event, expand_event, window_ready
from stream_ingest.windowing.rules.state import ClosedWindow, CreatorState
from tests.fakes.ingest.rows import NOW_S

LAYOUT = CollageLayout(rows=2, cols=2)


@given(
    st.text(min_size=1, max_size=20),
    st.lists(
        st.builds(
            WindowImage,
            identity=st.text(max_size=9),
            url=st.text(max_size=9),
            fallbacks=st.lists(st.text(max_size=9), max_size=2).map(tuple),
            created_at=st.datetimes(timezones=st.just(UTC)),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_the_stored_event_of_a_window_equals_the_original(
    creator: str, images: list[WindowImage]
) -> None:
    window = ClosedWindow(
        number=12,
        settings=BatchSettings(layout=LAYOUT, images_per_window=4),
        batch_id="b",
        trigger="csv-push",
        because="idle",
        images=tuple(images),
    )
    event = window_ready(CreatorState(creator=creator), window, NOW_S)
    assert expand_event(compress_event(event)) == event


def test_the_event_contains_all_of_the_window() -> None:
    image = WindowImage(identity="i", url="u", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    window = ClosedWindow(
        number=12,
        settings=BatchSettings(layout=LAYOUT, images_per_window=4),
        batch_id="b",
        trigger="csv-push",
        because="idle",
        images=(image,),
    )
    assert window_ready(CreatorState(creator="a/b"), window, NOW_S) == WindowReady(
        window_id="a=2Fb:000012",
        creator="a/b",
        batch_id="b",
        trigger="csv-push",
        closed_at=datetime.fromtimestamp(NOW_S, UTC),
        closed_because="idle",
        layout=LAYOUT,
        image_count=1,
        images=(image,),
    )


def test_the_event_has_limits_of_downloads_only_if_the_batch_has() -> None:
    """Functions of an earlier version refuse fields that they do not know."""
    image = WindowImage(identity="i", url="u", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    limits = DownloadLimits(timeout_s=30)
    for settings, expected in (
        (BatchSettings(), None),
        (BatchSettings(downloads=limits), {"timeout_s": 30}),
    ):
        window = ClosedWindow(
            number=1,
            settings=settings,
            batch_id="b",
            trigger="csv-push",
            because="full",
            images=(image,),
        )
        event = window_ready(CreatorState(creator="a"), window, NOW_S)
        assert json.loads(encode_detail(event)).get("downloads") == expected
        assert expand_event(compress_event(event)) == event


@given(st.binary(max_size=80))
def test_bytes_that_were_never_an_event_are_a_decode_error(data: bytes) -> None:
    for attempt in (data, zlib.compress(data)):
        with pytest.raises(DecodeError):
            expand_event(attempt)
