"""The demo finds every way in which a manifest is not what it must be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ops_dashboard.local.demo.manifest_check import manifest_differences
from ops_dashboard.local.demo.photo_check import ROTATIONS, FoundPhoto, key_in_s3
from ops_dashboard.local.samples.photos.sample import AUGMENTED
from tests.ops_dashboard.local.demo.photos import found, sample

BOXES = {
    0: [0, 42, 256, 171],
    90: [43, 0, 171, 256],  # what was above is at the right
    180: [0, 43, 256, 171],
    270: [42, 0, 171, 256],
    360: [0, 42, 256, 171],
}
Line = dict[str, Any]


def lines_of(photo: FoundPhoto) -> list[Line]:
    """Return what a correct manifest says of a picture of 900 by 600 pixels."""
    return [
        {
            "source": f"{AUGMENTED}/cats/a b.jpg",
            "version": "v1",
            "label": "cats",
            "output": name,
            "angle": ROTATIONS[name],
            "flip": "",
            "key": key_in_s3(served.address),
            "sha256": hashlib.sha256(served.data).hexdigest(),
            "bytes": len(served.data),
            "width": 256,
            "height": 256,
            "box": BOXES[ROTATIONS[name]],
            "scale": 256 / 900,
            "crop": [0, 0, 900, 600],
            "source_width": 900,
            "source_height": 600,
            "recipe_version": "3d8543",
        }
        for name, served in photo.outputs.items()
    ]


def checked(change: Callable[[list[Line]], object] = lambda _lines: None) -> list[str]:
    """Return what is found of a manifest whose lines were changed."""
    original = replace(sample(is_augmented=True), key=f"{AUGMENTED}/cats/a b.jpg")
    photo = found(original)
    photo = replace(photo, item={**photo.item, "version": "v1"})
    lines = lines_of(photo)
    change(lines)
    manifest = "".join(json.dumps(line) + "\n" for line in lines).encode()
    return manifest_differences(original, replace(photo, manifest=manifest))


def test_a_correct_manifest_has_no_differences() -> None:
    assert checked() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("source", "a.jpg"), ("version", "v2"), ("label", ""), ("angle", 45), ("flip", "x")],
        *[("key", "processed/b.jpg"), ("sha256", "0"), ("bytes", 1), ("width", 1), ("height", 1)],
        *[("box", [0, 0, 256, 171]), ("scale", 0.25), ("crop", [0, 0, 1, 1])],
        *[("source_width", 600), ("source_height", 900)],
    ],
)
def test_each_wrong_field_is_found(field: str, value: object) -> None:
    (line,) = checked(lambda lines: lines[1].update({field: value}))
    assert line.startswith(f"{AUGMENTED}/cats/a b.jpg: manifest of 90-degree: {field} is ")


@pytest.mark.parametrize("change", [list.clear, list.pop, lambda lines: lines.append(lines[0])])
def test_a_missing_or_a_double_line_is_found(change: Callable[[list[Line]], object]) -> None:
    (line,) = checked(change)
    assert "its manifest has the outputs" in line


def test_a_gallery_has_no_manifests() -> None:
    photo = sample()
    assert manifest_differences(photo, found(photo)) == []
    assert manifest_differences(photo, replace(found(photo), manifest=b"{}")) != []
