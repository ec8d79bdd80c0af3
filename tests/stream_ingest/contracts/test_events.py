from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.event_model import Event
from stream_ingest.contracts.events import (
    EMITTED,
    BatchCompleted,
    BatchDrained,
    CollageCreated,
    CollageFailed,
    CoversExpiring,
    FileRejected,
    PrefetchedCover,
    WindowImage,
    WindowReady,
    convert_detail,
    decode_detail,
    encode_detail,
)
from stream_ingest.contracts.photo_events import (
    PhotoEvent,
    RenditionsCreated,
    RenditionsFailed,
    RenditionsRemoved,
)
from stream_ingest.contracts.settings import CollageLayout

WHEN = datetime(2026, 11, 21, 3, 5, tzinfo=UTC)
READY = WindowReady(
    window_id="charli:000001",
    creator="charli",
    batch_id="b",
    trigger="mysql-push",
    closed_at=WHEN,
    closed_because="full",
    layout=CollageLayout(),
    image_count=1,
    images=(WindowImage(identity="i", url="https://e.com/1", created_at=WHEN),),
)
CREATED = CollageCreated(
    window_id="charli:000001",
    creator="charli",
    batch_id="b",
    trigger="mysql-push",
    bucket="output",
    key="k",
    thumbnail_key="t",
    metadata_key="m",
    width_px=1_400,
    height_px=1_000,
    bytes=1,
    sha256="0" * 64,
    images_ok=1,
    images_failed=0,
    failures={"http_403": 2},
    replay="replay-1",
)
FAILED = CollageFailed(
    window_id="charli:000001",
    creator="charli",
    batch_id="b",
    trigger="mysql-push",
    metadata_key=None,
    images_failed=35,
    failures={},
    reason="no image",
)
DRAINED = BatchDrained(batch_id="b", trigger="mysql-push")
COMPLETED = BatchCompleted(
    batch_id="b",
    trigger="mysql-push",
    rows_read=3,
    rows_accepted=1,
    refused={"expired": 2},
    windows=1,
    collages=1,
    images_ok=1,
    images_failed=0,
)
EXPIRING = CoversExpiring(
    pack="prefetched/2026/11/21/030500-0a1b.zip", creators=("charli",), covers=3
)
REJECTED = FileRejected(
    batch_id="b",
    trigger="s3-trigger",
    file="s3://input/csv-files/covers.csv",
    reason="line 7: a quote is opened and never closed",
    line=7,
    rows_read=0,
    refused={},
)
PHOTO = {
    "gallery": "g",
    "photo": "g/a.jpg",
    "version": "v1",
    "recipe": "renditions",
    "recipe_version": "0" * 64,
}
PHOTOS: list[Event] = [
    msgspec.convert(
        {**PHOTO, "renditions_bucket": "r", "keys": {}, "urls": {}, "width": 4, "height": 3},
        RenditionsCreated,
    ),
    msgspec.convert({**PHOTO, "reason": "corrupt", "detail": ""}, RenditionsFailed),
    msgspec.convert(PHOTO, RenditionsRemoved),
]
EVENTS = [READY, CREATED, FAILED, DRAINED, COMPLETED, EXPIRING, REJECTED, *PHOTOS]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.detail_type())
def test_an_event_survives_encoding_and_decoding(event: Event) -> None:
    assert decode_detail(encode_detail(event), type(event)) == event
    assert convert_detail(json.loads(encode_detail(event)), type(event)) == event


def test_an_image_omits_default_values() -> None:
    """Events of before, and functions of before, know nothing of prefetched covers."""
    (plain,) = json.loads(encode_detail(READY))["images"]
    assert set(plain) == {"identity", "url", "created_at"}
    prefetched = PrefetchedCover(
        pack="prefetched/a.zip", member=2, offset=40, length=9, sha256="0" * 64, until=7
    )
    image = msgspec.structs.replace(READY.images[0], prefetched=prefetched, lost="not_found")
    event = msgspec.structs.replace(READY, images=(image,))
    assert decode_detail(encode_detail(event), WindowReady) == event


def test_a_window_closed_by_an_earlier_version_has_no_template_of_keys() -> None:
    detail = changed(READY, key_template="LEFT OUT")
    assert convert_detail(detail, WindowReady).key_template is None


@pytest.mark.parametrize("template", ["", "/{creator}", "../{creator}", "a b", "x" * 257])
def test_a_template_of_unsafe_keys_is_refused(template: str) -> None:
    with pytest.raises(DecodeError, match="key_template"):
        convert_detail(changed(READY, key_template=template), WindowReady)


def test_every_event_of_the_module_is_tested_here() -> None:
    emitted = {event for events in EMITTED.values() for event in events}
    assert {type(event) for event in EVENTS} == emitted
    assert {*Event.__subclasses__(), *PhotoEvent.__subclasses__()} - {PhotoEvent} == emitted


def test_the_detail_type_is_the_name_of_the_class() -> None:
    assert READY.detail_type() == "WindowReady"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.detail_type())
def test_every_detail_carries_its_schema(event: Event) -> None:
    assert json.loads(encode_detail(event))["schema"] == 1


def changed(event: Event, **changes: object) -> dict[str, Any]:
    detail = json.loads(encode_detail(event)) | changes
    return {name: value for name, value in detail.items() if value != "LEFT OUT"}


@pytest.mark.parametrize(
    ("detail", "field"),
    [
        (changed(READY, colour="red"), "`colour`"),
        (changed(READY, window_id="LEFT OUT"), "`window_id`"),
        (changed(READY, creator=7), r"\$\.creator"),
        (changed(READY, schema=2), r"\$\.schema"),
        (changed(READY, closed_at="soon"), r"\$\.closed_at"),
        (changed(READY, closed_because="bored"), r"\$\.closed_because"),
        (changed(READY, image_count=0), r"\$\.image_count"),
        (changed(READY, layout={"rows": 0}), r"\$\.layout\.rows"),
        (changed(READY, layout={"depth": 3}), "`depth`"),
        (changed(READY, images=[{"url": "u"}]), r"`identity` - at `\$\.images\[0\]`"),
        (changed(READY, images=[{"x": 1}]), r"`x` - at `\$\.images\[0\]`"),
    ],
)
def test_an_invalid_detail_is_an_error_that_names_the_field(
    detail: dict[str, Any], field: str
) -> None:
    for attempt in (
        lambda: convert_detail(detail, WindowReady),
        lambda: decode_detail(json.dumps(detail), WindowReady),
    ):
        with pytest.raises(DecodeError, match=f"WindowReady: .*{field}"):
            attempt()


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.detail_type())
def test_every_event_is_as_strict_as_the_first(event: Event) -> None:
    for changes, field in (({"colour": 1}, "colour"), ({"schema": 2}, "schema")):
        with pytest.raises(DecodeError, match=field):
            convert_detail(changed(event, **changes), type(event))
    counts = [name for name, value in msgspec.to_builtins(event).items() if value == 0]
    for name in counts:
        with pytest.raises(DecodeError, match=name):
            convert_detail(changed(event, **{name: -1}), type(event))


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"null", b"\xff", b'{"batch_id": "\xff"}', '{"batch_id": "\ud800"}', b"[]"]
)
def test_invalid_json_is_a_decode_error(raw: str | bytes) -> None:
    with pytest.raises(DecodeError, match="BatchDrained"):
        decode_detail(raw, BatchDrained)
