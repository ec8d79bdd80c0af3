"""A manifest has a line for each output of a photo, and goes the way of the outputs."""

from __future__ import annotations

import json

import pytest

from rendition_lambda.manifest import label_of, lines_of
from rendition_lambda.photo_item import Photo, PhotoStatus
from tests.fakes.photos.account import PhotoAccount

KEY = "original-uploads/cats/1.jpg"
MANIFEST = "manifests/1.jsonl"


@pytest.mark.parametrize(
    ("key", "label"),
    [
        (KEY, "cats"),
        ("original-uploads/cats/persian/1.jpg", "cats/persian"),
        ("original-uploads/1.jpg", ""),
        ("1.jpg", ""),
        ("wedding/1.jpg", "wedding"),
    ],
)
def test_the_label_is_the_folder(key: str, label: str) -> None:
    assert label_of(key) == label


def test_an_image_to_augment_has_a_line_for_each_output() -> None:
    account = PhotoAccount()
    account.put(KEY, b"one")
    account.drain()

    lines = [json.loads(line) for line in account.s3.outputs[MANIFEST].splitlines()]
    assert [(line["output"], line["angle"]) for line in lines] == [
        ("256x256", 0),
        ("90-degree", 90),
        ("180-degree", 180),
        ("270-degree", 270),
        ("360-degree", 360),
    ]
    assert {(line["source"], line["label"], line["version"]) for line in lines} == {
        (KEY, "cats", "v1")
    }
    assert lines[1]["key"] == "augmented-images/90-degree/1_90.jpg"
    assert all(line["key"] in account.s3.outputs for line in lines)
    assert (lines[0]["box"], lines[0]["scale"]) == ([0, 0, 400, 300], 0.1)
    assert (lines[0]["crop"], lines[0]["source_width"]) == ([0, 0, 4_000, 3_000], 4_000)


def test_a_manifest_is_replaced_and_removed_with_its_photo() -> None:
    account = PhotoAccount()
    account.put(KEY, b"one")
    account.drain()
    first = account.s3.outputs[MANIFEST]
    account.put(KEY, b"two")
    account.drain()
    assert account.s3.outputs[MANIFEST] != first

    account.delete(KEY)
    account.drain()
    assert account.s3.outputs == {}


def test_a_photo_without_outputs_has_no_lines() -> None:
    assert lines_of(Photo(gallery="g", photo="g/a.jpg", status=PhotoStatus.FAILED)) == []
