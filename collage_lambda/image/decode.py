"""Decode the bytes of one image into one square RGB cell. Pure (Pillow).

`decode_cell` does not raise, whatever the bytes are: it returns a cell or a failure. Size and
memory are checked from the header, before any pixel is decoded. Parts of a JPEG that the cell does
not show are not decoded (`jpeg`).

The cell is cut from the centre and scaled first; alpha, colour and orientation are applied to the
few pixels that are left. A centred square stays centred in every orientation.
"""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import AbstractContextManager, nullcontext
from functools import cache

import msgspec
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from collage_lambda.image import jpeg
from collage_lambda.image.colour import Rgb, clear_outside, scalable, to_rgb, white_level
from collage_lambda.image.footprint import decoding_bytes
from collage_lambda.image.partial import FORMATS, load_partial
from collage_lambda.image.scaling import scale
from collage_lambda.image.sniff import sniff
from collage_lambda.reasons import Failure, FailureReason
from imaging import png
from imaging.coded_colours import colour_profile
from imaging.heif_parts import coded_parts
from imaging.orientation import exif_orientation

PLUGINS = (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
"""Pillow's decoders of `sniff.FORMATS` except HEIF; importing them registers only these."""

MIN_SIDE_PX = 50
MAX_PIXELS = 50_000_000
MAX_DECODING_BYTES = 208 * 1024 * 1024
"""Maximum memory to decode one image: a little more than a 50-megapixel RGB PNG needs. Formats that
need more per pixel may have fewer: WebP 10 megapixels, AVIF 13, PNG with alpha 27."""
HEAVY_BYTES = 32 * 1024 * 1024
"""Decodings that need more than this run one at a time."""
DRAFT_MARGIN = 1.34
"""A JPEG is decoded at no less than this many times the cell's pixels a side, so covers 540 px wide
are decoded at half their size for cells of 200. Against a full decode with LANCZOS, over a collage
of 540, 576, 720 and 1,080 px photographs: 48.7 dB and SSIM 0.997 in 110 ms; with 1.8 55 dB in 180,
with 1.05 less than 47 dB and no faster. Cheaper filters than LANCZOS: BICUBIC 43.6 dB, HAMMING 40,
Magic Kernel Sharp 2013 44.7."""
REDUCING_GAP = 1.34
"""Larger images are box-reduced to no less than this many times the cell before LANCZOS."""

_FAX = frozenset({"group3", "group4", "tiff_ccitt"})
"""Codings for which libtiff writes a line to stderr per broken row. No photograph uses them."""
_ORIENTATION_TAG = 0x0112
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition that undoes each EXIF orientation except 1, which is upright."""
_HOSTILE = (
    OSError,  # most decoders; also UnidentifiedImageError
    SyntaxError,  # "not a … file": a header that contradicts its first bytes
    ValueError,  # impossible sizes, modes and chunks; also UnicodeDecodeError
    LookupError,  # a tag or table that is named but missing
    TypeError,  # TIFF tags of a wrong type
    AttributeError,  # state that a decoder did not set
    AssertionError,  # Pillow's own invariants
    ArithmeticError,  # division by a zero in a header; also OverflowError
    EOFError,
    RuntimeError,  # AVIF; also NotImplementedError and RecursionError
    struct.error,
    zlib.error,
    Warning,  # if warnings are errors
)
"""Everything that Pillow is known to raise for bytes that are not a valid image."""


class CellSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Size and background of a collage's cells, and the least side of an image in one.

    Without `simd` they are scaled by Pillow alone.
    """

    cell_px: int
    background: Rgb
    min_side_px: int = MIN_SIDE_PX
    simd: bool = True


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One decoded image: `image` is RGB and `cell_px` square; width and height are the file's."""

    image: Image.Image
    format: str
    width: int
    height: int


def decode_cell(
    data: bytes, spec: CellSpec, heavy: AbstractContextManager[object] | None = None
) -> Cell | Failure:
    """Return the cell of an image, or a failure; raises nothing for any bytes.

    Enters `heavy` while it decodes an image that takes more than `HEAVY_BYTES` of memory.
    """
    kind = sniff(data)
    if isinstance(kind, Failure):
        return kind
    if kind == "HEIF":
        if not all(part.is_whole for part in coded_parts(data)):
            return Failure(
                reason=FailureReason.TRUNCATED, detail="parts of the picture are missing"
            )
        register_heif()
    if kind == "PNG":
        data = png.picture_chunks(data)
    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as image:
            width, height = image.size
            refusal = _refusal(image, kind, spec)
            if refusal is not None:
                return refusal
            is_heavy = decoding_bytes(image, kind, _scale(image.size, kind, spec)) > HEAVY_BYTES
            with (heavy or nullcontext()) if is_heavy else nullcontext():
                cell = _render(image, data, spec)
            return Cell(image=cell, format=kind, width=width, height=height)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        return Failure(reason=FailureReason.TOO_MANY_PIXELS, detail=_describe(error))
    except _HOSTILE as error:
        is_cut = "truncated" in str(error) or isinstance(error, EOFError)
        reason = FailureReason.TRUNCATED if is_cut else FailureReason.CORRUPT
        return Failure(reason=reason, detail=_describe(error))


@cache
def register_heif() -> None:
    """Let Pillow open HEIC and HEIF by libheif, which turns them upright.

    The library is imported for the first such image. Their headers are checked as all others; if
    there are more pixels than the header says, libheif refuses the file.
    """
    # 4 MB of libraries that most windows do not need.
    import pi_heif  # type: ignore[import-untyped]  # noqa: PLC0415

    pi_heif.register_heif_opener(
        thumbnails=False, depth_images=False, aux_images=False, decode_threads=1
    )


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:120]


def _refusal(image: ImageFile.ImageFile, kind: str, spec: CellSpec) -> Failure | None:
    """Return why an image is refused by its header, or None."""
    width, height = image.size
    if image.info.get("compression") in _FAX:
        return Failure(reason=FailureReason.UNSUPPORTED_FORMAT, detail="TIFF with a fax coding")
    if min(width, height) < spec.min_side_px:
        return Failure(reason=FailureReason.TOO_SMALL, detail=f"{width}x{height}")
    needed = decoding_bytes(image, kind, _scale(image.size, kind, spec))
    if width * height > MAX_PIXELS or needed > MAX_DECODING_BYTES:
        detail = f"{width}x{height}, {needed >> 20} MB to decode"
        return Failure(reason=FailureReason.TOO_MANY_PIXELS, detail=detail)
    return None


def _scale(size: tuple[int, int], kind: str, spec: CellSpec) -> int:
    """Return the divisor at which a JPEG may be decoded: 1, 2, 4 or 8."""
    if kind != "JPEG":
        return 1
    min_side = spec.cell_px * DRAFT_MARGIN
    return next((scale for scale in (8, 4, 2) if min(size) >= scale * min_side), 1)


def _render(image: ImageFile.ImageFile, data: bytes, spec: CellSpec) -> Image.Image:
    image.info.pop("xmp", None)  # Pillow would turn a TIFF by it
    try:
        is_png = isinstance(image, PngImagePlugin.PngImageFile)
        if is_png and png.has_hidden_picture(data):
            image.seek(1)  # browsers show the first frame, not the picture for older programs
        shown = image.tile[0].extents if image.format == "GIF" and image.tile else None
        if isinstance(image, JpegImagePlugin.JpegImageFile):
            size = jpeg.load(image, data, _scale(image.size, "JPEG", spec), spec.cell_px)
        else:
            image.load()
            size = image.size  # loading may have turned a TIFF upright
    except OSError as error:
        partial = _render_partial(image, data, spec) if "truncated" in str(error) else None
        if partial is None:
            raise
        return partial
    if shown is not None and shown != (0, 0, *image.size):
        clear_outside(image, shown)
    return _cut(image, data, size, spec)


def _render_partial(image: ImageFile.ImageFile, data: bytes, spec: CellSpec) -> Image.Image | None:
    """Return the cell of a file that ends too early, if nearly all of its picture is there."""
    kind = str(image.format)
    if kind not in FORMATS:
        return None
    with Image.open(io.BytesIO(data), formats=(kind,)) as whole:
        divisor = _scale(whole.size, kind, spec)
    loaded = load_partial(
        data, kind, lambda each: jpeg.draft(each, divisor) if kind == "JPEG" else None
    )
    return None if loaded is None else _cut(loaded, data, loaded.size, spec)


def _cut(
    image: ImageFile.ImageFile, data: bytes, size: tuple[float, float], spec: CellSpec
) -> Image.Image:
    """Return the cell of a loaded image; `size` is that of the whole picture in its pixels."""
    width, height = size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    cell = scale(
        scalable(image),
        (spec.cell_px, spec.cell_px),
        (left, top, left + side, top + side),
        # Pillow's box reduction does not support 16-bit samples; LANCZOS does.
        None if image.mode.startswith("I;16") else REDUCING_GAP,
        simd=spec.simd,
    )
    upright = _TRANSPOSE.get(_orientation(image))
    profile = colour_profile(str(image.format), data, image.info.get("icc_profile"))
    rgb = to_rgb(cell, white_level(image), profile, spec.background)
    return rgb if upright is None else rgb.transpose(upright)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; 1 if the EXIF block is unreadable, and for WebP.

    Browsers ignore an orientation in XMP, which Pillow's `getexif` does not, and any of a WebP:
    programs that convert a photograph to WebP turn the pixels and often copy the EXIF block.
    """
    if image.format == "WEBP":
        return 1
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        block = image.info.get("exif", b"")
        return exif_orientation(block) if isinstance(block, bytes) else 1
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)  # its XMP is gone
    except _HOSTILE:
        return 1
    return value if isinstance(value, int) else 1
