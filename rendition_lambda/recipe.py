"""Recipes: which outputs a photo has, as values. Pure.

A recipe's version is the hash of its canonical form, so a changed recipe is another version and its
photos are rendered again. Fields that have their default are not part of the canonical form: a new
field changes no version.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import PurePosixPath
from typing import Literal

import msgspec

MEGABYTE = 1024 * 1024
AUGMENTATION_PREFIX = "original-uploads/"
"""Keys below it, and keys without a folder, are images to augment; all others are photos."""

Fit = Literal["inside", "pad", "cover"]
Flip = Literal["", "horizontal", "vertical"]
Subsampling = Literal["4:2:0", "4:4:4"]
Angle = Literal[0, 90, 180, 270, 360]


class Output(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One output of a recipe: a JPEG."""

    name: str
    key: str
    """Object key with the fields `{gallery}` and `{stem}`."""
    box: tuple[int, int]
    """Width and height in pixels of the upright image before its rotation."""
    fit: Fit = "inside"
    """`inside`: proportions kept, never enlarged; `pad`: exactly the box, enlarged if necessary, on
    white; `cover`: exactly the box, enlarged if necessary, cut at the middle to its proportions."""
    rotate: Angle = 0
    """Degrees clockwise."""
    flip: Flip = ""
    """`horizontal` exchanges left and right, `vertical` top and bottom; before the rotation."""
    crop: tuple[float, float, float, float] | None = None
    """Part of the upright image that is used: left, top, width and height, as fractions of 1. None
    for all of it."""
    quality: int = 85
    subsampling: Subsampling = "4:4:4"
    progressive: bool = False


class Recipe(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All outputs of a photo, and which files it is applied to."""

    name: str
    max_bytes: int
    formats: frozenset[str]
    """Formats that are accepted, of `FORMATS`."""
    outputs: tuple[Output, ...]
    min_side_px: int = 50
    manifest: str = ""
    """Object key of a photo's manifest (`manifest`), with the field `{stem}`; empty for none."""

    @property
    def version(self) -> str:
        """Hexadecimal sha256 of the canonical form."""
        return _version(self)


FORMATS = frozenset({"JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF", "BMP", "HEIF", "RAW"})

RENDITIONS = Recipe(
    name="renditions",
    max_bytes=200 * MEGABYTE,
    formats=FORMATS,
    outputs=(
        Output(
            name="large",
            key="renditions/{gallery}/{stem}_large.jpg",
            box=(4000, 4000),
            quality=82,
            subsampling="4:2:0",
        ),
        Output(
            name="medium",
            key="renditions/{gallery}/{stem}_medium.jpg",
            box=(2000, 2000),
            quality=82,
            subsampling="4:2:0",
        ),
        Output(name="small", key="renditions/{gallery}/{stem}_small.jpg", box=(800, 600)),
        Output(name="thumbnail", key="renditions/{gallery}/{stem}_thumbnail.jpg", box=(400, 400)),
    ),
)
"""Four sizes of a photo, largest first."""

_ANGLES: tuple[Angle, ...] = (90, 180, 270, 360)
AUGMENTATION = Recipe(
    name="augmentation",
    max_bytes=10 * MEGABYTE,
    formats=FORMATS,
    outputs=(
        Output(
            name="256x256",
            key="processed/{stem}_256x256.jpg",
            box=(256, 256),
            fit="pad",
            quality=90,
        ),
        *(
            Output(
                name=f"{angle}-degree",
                key=f"augmented-images/{angle}-degree/{{stem}}_{angle}.jpg",
                box=(256, 256),
                fit="pad",
                rotate=angle,
                quality=90,
            )
            for angle in _ANGLES
        ),
    ),
    manifest="manifests/{stem}.jsonl",
)
"""A square of 256 pixels and its four rotations, each encoded from pixels."""

RECIPES = {recipe.name: recipe for recipe in (RENDITIONS, AUGMENTATION)}

_SKIPPED_SUFFIXES = (
    # Video and sound.
    *("3gp", "avi", "insv", "lrv", "m2ts", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg"),
    *("mts", "wav", "webm", "wmv"),
    # Sidecars of cameras and of programs that develop RAW files.
    *("aae", "cos", "dop", "icc", "icm", "cube", "on1", "pp3", "rmd", "thm", "vrd", "xmp"),
    # Text and documents.
    *("csv", "doc", "docx", "htm", "html", "json", "jsonl", "log", "md", "pdf", "rtf", "srt"),
    *("tsv", "txt", "xls", "xlsx", "xml", "yaml", "yml"),
    # Archives and checksums.
    *("7z", "bz2", "gz", "md5", "rar", "sha1", "sha256", "tar", "zip"),
    # Files of operating systems and unfinished transfers.
    *("bak", "crdownload", "db", "ini", "lnk", "part", "tmp"),
)
_SKIPPED_NAMES = frozenset({".ds_store", "icon\r"})
_APPLE_DOUBLE = "._"


def recipe_of(key: str) -> Recipe | None:
    """Return the recipe of an uploaded object's key; None if the object is no photo by its name."""
    path = PurePosixPath(key)
    if key.endswith("/") or _is_skipped(path):
        return None
    is_augmentation = "/" not in key or key.startswith(AUGMENTATION_PREFIX)
    return AUGMENTATION if is_augmentation else RENDITIONS


def _is_skipped(path: PurePosixPath) -> bool:
    name = path.name.lower()
    return (
        name in _SKIPPED_NAMES
        or name.startswith(_APPLE_DOUBLE)
        or path.suffix.lower().removeprefix(".") in _SKIPPED_SUFFIXES
    )


@cache
def _version(recipe: Recipe) -> str:
    canonical = msgspec.json.encode(recipe, order="deterministic")
    return hashlib.sha256(canonical).hexdigest()
