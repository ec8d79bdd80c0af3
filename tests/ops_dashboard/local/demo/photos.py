"""Photos of a correct stack, made by Pillow."""

from __future__ import annotations

import io
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from PIL import Image

from ops_dashboard.local.demo.photo_check import (
    CACHE_CONTROL,
    RENDITIONS,
    ROTATIONS,
    SQUARE_PX,
    FoundPhoto,
    Served,
    fitted,
    output_names,
)
from ops_dashboard.local.samples.photos.pictures import draw_picture
from ops_dashboard.local.samples.photos.sample import AUGMENTED, GALLERY, SamplePhoto

PICTURE = draw_picture(1, (900, 600))
Change = Callable[[Image.Image], Image.Image]


def sample(*, is_augmented: bool = False, reason: str = "") -> SamplePhoto:
    return SamplePhoto(
        key=f"{AUGMENTED}/a b.jpg" if is_augmented else f"{GALLERY}/a b.jpg",
        data=b"",
        about="a test's photo",
        stems=("a b",),
        upright=None if reason else PICTURE,
        reason=reason,
    )


def found(photo: SamplePhoto, change: Change = lambda image: image) -> FoundPhoto:
    """Return a photo's item and outputs, whose pictures were changed before they were encoded."""
    outputs = {name: served(name, change(drawn(name))) for name in output_names(photo)}
    item = {"status": photo.status, "reason": photo.reason, "width": 900, "height": 600}
    facts = {name: {"key": key_of(each.address)} for name, each in outputs.items()}
    return FoundPhoto(item={**item, "outputs": facts}, outputs=outputs)


def key_of(address: str) -> str:
    parts = urlsplit(address)
    return unquote(parts.path).removeprefix("/")


def drawn(name: str) -> Image.Image:
    if name in RENDITIONS:
        return PICTURE.resize(
            fitted(PICTURE.size, RENDITIONS[name], most=1), Image.Resampling.LANCZOS
        )
    size = fitted(PICTURE.size, (SQUARE_PX, SQUARE_PX), most=256)
    square = Image.new("RGB", (SQUARE_PX, SQUARE_PX), "white")
    square.paste(PICTURE.resize(size, Image.Resampling.LANCZOS), (0, (SQUARE_PX - size[1]) // 2))
    return square.rotate(-ROTATIONS[name])


def served(name: str, image: Image.Image, **options: object) -> Served:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92, subsampling="4:4:4", **options)
    data = buffer.getvalue()
    path = f"renditions/{GALLERY}/a%20b_{name}.jpg"
    if name == "256x256":
        path = "processed/a%20b_256x256.jpg"
    elif name in ROTATIONS:
        path = f"augmented-images/{name}/a%20b_{ROTATIONS[name]}.jpg"
    address = f"https://cdn.test/{path}?v=0123abcd"
    if name in ROTATIONS:
        address = f"s3://renditions/{path.replace('%20', ' ')}"
    return Served(
        address=address,
        data=data[:2] + data[20:],  # without the segment JFIF
        content_type="image/jpeg",
        cache_control=CACHE_CONTROL,
    )
