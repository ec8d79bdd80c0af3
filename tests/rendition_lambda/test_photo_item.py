"""A photo's item is read as it was written, and keeps what it does not know."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rendition_lambda.photo_item import (
    UNANNOUNCED,
    Announcement,
    OutputFacts,
    Photo,
    PhotoStatus,
    from_item,
    to_item,
)
from rendition_lambda.render.rendered import Box, PixelSource
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts.errors import UnreadableItemError

PHOTO = Photo(
    gallery="g",
    photo="g/a.jpg",
    status=PhotoStatus.ACTIVE,
    revision=3,
    version="v1",
    bytes=1_000,
    recipe="augmentation",
    stem="a",
    keys=("processed/a_256x256.jpg",),
    outputs={
        "90-degree": OutputFacts(
            key="processed/a_256x256.jpg",
            bytes=10,
            width=256,
            height=256,
            box=Box(left=0, top=32, width=256, height=192),
            scale=0.0625,
        )
    },
    urls={"90-degree": "https://x/a?v=1"},
    width=4096,
    height=3072,
    format="JPEG",
    source=PixelSource.IMAGE,
    hdr=False,
)


def stored(photo: Photo) -> dict[str, object]:
    return from_wire(to_wire(to_item(photo)))


def test_an_item_is_read_as_it_was_written() -> None:
    assert from_item(stored(PHOTO)) == PHOTO


def test_an_item_has_the_attributes_of_the_contract() -> None:
    item = stored(PHOTO)

    assert item["original_key"] == "g/a.jpg"
    assert item["90_degree_url"] == "https://x/a?v=1"
    assert item["format"] == "JPEG"
    assert item["outputs"] == {
        "90-degree": {
            "key": "processed/a_256x256.jpg",
            "bytes": 10,
            "width": 256,
            "height": 256,
            "box": [0, 32, 256, 192],
            "scale": Decimal("0.0625"),
        }
    }
    assert "open" not in item


def test_attributes_of_others_stay() -> None:
    others = {"label": "bride", "weight": Decimal("0.1"), "tags": {"a", "b"}, "n": Decimal(2)}

    photo = from_item({**stored(PHOTO), **others})

    assert photo.others == others
    assert stored(photo) == {**stored(PHOTO), **others}


def test_an_unreadable_item_is_named() -> None:
    with pytest.raises(UnreadableItemError, match=r"g g/a\.jpg: .*status"):
        from_item({**stored(PHOTO), "status": "on holiday"})


@pytest.mark.parametrize(
    ("status", "is_open"),
    [
        (PhotoStatus.PENDING, True),
        (PhotoStatus.PROCESSING, True),
        (PhotoStatus.FAILED, True),
        (PhotoStatus.ACTIVE, False),
        (PhotoStatus.SKIPPED, False),
        (PhotoStatus.DELETED, False),
    ],
)
def test_the_index_has_what_is_not_as_it_should_stay(status: PhotoStatus, *, is_open: bool) -> None:
    photo = Photo(gallery="g", photo="g/a.jpg", status=status)

    assert photo.open == (str(status) if is_open else None)


def test_the_index_has_what_was_not_announced() -> None:
    event = Announcement(detail_type="RenditionsCreated", detail="{}")

    assert Photo(gallery="g", photo="a", status=PhotoStatus.ACTIVE, outbox=event).open == (
        UNANNOUNCED
    )
