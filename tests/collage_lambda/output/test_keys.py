from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from collage_lambda.output.keys import keys_of, processing_date
from stream_ingest.contracts.naming import is_creator_name
from tests.fakes.collage.events import window_image, window_ready

IMAGES = [window_image("http://a/b")]


def test_the_keys_have_their_documented_form() -> None:
    keys = keys_of(window_ready(IMAGES))
    assert keys.collage == "collages/2026/11/20/stream-push/charli_collage_000012.jpg"
    assert keys.by_creator == "collages/by-creator/charli/charli_collage_000012.jpg"
    assert keys.thumbnail == "thumbnails/2026/11/20/stream-push/charli_collage_000012.jpg"
    assert keys.metadata == "metadata/2026/11/20/stream-push/charli_collage_000012.json"
    assert keys.originals == "originals/charli/000012.zip"


def test_a_batch_may_have_its_own_folder() -> None:
    keys = keys_of(window_ready(IMAGES, prefix="team-a/week_7"))
    folder = "team-a/week_7/2026/11/20/stream-push"
    assert keys.collage == f"collages/{folder}/charli_collage_000012.jpg"
    assert keys.thumbnail == f"thumbnails/{folder}/charli_collage_000012.jpg"
    assert keys.metadata == f"metadata/{folder}/charli_collage_000012.json"
    assert keys.by_creator == "collages/by-creator/charli/charli_collage_000012.jpg"


def test_the_date_is_the_utc_day_of_closing_and_the_item_has_its_second() -> None:
    tokyo = datetime(2026, 11, 21, 8, 30, tzinfo=timezone(timedelta(hours=9)))
    event = window_ready(IMAGES, closed_at=tokyo)
    assert processing_date(event) == "2026-11-20T23:30:00Z"
    assert keys_of(event) == keys_of(window_ready(IMAGES, closed_at=tokyo.astimezone(UTC)))


@given(st.text(min_size=1, max_size=20).filter(is_creator_name), st.text(max_size=10))
def test_no_creator_or_trigger_can_leave_its_folder(creator: str, trigger: str) -> None:
    keys = keys_of(window_ready(IMAGES, creator=creator, trigger=trigger))
    parts = keys.collage.split("/")
    assert len(parts) == 6
    assert ".." not in parts
    assert "." not in parts
    assert len(keys.by_creator.split("/")) == 4
