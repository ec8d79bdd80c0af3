"""Compares the manifest of an augmented image with its outputs. Pure.

It uses nothing of the product: the lines follow from the sample, from the outputs as they are
served, and from what the guide says of manifests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from posixpath import dirname
from typing import Any

from ops_dashboard.local.demo.photo_check import (
    ROTATIONS,
    SQUARE_PX,
    FoundPhoto,
    Served,
    fitted,
    key_in_s3,
)
from ops_dashboard.local.samples.photos.sample import AUGMENTED, SamplePhoto

_QUARTER = 90
_SCALE_DIFFERENCE = 0.01
"""Relative difference that rounding to pixels may make."""


def manifest_differences(sample: SamplePhoto, found: FoundPhoto) -> list[str]:
    """Return a line for each way in which a photo's manifest is not what it must be."""
    if sample.gallery != AUGMENTED or sample.upright is None:
        return [f"{sample.key}: has a manifest"] if found.manifest else []
    lines = [json.loads(line) for line in found.manifest.splitlines()]
    by_name = {line["output"]: line for line in lines}
    if len(lines) != len(by_name) or by_name.keys() != ROTATIONS.keys():
        return [f"{sample.key}: its manifest has the outputs {[each['output'] for each in lines]}"]
    return [
        f"{sample.key}: manifest of {name}: {field} is {by_name[name].get(field)!r}, not {value!r}"
        for name, served in found.outputs.items()
        for field, value in _wrong(by_name[name], _expected(sample, found, name, served))
    ]


def _wrong(line: dict[str, Any], expected: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for field, value in expected.items():
        actual = line.get(field)
        if isinstance(value, float):
            is_right = actual is not None and abs(actual / value - 1) <= _SCALE_DIFFERENCE
        else:
            is_right = actual == value
        if not is_right:
            yield field, value


def _expected(sample: SamplePhoto, found: FoundPhoto, name: str, served: Served) -> dict[str, Any]:
    """Return what the line of an output must say."""
    source = int(found.item["width"]), int(found.item["height"])
    width, height = fitted(source, (SQUARE_PX, SQUARE_PX), most=SQUARE_PX)
    upright = [(SQUARE_PX - width) // 2, (SQUARE_PX - height) // 2, width, height]
    folder = dirname(sample.key.removeprefix(f"{AUGMENTED}/"))
    return {
        "source": sample.key,
        "version": found.item["version"],
        "label": folder,
        "angle": ROTATIONS[name],
        "flip": "",
        "key": key_in_s3(served.address),
        "sha256": hashlib.sha256(served.data).hexdigest(),
        "bytes": len(served.data),
        "width": SQUARE_PX,
        "height": SQUARE_PX,
        "box": _turned(upright, ROTATIONS[name]),
        "scale": max(width / source[0], height / source[1]),
        "crop": [0, 0, *source],
        "source_width": source[0],
        "source_height": source[1],
    }


def _turned(box: list[int], degrees: int) -> list[int]:
    """Return a box in the square after it was turned clockwise: left, top, width and height."""
    for _ in range(degrees // _QUARTER):
        left, top, width, height = box
        box = [SQUARE_PX - top - height, left, height, width]
    return box
