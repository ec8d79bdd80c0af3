"""Open an image that libvips decodes; its pixels are decoded later. Edge (files)."""

from __future__ import annotations

import re
from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pyvips

from imaging.coded_colours import colour_profile
from imaging.heif_parts import coded_parts
from imaging.orientation import exif_orientation
from rendition_lambda.reasons import PhotoError, PhotoFailure
from rendition_lambda.render.limits import check_parts, check_size
from rendition_lambda.render.picture import Picture, upright
from rendition_lambda.render.sizes import Size, jpeg_shrink

Wanted = Callable[[Size], Size]
"""The size of the largest picture that is made of an original."""

_SEQUENTIAL = {"access": "sequential", "revalidate": True}
"""libvips otherwise returns what it once read from a file of the same name."""
_FAIL_ON = {"TIFF": "error"}
_FAIL_ON_OTHERS = "truncated"
"""Otherwise libvips accepts files that end too early; libtiff calls that an error."""
_LOADERS = {
    "JPEG": "jpegload",
    "PNG": "pngload",
    "WEBP": "webpload",
    "TIFF": "tiffload",
    "GIF": "gifload",
    "AVIF": "heifload",
}
METADATA_BYTES = 2 * 1024 * 1024
"""First bytes of a file, in which metadata is looked for."""
_GAIN_MAPS = (
    b"http://ns.adobe.com/hdr-gain-map/",
    b"urn:iso:std:iso:ts:21496:-1",
    b"urn:com:apple:photo:2020:aux:hdrgainmap",
)
"""Texts in files with a gain map: Ultra HDR, ISO 21496-1 and Apple."""
_TONE_MAPS = re.compile(rb"infe.{8}(?:..)?tmap", re.DOTALL)
"""The item of an HEIF or AVIF with a gain map (ISO/IEC 23008-12, 6.6.2.4)."""
_HDR_TRANSFERS = frozenset({16, 18})
"""PQ and HLG (ITU-T H.273)."""
_TAKEN = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_COEFFICIENT_BYTES = 2


def open_image(source: Path, kind: str, head: bytes, min_side_px: int, wanted: Wanted) -> Picture:
    """Return the picture of a file in a format that libvips decodes."""
    if kind == "AVIF":
        with source.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            check_parts(coded_parts(data))
    return _open(source, kind, head, min_side_px, wanted)


def open_preview(data: bytes, min_side_px: int, wanted: Wanted) -> Picture:
    """Return the picture of the JPEG that a RAW file contains."""
    if not data.startswith(b"\xff\xd8\xff"):
        raise PhotoError(PhotoFailure.CORRUPT, "a preview that is no JPEG")
    return _open(data, "JPEG", data[:METADATA_BYTES], min_side_px, wanted)


def has_gain_map(head: bytes) -> bool:
    """Return whether a file has a gain map, by the metadata at its beginning."""
    return any(text in head for text in _GAIN_MAPS) or _TONE_MAPS.search(head) is not None


def _open(
    source: Path | bytes, kind: str, head: bytes, min_side_px: int, wanted: Wanted
) -> Picture:
    image = _load(kind, source)
    orientation = _orientation(image, kind)
    size = upright((image.width, image.height), orientation)
    check_size(kind, size, min_side_px, _whole_bytes(image, kind))
    embedded = image.get("icc-profile-data") if _has(image, "icc-profile-data") else None
    profile = colour_profile(kind, head, embedded)
    taken_at = _taken_at(image, is_preview=isinstance(source, bytes))
    if kind == "JPEG":
        shrink = jpeg_shrink(size, wanted(size))
        if shrink > 1:
            image = _load(kind, source, shrink=shrink)
        if image.interpretation == "cmyk" and b"Adobe" not in head:
            image = image.invert()  # libvips does so with Adobe's marker, browsers always
    return Picture(
        image=image,
        original=size,
        full=size,
        orientation=orientation,
        profile=profile if isinstance(profile, bytes) else None,
        hdr=has_gain_map(head) or (kind == "AVIF" and _is_hdr_avif(head)),
        taken_at=taken_at,
    )


def _load(kind: str, source: Path | bytes, **options: int) -> pyvips.Image:
    named = {"fail_on": _FAIL_ON.get(kind, _FAIL_ON_OTHERS), **_SEQUENTIAL, **options}
    if isinstance(source, bytes):
        return pyvips.Image.jpegload_buffer(source, **named)
    if kind == "AVIF":
        named["autorotate"] = True
    return getattr(pyvips.Image, _LOADERS[kind])(str(source), **named)


def _orientation(image: pyvips.Image, kind: str) -> int:
    """Return the orientation that is still to be applied; libheif has applied an AVIF's."""
    if kind == "AVIF":
        return 1
    if not _has(image, "orientation"):
        # Pillow writes WebP's block with a prefix, which libvips does not expect.
        return exif_orientation(image.get("exif-data")) if _has(image, "exif-data") else 1
    value = image.get("orientation")
    return int(value) if value in range(1, 9) else 1


def _whole_bytes(image: pyvips.Image, kind: str) -> int:
    """Return how many bytes a decoder keeps at once if it has to decode the whole image."""
    pixels = int(image.width * image.height)
    if kind == "JPEG":
        is_progressive = _has(image, "jpeg-multiscan") or _has(image, "interlaced")
        is_halved = _has(image, "jpeg-chroma-subsample") and "4:2:0" in image.get(
            "jpeg-chroma-subsample"
        )
        samples = 1.5 if is_halved else image.bands
        return int(pixels * samples * _COEFFICIENT_BYTES) if is_progressive else 0
    if kind == "PNG" and _has(image, "interlaced"):
        return int(pixels * image.bands * (2 if image.format == "ushort" else 1))
    return pixels * 4 if kind in {"WEBP", "GIF", "AVIF"} else 0


def _taken_at(image: pyvips.Image, *, is_preview: bool) -> str | None:
    """Return EXIF's DateTimeOriginal, or DateTimeDigitized, in the form of ISO 8601.

    DateTime is when a file was changed, but LibRaw writes a RAW file's time there.
    """
    fields = ("exif-ifd2-DateTimeOriginal", "exif-ifd2-DateTimeDigitized", "exif-ifd0-DateTime")
    for field in fields if is_preview else fields[:2]:
        found = _TAKEN.match(image.get(field)) if _has(image, field) else None
        if found:
            return iso_time(found.group())
    return None


def iso_time(exif: str) -> str | None:
    """Return a time of EXIF, ``YYYY:MM:DD HH:MM:SS``, in the form of ISO 8601; None if broken."""
    found = _TAKEN.fullmatch(exif)
    if found is None or found[1] == "0000":
        return None
    year, month, day, hour, minute, second = found.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}"


def _is_hdr_avif(head: bytes) -> bool:
    at = head.find(b"colrnclx")
    return at >= 0 and int.from_bytes(head[at + 10 : at + 12], "big") in _HDR_TRANSFERS


def _has(image: pyvips.Image, field: str) -> bool:
    return bool(image.get_typeof(field))
