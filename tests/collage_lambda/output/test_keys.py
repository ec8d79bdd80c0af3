from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from collage_lambda.output.key_template import DEFAULT_TEMPLATE
from collage_lambda.output.keys import keys_of, processing_date
from stream_ingest.contracts.naming import is_creator_name
from tests.fakes.collage.events import window_image, window_ready

IMAGES = [window_image("http://a/b")]


def test_the_keys_have_their_documented_form() -> None:
    keys = keys_of(window_ready(IMAGES, key_template=DEFAULT_TEMPLATE))
    folder, name = "2026/11/20/stream-push/batch-1", "charli_{}_20261120_233000_000012"
    assert keys.collage == f"collages/{folder}/{name.format('collage')}.jpg"
    assert keys.by_creator == f"collages/by-creator/charli/{name.format('collage')}.jpg"
    assert keys.thumbnail == f"thumbnails/{folder}/{name.format('thumb')}.jpg"
    assert keys.metadata == f"metadata/{folder}/{name.format('metadata')}.json"
    assert keys.originals == "originals/charli/000012.zip"


def test_a_template_of_the_stack_changes_folders_and_names_but_no_tree() -> None:
    template = "{batch}/{creator}/{window}_{kind}-{creator}"
    keys = keys_of(window_ready(IMAGES, key_template=template, prefix="team-a"))
    folder = "team-a/batch-1/charli/000012"
    assert keys.collage == f"collages/{folder}_collage-charli.jpg"
    assert keys.by_creator == "collages/by-creator/charli/000012_collage-charli.jpg"
    assert keys.thumbnail == f"thumbnails/{folder}_thumb-charli.jpg"
    assert keys.metadata == f"metadata/{folder}_metadata-charli.json"


def test_events_of_earlier_versions_keep_their_keys() -> None:
    """They are in the archive, in the outbox and in queues, and their objects exist."""
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
    event = window_ready(IMAGES, creator=creator, trigger=trigger, key_template=DEFAULT_TEMPLATE)
    keys = keys_of(event)
    parts = keys.collage.split("/")
    assert len(parts) == 7
    assert ".." not in parts
    assert "." not in parts
    assert len(keys.by_creator.split("/")) == 4
