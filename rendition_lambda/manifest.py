"""A photo's manifest: what a program that trains on its outputs needs to know of each. Pure.

A manifest is an object with one line of JSON for each output. It is an output itself: stored with
the others, replaced with them, and removed with them. It follows from the photo's item alone, so
that the manifest of a whole data set can be read from the table.
"""

from __future__ import annotations

from posixpath import dirname

import msgspec

from rendition_lambda.photo_item import OutputFacts, Photo
from rendition_lambda.recipe import AUGMENTATION_PREFIX, Flip
from rendition_lambda.render.rendered import Box

CONTENT_TYPE = "application/jsonl"


class ManifestLine(msgspec.Struct, frozen=True, kw_only=True):
    """One output of a photo.

    A point of the original is mapped in this order: subtract the corner of `crop`, multiply by
    `scale`, flip and turn by `angle` within the picture, add the corner of `box`.
    """

    source: str
    """Key of the original in the bucket of uploads."""
    version: str
    """Its version."""
    label: str
    """Folder of the original below ``original-uploads/``; empty if it is in none."""
    output: str
    """Name of the recipe's output."""
    angle: int
    """Degrees clockwise."""
    flip: Flip
    key: str
    """Object key in the bucket of renditions."""
    sha256: str
    bytes: int
    width: int
    height: int
    box: Box
    """Left, top, width and height of the picture in the output, without its padding."""
    scale: float
    """Pixels of the output for one pixel of the upright original."""
    crop: Box
    """Left, top, width and height of the part of the upright original that is in the output."""
    source_width: int
    """Pixels of the upright original."""
    source_height: int
    recipe_version: str


def label_of(key: str) -> str:
    """Return the label of an original: its folder, such as ``cats`` or ``cats/persian``."""
    return dirname(key.removeprefix(AUGMENTATION_PREFIX))


def lines_of(photo: Photo) -> list[ManifestLine]:
    """Return a line for each output of a photo, by angle and name; none without outputs."""
    lines = [_line(photo, name, facts) for name, facts in photo.outputs.items()]
    return sorted(lines, key=lambda line: (line.angle, line.output))


def encode(lines: list[ManifestLine]) -> bytes:
    """Return lines of JSON."""
    return msgspec.json.Encoder().encode_lines(lines)


def _line(photo: Photo, name: str, facts: OutputFacts) -> ManifestLine:
    width, height = photo.width or facts.width, photo.height or facts.height
    return ManifestLine(
        source=photo.original_key,
        version=photo.version,
        label=label_of(photo.original_key),
        output=name,
        angle=facts.angle,
        flip=facts.flip,
        key=facts.key,
        sha256=facts.sha256,
        bytes=facts.bytes,
        width=facts.width,
        height=facts.height,
        box=facts.box or Box(0, 0, facts.width, facts.height),
        scale=facts.scale or max(facts.width, facts.height) / max(width, height),
        crop=facts.crop or Box(0, 0, width, height),
        source_width=width,
        source_height=height,
        recipe_version=photo.recipe_version,
    )
