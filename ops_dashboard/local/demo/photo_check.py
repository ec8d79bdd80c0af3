"""Compares the demo's renditions and rotations with the pictures they were made of. Pure.

It uses nothing of the product: sizes, names and pixels follow from the sample and from what the
guide says of each output.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from PIL import Image, ImageChops, ImageStat

from ops_dashboard.local.samples.photos import colours
from ops_dashboard.local.samples.photos.chart import shown_colours
from ops_dashboard.local.samples.photos.metadata import TRACES
from ops_dashboard.local.samples.photos.sample import GALLERY, SamplePhoto

RENDITIONS = {"thumbnail": (400, 400), "small": (800, 600), "medium": (2000, 2000),
              "large": (4000, 4000)}  # fmt: skip
"""Boxes into which a photo is fitted, never enlarged."""
ROTATIONS = {"256x256": 0, "90-degree": 90, "180-degree": 180, "270-degree": 270, "360-degree": 360}
"""Degrees clockwise of the images that augment."""
SQUARE_PX = 256
CACHE_CONTROL = "public, max-age=31536000, immutable"
_MEAN_DIFFERENCE = 4.0
"""Most that a picture may differ from its original on average, of 255, besides its colours."""
_MIN_WHITE = 250
_EDITION_CHARS = 8
_JPEG_APPLICATION = range(0xE0, 0xF0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An output as its address serves it."""

    address: str
    """Attribute ``<name>_url`` of the item."""
    data: bytes
    content_type: str
    cache_control: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPhoto:
    """A photo at the end: the attributes of its item, its outputs by name, and its manifest."""

    item: Mapping[str, Any]
    outputs: Mapping[str, Served]
    manifest: bytes = b""
    """Empty if there is none."""


def photo_differences(sample: SamplePhoto, found: FoundPhoto) -> list[str]:
    """Return a line for each way in which a photo is not what it must be."""
    return [f"{sample.key}: {line}" for line in _differences(sample, found)]


def unexpected_keys(keys: Iterable[str], photos: Iterable[FoundPhoto]) -> list[str]:
    """Return a line for each object in the bucket of renditions that is of no photo."""
    known = set[str]()
    for photo in photos:
        outputs = [facts["key"] for facts in photo.item.get("outputs", {}).values()]
        known.update(outputs)
        known.update(manifest_key(key) for key in outputs if key.startswith("processed/"))
    return [f"{key}: of no photo" for key in keys if key not in known]


def manifest_key(processed: str) -> str:
    """Return the key of the manifest beside the output ``processed/<stem>_256x256.jpg``."""
    stem = processed.removeprefix("processed/").removesuffix("_256x256.jpg")
    return f"manifests/{stem}.jsonl"


def key_in_s3(address: str) -> str:
    """Return the key of the object at an ``s3://`` address."""
    return address.removeprefix("s3://").partition("/")[2]


def output_names(sample: SamplePhoto) -> list[str]:
    """Return the names of a sample's outputs."""
    if sample.upright is None:
        return []
    return list(RENDITIONS if sample.gallery == GALLERY else ROTATIONS)


def _differences(sample: SamplePhoto, found: FoundPhoto) -> Iterator[str]:
    status, reason = found.item.get("status"), found.item.get("reason", "")
    if (status, reason) != (sample.status, sample.reason):
        yield f"{status} {reason}".strip() + f", expected {sample.status} {sample.reason}".rstrip()
        return
    if sorted(found.outputs) != sorted(output_names(sample)):
        yield f"outputs {', '.join(sorted(found.outputs)) or 'none'}"
        return
    if sample.upright is None:
        return
    width, height = found.item.get("width"), found.item.get("height")
    if (width or 0) * sample.upright.height != (height or 0) * sample.upright.width:
        yield f"{width}x{height} has another aspect than {sample.upright.size}"
    for name, served in found.outputs.items():
        for line in _output_differences(sample, sample.upright, name, served):
            yield f"{name}: {line}"


def _output_differences(
    sample: SamplePhoto, upright: Image.Image, name: str, served: Served
) -> Iterator[str]:
    yield from _address_differences(sample, name, served)
    if served.content_type != "image/jpeg" or served.cache_control != CACHE_CONTROL:
        yield f"served as {served.content_type}, {served.cache_control}"
    yield from _metadata_differences(served.data)
    with Image.open(io.BytesIO(served.data)) as image:
        image.load()
    if image.format != "JPEG" or image.mode != "RGB":
        yield f"{image.mode} {image.format}"
        return
    if name in RENDITIONS:
        size = fitted(upright.size, RENDITIONS[name], most=1)
        if image.size != size:
            yield f"{image.size}, expected {size}"
            return
        picture: Image.Image = image
    else:
        if image.size != (SQUARE_PX, SQUARE_PX):
            yield f"{image.size}"
            return
        picture, is_white = _unpadded(image.rotate(ROTATIONS[name]), upright.size)
        if not is_white:
            yield "its padding is not white"
    yield from _pixel_differences(sample, upright, picture)


def fitted(size: tuple[int, int], box: tuple[int, int], most: float) -> tuple[int, int]:
    """Return a size fitted into a box, enlarged at most `most` times."""
    scale = min(box[0] / size[0], box[1] / size[1], most)
    return round(size[0] * scale), round(size[1] * scale)


def _address_differences(sample: SamplePhoto, name: str, served: Served) -> Iterator[str]:
    parts = urlsplit(served.address)
    path = unquote(parts.path).removeprefix("/") if parts.scheme == "https" else parts.path[1:]
    if path not in {_key(sample, name, stem) for stem in sample.stems}:
        yield f"its address is {served.address}"
    elif (parts.scheme == "https") != (sample.gallery == GALLERY):
        yield f"{served.address}: a CDN serves galleries, and nothing else"
    elif parts.scheme == "https" and len(parse_qs(parts.query).get("v", [""])[0]) != _EDITION_CHARS:
        yield f"{served.address} has no edition"


def _key(sample: SamplePhoto, name: str, stem: str) -> str:
    if sample.gallery == GALLERY:
        return f"renditions/{GALLERY}/{stem}_{name}.jpg"
    if name == "256x256":
        return f"processed/{stem}_256x256.jpg"
    return f"augmented-images/{name}/{stem}_{ROTATIONS[name]}.jpg"


def _metadata_differences(data: bytes) -> Iterator[str]:
    for trace in TRACES:
        if trace in data:
            yield f"contains {trace.decode(errors='replace')!r}"
    at = 2
    while data[at] == 0xFF and data[at + 1] != 0xDA:  # noqa: PLR2004 - a marker, before the scan
        if data[at + 1] in _JPEG_APPLICATION or data[at + 1] == 0xFE:  # noqa: PLR2004 - a comment
            yield f"has the segment {data[at + 1]:X}"
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")


def _unpadded(image: Image.Image, original: tuple[int, int]) -> tuple[Image.Image, bool]:
    """Return the picture in a padded square, and whether what is around it is white."""
    width, height = fitted(original, image.size, most=SQUARE_PX)
    left, top = (SQUARE_PX - width) // 2, (SQUARE_PX - height) // 2
    around = image.copy()
    bleed = 8  # a block of JPEG has pixels of both
    box = (left - bleed, top - bleed, left + width + bleed, top + height + bleed)
    around.paste((255, 255, 255), box)
    is_white = all(low >= _MIN_WHITE for low, _ in ImageStat.Stat(around).extrema)
    return image.crop((left, top, left + width, top + height)), is_white


def _pixel_differences(
    sample: SamplePhoto, upright: Image.Image, picture: Image.Image
) -> Iterator[str]:
    far = colours.farthest(shown_colours(picture), shown_colours(upright))
    if far > sample.max_difference:
        yield f"a colour differs by {far:.1f}, at most {sample.max_difference:.0f} is allowed"
    exact = upright.resize(picture.size, Image.Resampling.LANCZOS)
    mean = max(ImageStat.Stat(ImageChops.difference(picture, exact)).mean)
    if mean > _MEAN_DIFFERENCE * sample.max_difference / 2:
        yield f"its pixels differ by {mean:.1f} on average"
