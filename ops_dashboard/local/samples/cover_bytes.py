"""The sample covers as files: each format that real covers have, and broken ones. Edge (files).

The only files that it reads are the photographs of `cover_art`, once.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageDraw

from ops_dashboard.local.samples.cover_art import draw_cover, draw_second_frame
from ops_dashboard.local.samples.cover_model import Behaviour
from ops_dashboard.local.samples.cover_swatch import centre_square

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops_dashboard.local.samples.cover_model import Cover

_QUALITY = 85
_ORIENTATION = 0x0112  # EXIF tag
_TURNED_LEFT = 6  # the image must be rotated 90 degrees clockwise
_CORNER = 0.12  # of the square's side
_WEB_PAGE = b"<!doctype html><title>Sorry</title><p>This video is currently unavailable.</p>"


class Body(NamedTuple):
    """The body of a response and its content type."""

    content_type: str
    data: bytes


@lru_cache(maxsize=256)
def cover_body(cover: Cover) -> Body:
    """Return the file of a cover; always the same bytes."""
    return _MAKERS.get(cover.behaviour, _jpeg)(cover)


def _draw(cover: Cover, scale: int = 1) -> Image.Image:
    return draw_cover(cover.creator_index, cover.caption, cover.number, scale=scale)


def _jpeg(cover: Cover) -> Body:
    return Body("image/jpeg", _saved(_draw(cover), "JPEG", quality=_QUALITY))


def _large_jpeg(cover: Cover) -> Body:
    return Body("image/jpeg", _saved(_draw(cover, scale=2), "JPEG", quality=_QUALITY))


def _cmyk_jpeg(cover: Cover) -> Body:
    return Body("image/jpeg", _saved(_draw(cover).convert("CMYK"), "JPEG", quality=_QUALITY))


def _rotated_jpeg(cover: Cover) -> Body:
    exif = Image.Exif()
    exif[_ORIENTATION] = _TURNED_LEFT
    stored = _draw(cover).transpose(Image.Transpose.ROTATE_90)
    return Body("image/jpeg", _saved(stored, "JPEG", quality=_QUALITY, exif=exif))


def _truncated(cover: Cover) -> Body:
    whole = _jpeg(cover).data
    return Body("image/jpeg", whole[: len(whole) // 2])


def _webp(cover: Cover) -> Body:
    return Body("image/webp", _saved(_draw(cover), "WEBP", quality=_QUALITY, method=0))


def _animated_webp(cover: Cover) -> Body:
    second = draw_second_frame(cover.creator_index, cover.number)
    options = {"save_all": True, "append_images": [second], "duration": 200, "method": 0}
    return Body("image/webp", _saved(_draw(cover), "WEBP", quality=_QUALITY, **options))


def _png_alpha(cover: Cover) -> Body:
    """Make the square's upper corners transparent, and magenta for decoders that ignore alpha."""
    picture = _draw(cover).convert("RGBA")
    left, top, side = centre_square(*picture.size)
    corner = round(side * _CORNER)
    draw = ImageDraw.Draw(picture)
    for x in (left, left + side - corner):
        draw.rectangle((x, top, x + corner, top + corner), fill=(255, 0, 255, 0))
    return Body("image/png", _saved(picture, "PNG", compress_level=1))


def _html(_: Cover) -> Body:
    return Body("text/html", _WEB_PAGE)


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


_MAKERS: dict[Behaviour, Callable[[Cover], Body]] = {
    Behaviour.LARGE_JPEG: _large_jpeg,
    Behaviour.WEBP: _webp,
    Behaviour.ANIMATED_WEBP: _animated_webp,
    Behaviour.PNG_ALPHA: _png_alpha,
    Behaviour.CMYK_JPEG: _cmyk_jpeg,
    Behaviour.ROTATED_JPEG: _rotated_jpeg,
    Behaviour.TRUNCATED: _truncated,
    Behaviour.HTML: _html,
}
