"""Sample photos as cameras, phones and programs store them, and what each must become. Edge.

(disk: the photographs of `cover_art`)

Each has a picture in sRGB, from which it was made, so what its outputs must show is known without
decoding anything. All that can have metadata has a place, a time, names and a text (`metadata`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from ops_dashboard.local.samples.photos import colours
from ops_dashboard.local.samples.photos.dng import dng
from ops_dashboard.local.samples.photos.encoders import STORED, heic, jpeg, saved
from ops_dashboard.local.samples.photos.metadata import EXIF_HEADER, TAKEN_AT, XMP, exif_block
from ops_dashboard.local.samples.photos.pictures import draw_picture
from ops_dashboard.local.samples.photos.sample import AUGMENTED, GALLERY, SamplePhoto

_FAST = {"preset": "ultrafast"}
"""A setting of x265, which otherwise takes six times as long."""
_CMYK_DIFFERENCE, _SENSOR_DIFFERENCE = 4.0, 6.0


def sample_photos() -> list[SamplePhoto]:
    """Return a gallery of twelve photos and a text, and five images to augment."""
    return [make() for make in (*_GALLERY, *_AUGMENTED)]


def _p3() -> SamplePhoto:
    picture = draw_picture(1, (3000, 2000))
    wide = Image.fromarray(colours.in_primaries(np.asarray(picture), colours.P3))
    return SamplePhoto(
        key=f"{GALLERY}/IMG_0001.jpg",
        about="JPEG in Display P3, turned by EXIF, with a place and a thumbnail",
        data=jpeg(wide, 6, icc_profile=colours.p3_profile()),
        stems=("IMG_0001",),
        upright=picture,
    )


def _large() -> SamplePhoto:
    picture = draw_picture(0, (4800, 3200))
    return SamplePhoto(
        key=f"{GALLERY}/Zoë & Max (1) +%41.jpg",
        about="JPEG of 15 megapixels, with signs in its name",
        data=jpeg(picture),
        stems=("Zoë & Max (1) +%41",),
        upright=picture,
    )


def _heic() -> SamplePhoto:
    picture = draw_picture(2, (1600, 1200))
    return SamplePhoto(
        key=f"{GALLERY}/IMG_0002.HEIC",
        about="HEIC of a phone, in tiles",
        data=heic(
            picture.transpose(STORED[8]), exif_block(8), xmp=XMP, tile_size=512, enc_params=_FAST
        ),
        stems=("IMG_0002",),
        upright=picture,
    )


def _raw_of_pair() -> SamplePhoto:
    picture = draw_picture(3, (2400, 1600))
    stored = picture.transpose(STORED[8])
    preview = jpeg(stored, exif=b"")
    sensor = np.asarray(stored.resize((800, 1200)))
    return SamplePhoto(
        key=f"{GALLERY}/DSC_0003.DNG",
        about="RAW with a preview, beside its JPEG",
        data=dng(
            sensor,
            preview=preview,
            preview_size=stored.size,
            orientation=8,
            taken_at=TAKEN_AT,
        ),
        stems=("DSC_0003", "DSC_0003-dng"),
        upright=picture,
    )


def _jpeg_of_pair() -> SamplePhoto:
    picture = draw_picture(4, (1500, 1000))
    return SamplePhoto(
        key=f"{GALLERY}/DSC_0003.JPG",
        about="JPEG beside its RAW",
        data=jpeg(picture, 3),
        stems=("DSC_0003", "DSC_0003-jpg"),
        upright=picture,
    )


def _sensor() -> SamplePhoto:
    picture = draw_picture(5, (1200, 800))
    return SamplePhoto(
        key=f"{GALLERY}/sensor.dng",
        about="RAW without a preview",
        data=dng(np.asarray(picture.transpose(STORED[6])), orientation=6, taken_at=TAKEN_AT),
        stems=("sensor",),
        upright=picture,
        max_difference=_SENSOR_DIFFERENCE,
    )


def _avif() -> SamplePhoto:
    picture = draw_picture(6, (1200, 900))
    options = {"quality": 90, "speed": 10, "exif": exif_block(), "xmp": XMP, "subsampling": "4:4:4"}
    return SamplePhoto(
        key=f"{GALLERY}/web.avif",
        about="AVIF",
        data=saved(picture, "AVIF", **options),
        stems=("web",),
        upright=picture,
    )


def _cmyk() -> SamplePhoto:
    picture = draw_picture(7, (1200, 900))
    return SamplePhoto(
        key=f"{GALLERY}/print.jpg",
        about="CMYK JPEG of a print shop",
        data=jpeg(picture.convert("CMYK")),
        stems=("print",),
        upright=picture,
        max_difference=_CMYK_DIFFERENCE,
    )


def _adobe_rgb() -> SamplePhoto:
    picture = draw_picture(8, (1200, 1800))
    wide = colours.in_primaries(np.asarray(picture), colours.ADOBE, colours.ADOBE_GAMMA)
    profile = colours.adobe_rgb_profile()
    exif = exif_block().removeprefix(EXIF_HEADER)
    return SamplePhoto(
        key=f"{GALLERY}/album/portrait.tif",
        about="TIFF in Adobe RGB, in a folder of the gallery",
        data=saved(Image.fromarray(wide), "TIFF", icc_profile=profile, exif=exif),
        stems=("portrait",),
        upright=picture,
    )


def _grey() -> SamplePhoto:
    picture = draw_picture(9, (800, 600)).convert("L")
    samples = np.asarray(picture).astype(np.uint16) * 257
    return SamplePhoto(
        key=f"{GALLERY}/scan.png",
        about="PNG of 16-bit greys",
        data=saved(Image.fromarray(samples), "PNG", exif=exif_block()),
        stems=("scan",),
        upright=picture.convert("RGB"),
    )


def _alpha() -> SamplePhoto:
    """Magenta for decoders that ignore alpha."""
    picture = draw_picture(10, (700, 700))
    corner = (0, 0, 150, 150)
    alpha = Image.new("L", picture.size, 255)
    alpha.paste(0, corner)
    shown = picture.copy()
    shown.paste((255, 255, 255), corner)
    picture.paste((255, 0, 255), corner)
    picture.putalpha(alpha)
    return SamplePhoto(
        key=f"{GALLERY}/logo.webp",
        about="WebP with transparency",
        data=saved(picture, "WEBP", lossless=True, exact=True, exif=exif_block(), method=0),
        stems=("logo",),
        upright=shown,
    )


def _broken() -> SamplePhoto:
    data = jpeg(draw_picture(11, (1200, 800)))
    return SamplePhoto(
        key=f"{GALLERY}/broken.jpg",
        about="JPEG of which the second half is missing",
        data=data[: len(data) // 2],
        reason="truncated",
    )


def _text() -> SamplePhoto:
    return SamplePhoto(key=f"{GALLERY}/notes.txt", about="text", data=b"not a photo\n")


def _cat() -> SamplePhoto:
    picture = draw_picture(2, (1600, 1200))
    return SamplePhoto(
        key=f"{AUGMENTED}/cat.jpg",
        about="JPEG that is turned by EXIF",
        data=jpeg(picture, 8),
        stems=("cat",),
        upright=picture,
    )


def _tall() -> SamplePhoto:
    picture = draw_picture(0, (600, 900))
    return SamplePhoto(
        key=f"{AUGMENTED}/tall one.png",
        about="PNG that is higher than wide",
        data=saved(picture, "PNG", compress_level=1, exif=exif_block()),
        stems=("tall one",),
        upright=picture,
    )


def _root() -> SamplePhoto:
    picture = draw_picture(1, (900, 900))
    return SamplePhoto(
        key="cup.webp",
        about="WebP in the bucket's root",
        data=saved(picture, "WEBP", lossless=True, method=0, exif=exif_block()),
        stems=("cup",),
        upright=picture,
    )


def _tiny() -> SamplePhoto:
    picture = draw_picture(3, (160, 120))
    return SamplePhoto(
        key=f"{AUGMENTED}/tiny.jpg",
        about="JPEG that is enlarged",
        data=jpeg(picture),
        stems=("tiny",),
        upright=picture,
    )


def _too_large() -> SamplePhoto:
    size = (2000, 1800)
    picture = Image.new("RGB", size, "navy")
    ImageDraw.Draw(picture).line((0, 0, *size), fill="white", width=9)
    return SamplePhoto(
        key=f"{AUGMENTED}/scan.bmp",
        about="BMP of more than 10 MB",
        data=saved(picture, "BMP"),
        reason="too_large",
    )


_GALLERY: tuple[Callable[[], SamplePhoto], ...] = (
    *(_p3, _large, _heic, _raw_of_pair, _jpeg_of_pair, _sensor, _avif),
    *(_cmyk, _adobe_rgb, _grey, _alpha, _broken, _text),
)
_AUGMENTED: tuple[Callable[[], SamplePhoto], ...] = (_cat, _tall, _root, _tiny, _too_large)
