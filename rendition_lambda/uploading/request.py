"""What a client asks to upload, and what the server makes of it. Pure.

The server makes the key; a client names a gallery and a file. So no request leaves its gallery, and
what the recipe would refuse is refused before a byte is sent.
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

from rendition_lambda.names import AUGMENTATION_GALLERY, MAX_GALLERY_BYTES
from rendition_lambda.recipe import AUGMENTATION_PREFIX, MEGABYTE, recipe_of
from stream_ingest.contracts.errors import UserError

MAX_KEY_BYTES = 900
"""Longest key in UTF-8 bytes: below the 1,024 of S3 by what the keys of outputs add."""
BINARY = "application/octet-stream"
_IMAGE_TYPE = re.compile(r"image/[a-z0-9][a-z0-9.+-]{0,80}")
_SCRIPTED = "image/svg+xml"
"""The only type of images that a browser would run scripts of."""
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that have a name read backwards."""
_SHOWN = 80


class UploadRefusedError(UserError):
    """The upload is not allowed; the message says why, in one line for the person who uploads."""

    status: int = 400
    """Of a server's answer that refuses it so; the page tells refusals apart by it."""


class UploadRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One file that a client is about to upload."""

    gallery: str | None
    """Folder of the photos; None for an image to augment."""
    name: str
    """File name; it may have folders (``day one/IMG_1.CR2``)."""
    bytes: int
    content_type: str = ""
    """As the browser says; empty if it does not know, as for RAW files."""
    replace: bool = False
    """Whether a file that is at the key already may be replaced."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file that may be uploaded, and where."""

    key: str
    bytes: int
    content_type: str
    """What the object gets: an image's type, or `BINARY`."""
    replace: bool


def accept(request: UploadRequest) -> Upload:
    """Return the upload that a request becomes; raises `UploadRefusedError`."""
    key = upload_key(request.gallery, request.name)
    shown = request.name[:_SHOWN]
    recipe = recipe_of(key)
    if recipe is None:
        msg = f"{shown} is not a photo by its name"
        raise UploadRefusedError(msg)
    if request.bytes <= 0:
        msg = f"{shown} is empty"
        raise UploadRefusedError(msg)
    if request.bytes > recipe.max_bytes:
        limit = recipe.max_bytes // MEGABYTE
        msg = f"{shown} is larger than the {limit} MB that the recipe {recipe.name} accepts"
        raise UploadRefusedError(msg)
    return Upload(
        key=key,
        bytes=request.bytes,
        content_type=stored_type(request.content_type),
        replace=request.replace,
    )


def upload_key(gallery: str | None, name: str) -> str:
    """Return the object key of a file; raises `UploadRefusedError` if its name cannot be one.

    Names are composed (NFC): ``ü`` is the same photo, whether macOS or Windows sends it.
    """
    folder = AUGMENTATION_GALLERY if gallery is None else checked_gallery(gallery)
    parts = unicodedata.normalize("NFC", name).split("/")
    for part in parts:
        _check_part(part, f"the name {name[:_SHOWN]!r}")
    key = "/".join((folder, *parts))
    if len(key.encode()) > MAX_KEY_BYTES:
        msg = f"the name {name[:_SHOWN]!r}… is too long: with its folders at most {MAX_KEY_BYTES}"
        msg += " bytes"
        raise UploadRefusedError(msg)
    return key


def checked_gallery(gallery: str) -> str:
    """Return a gallery's folder, composed and without blanks at its ends.

    Raises `UploadRefusedError` if it is no single folder, or that of images to augment.
    """
    folder = unicodedata.normalize("NFC", gallery).strip()
    if "/" in folder:
        msg = f"the gallery {gallery[:_SHOWN]!r} has a slash; a gallery is one folder"
        raise UploadRefusedError(msg)
    if f"{folder}/" == AUGMENTATION_PREFIX:
        msg = f"{folder} is the folder of images to augment, not a gallery"
        raise UploadRefusedError(msg)
    _check_part(folder, f"the gallery {gallery[:_SHOWN]!r}")
    if len(folder.encode()) > MAX_GALLERY_BYTES:
        msg = f"the gallery {gallery[:_SHOWN]!r}… is too long: at most {MAX_GALLERY_BYTES} bytes"
        raise UploadRefusedError(msg)
    return folder


def stored_type(content_type: str) -> str:
    """Return the content type of an upload, given what a client says: an image's, or `BINARY`.

    Anything else could be shown as a page by a browser that opens the original.
    """
    named = content_type.partition(";")[0].strip().lower()
    return named if _IMAGE_TYPE.fullmatch(named) and named != _SCRIPTED else BINARY


def _check_part(part: str, where: str) -> None:
    """Raise `UploadRefusedError` if a part of a key is none that every program keeps as it is."""
    if not part.strip():
        msg = f"{where} is empty or has an empty folder"
        raise UploadRefusedError(msg)
    if part in {".", ".."}:
        msg = f"{where} has the part {part!r}, which is not a name"
        raise UploadRefusedError(msg)
    for character in part:
        refused = unicodedata.category(character) in _REFUSED_CATEGORIES
        if refused or character in _REORDERING:
            msg = f"{where} has the control character U+{ord(character):04X}"
            raise UploadRefusedError(msg)
