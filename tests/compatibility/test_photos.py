"""What photos store is read for ever, with its meaning, and does not change unnoticed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rendition_lambda.manifest import ManifestLine
from rendition_lambda.messages import PhotoHint, read_hints
from rendition_lambda.photo_item import Photo, PhotoStatus, from_item, to_item
from rendition_lambda.render.rendered import Box
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts.events import convert_detail
from stream_ingest.contracts.photo_events import RenditionsCreated
from tests.compatibility.generations import FOLDER, RECORD, driver, recorded

GENERATIONS = sorted(each.parent.name for each in FOLDER.glob("*/photos.json"))
STATUSES = {
    "g/active.jpg": (PhotoStatus.ACTIVE, None),
    "original-uploads/cats/1.jpg": (PhotoStatus.ACTIVE, None),
    "g/failed.jpg": (PhotoStatus.FAILED, "failed"),
    "g/notes.txt": (PhotoStatus.SKIPPED, None),
    "g/deleted.jpg": (PhotoStatus.DELETED, None),
    "g/pending.jpg": (PhotoStatus.PENDING, "pending"),
    "g/crashed.jpg": (PhotoStatus.FAILED, "unannounced"),
    "g/unannounced.jpg": (PhotoStatus.ACTIVE, "unannounced"),
    "g/processing.jpg": (PhotoStatus.PROCESSING, "processing"),
}


def photos(generation: str) -> dict[str, Photo]:
    items = map(from_wire, recorded(generation, "photos")["items"])
    return {item["photo"]: from_item(item) for item in items if "status" in item}


def shape(value: Any, path: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield path and type of each value; elements of a list have one path."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from shape(each, f"{path}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from shape(each, f"{path}[]")
    else:
        yield f"{path}: {type(value).__name__}"


def shape_of(stored: dict[str, Any]) -> set[str]:
    documents = [json.loads(each) for each in stored["messages"]]
    lines = [json.loads(each) for each in stored["manifest"].splitlines()]
    parts = {"items": stored["items"], "events": [each["detail"] for each in stored["events"]]}
    return set(shape({**parts, "messages": documents, "manifest": lines}))


def test_what_photos_store_now_is_recorded() -> None:
    """Whoever changes a format reads in the README what to consider, and records it again."""
    now, then = shape_of(driver("photo_driver").write()), shape_of(recorded("unreleased", "photos"))

    assert now == then, (
        f"a stored format changed: {RECORD}, then record it (new: {sorted(now - then)};"
        f" no longer there: {sorted(then - now)})"
    )


@pytest.mark.parametrize("generation", GENERATIONS)
def test_items_keep_their_meaning(generation: str) -> None:
    found = photos(generation)

    assert {name: (each.status, each.open) for name, each in found.items()} == STATUSES
    active, cat = found["g/active.jpg"], found["original-uploads/cats/1.jpg"]
    assert (active.version, active.stem, active.is_finished) == ("v1", "active", True)
    assert active.outputs["large"].key == "renditions/g/active_large.jpg"
    assert active.urls["small"].startswith("https://cdn.example.com/renditions/g/active_small.jpg?")
    turned = cat.outputs["90-degree"]
    assert (turned.angle, turned.box, turned.scale) == (90, Box(0, 0, 400, 300), 0.1)
    assert cat.keys[-1] == "manifests/1.jsonl"
    assert (found["g/failed.jpg"].reason, found["g/crashed.jpg"].reason) == ("corrupt", "crashed")
    assert not found["g/crashed.jpg"].is_finished


@pytest.mark.parametrize("generation", GENERATIONS)
def test_items_are_written_as_they_were_read(generation: str) -> None:
    for item in recorded(generation, "photos")["items"]:
        read = from_wire(item)
        if "status" in read:
            again = from_wire(to_wire(to_item(from_item(read))))
            assert {**read, **again} == again


@pytest.mark.parametrize("generation", GENERATIONS)
def test_messages_events_and_manifests_keep_their_meaning(generation: str) -> None:
    stored = recorded(generation, "photos")

    hints = [read_hints(each, "uploads", ("archive",)) for each in stored["messages"]]
    assert hints == [
        [PhotoHint(key="g/active.jpg")],
        [PhotoHint(key="s3://archive/a.jpg", again=True, run="run-1")],
    ]
    created = next(each for each in stored["events"] if each["detail-type"] == "RenditionsCreated")
    event = convert_detail(created["detail"], RenditionsCreated)
    assert event.version == "v1"
    assert set(event.keys) == set(event.urls)
    lines = [json.loads(each) for each in stored["manifest"].splitlines()]
    assert [line["output"] for line in lines][:2] == ["256x256", "90-degree"]
    assert set(lines[0]) == set(ManifestLine.__struct_fields__)
