"""What a person asks of a new upload link, and the terms that it becomes. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rendition_lambda.links.terms import Terms
from rendition_lambda.recipe import AUGMENTATION, MEGABYTE, RECIPES, RENDITIONS
from rendition_lambda.uploading.request import checked_gallery
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import parse_duration

MAX_LIFE_S = 90 * 86_400
MAX_FILES = 100_000
_UNITS = {"MB": MEGABYTE, "GB": MEGABYTE << 10, "TB": MEGABYTE << 20}
"""As the limits of recipes, and as the page of links shows sizes."""
_SIZE = re.compile(r"(?P<count>[1-9][0-9]{0,5})\s?(?P<unit>MB|GB|TB)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """The options of ``photos link``, as they were written."""

    gallery: str | None
    recipe: str
    expires: str
    files: int
    size: str


def terms_of(request: LinkRequest, id_: str, now_s: float) -> Terms:
    """Return the terms of a new link; raises `UserError` that names the option."""
    if request.recipe not in RECIPES:
        msg = f"--recipe {request.recipe!r} is none of {', '.join(RECIPES)}"
        raise UserError(msg)
    if request.recipe == AUGMENTATION.name and request.gallery is not None:
        msg = f"images of the recipe {AUGMENTATION.name} have no gallery: leave --gallery out"
        raise UserError(msg)
    if request.recipe == RENDITIONS.name and request.gallery is None:
        msg = "give --gallery NAME, or --recipe augmentation for images without a gallery"
        raise UserError(msg)
    life_s = parse_duration(request.expires)
    if life_s > MAX_LIFE_S:
        msg = f"--expires {request.expires}: at most {MAX_LIFE_S // 86_400}d"
        raise UserError(msg)
    return Terms(
        id=id_,
        gallery=None if request.gallery is None else checked_gallery(request.gallery),
        expires_at=int(now_s) + life_s,
        max_files=request.files,
        max_bytes=parse_size(request.size),
    )


def parse_size(text: str) -> int:
    """Return the bytes of ``500MB``, ``5GB`` or ``1TB``; raises `UserError`."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        msg = f"size {text!r}: expected a number and a unit, such as 500MB, 5GB or 1TB"
        raise UserError(msg)
    return int(match["count"]) * _UNITS[match["unit"].upper()]
