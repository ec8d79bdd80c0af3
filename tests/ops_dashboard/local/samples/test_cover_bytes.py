"""Each kind of file must have the format that it claims, or the pipeline is not tested with it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageOps, UnidentifiedImageError

from ops_dashboard.local.samples.cover_bytes import cover_body
from ops_dashboard.local.samples.cover_model import Behaviour, Cover
from ops_dashboard.local.samples.cover_swatch import read_swatch

COVER = Cover(object_id="ab" * 16, creator_index=5, caption="a.creator", number=41)


def opened(behaviour: Behaviour) -> Image.Image:
    return Image.open(io.BytesIO(cover_body(replace(COVER, behaviour=behaviour)).data))


@pytest.mark.parametrize("behaviour", [kind for kind in Behaviour if not kind.fails])
def test_each_image_decodes_to_its_cover(behaviour: Behaviour) -> None:
    picture = ImageOps.exif_transpose(opened(behaviour)).convert("RGB")
    assert read_swatch(picture) == (5, 41)


@pytest.mark.parametrize(
    ("behaviour", "kind", "mode", "size"),
    [
        (Behaviour.JPEG, "JPEG", "RGB", (540, 720)),
        (Behaviour.LARGE_JPEG, "JPEG", "RGB", (1080, 1440)),
        (Behaviour.CMYK_JPEG, "JPEG", "CMYK", (540, 720)),
        (Behaviour.ROTATED_JPEG, "JPEG", "RGB", (720, 540)),
        (Behaviour.WEBP, "WEBP", "RGB", (540, 720)),
        (Behaviour.ANIMATED_WEBP, "WEBP", "RGB", (540, 720)),
        (Behaviour.PNG_ALPHA, "PNG", "RGBA", (540, 720)),
    ],
)
def test_each_file_has_its_format(
    behaviour: Behaviour, kind: str, mode: str, size: tuple[int, int]
) -> None:
    picture = opened(behaviour)
    assert (picture.format, picture.mode, picture.size) == (kind, mode, size)


def test_a_rotated_cover_is_unreadable_without_its_orientation() -> None:
    picture = opened(Behaviour.ROTATED_JPEG)
    assert picture.getexif()[0x0112] == 6
    assert read_swatch(picture) is None


def test_only_the_first_frame_of_an_animation_is_the_cover() -> None:
    picture = opened(Behaviour.ANIMATED_WEBP)
    assert getattr(picture, "n_frames", 1) == 2
    picture.seek(1)
    assert read_swatch(picture) is None


def test_transparent_corners_are_magenta_if_alpha_is_ignored() -> None:
    picture = opened(Behaviour.PNG_ALPHA)
    corners = [picture.getpixel((x, 100)) for x in (10, 529)]
    assert corners == [(255, 0, 255, 0)] * 2


def test_a_truncated_jpeg_opens_but_does_not_decode() -> None:
    picture = opened(Behaviour.TRUNCATED)
    with pytest.raises(OSError, match="truncated"):
        picture.load()


def test_a_web_page_is_not_an_image() -> None:
    body = cover_body(replace(COVER, behaviour=Behaviour.HTML))
    assert body.content_type == "text/html"
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(body.data))
