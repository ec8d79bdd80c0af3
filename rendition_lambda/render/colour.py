"""Colours of any image as 8-bit sRGB. Pure (libvips)."""

from __future__ import annotations

import pyvips

from imaging.coded_colours import RgbProfile
from rendition_lambda.reasons import PhotoError, PhotoFailure

_GREY = frozenset({"b-w", "grey16"})
_RGB = frozenset({"srgb", "rgb", "rgb16"})
_SAMPLES = frozenset({"uchar", "ushort"})
_PROFILE = "icc-profile-data"
_INTENT = "relative"
"""With black point compensation, as Photoshop converts by default."""


def named(image: pyvips.Image) -> pyvips.Image:
    """Return an image with an interpretation by its samples and bands, if it has none.

    Raises `PhotoError` for pixels that are not colours.
    """
    kind = image.interpretation
    if kind in _GREY | _RGB | {"cmyk"}:
        if image.format not in _SAMPLES:
            raise PhotoError(PhotoFailure.UNSUPPORTED_FORMAT, f"{image.format} samples")
        is_wide = image.format == "ushort"
        if kind in _GREY:
            return image.copy(interpretation="grey16" if is_wide else "b-w")
        return image if kind == "cmyk" else image.copy(interpretation=_rgb(is_wide=is_wide))
    if kind in {"multiband", "matrix", "histogram", "fourier"}:
        if image.format not in _SAMPLES:
            raise PhotoError(PhotoFailure.UNSUPPORTED_FORMAT, f"{image.format} samples")
        is_wide = image.format == "ushort"
        grey = "grey16" if is_wide else "b-w"
        return image.copy(interpretation=grey if image.bands < 3 else _rgb(is_wide=is_wide))  # noqa: PLR2004 - bands
    return image


def opaque(image: pyvips.Image) -> pyvips.Image:
    """Return an image on white, without alpha and other extra bands."""
    colours = 1 if image.interpretation in _GREY else 4 if image.interpretation == "cmyk" else 3
    if image.bands <= colours:
        return image
    if image.interpretation == "cmyk":
        return image[:colours]
    if image.bands > colours + 1:
        image = image[: colours + 1]
    if image.interpretation in _GREY | _RGB:
        return image.flatten(background=65_535 if image.format == "ushort" else 255)
    return image.colourspace("srgb").flatten(background=255)


def srgb(image: pyvips.Image, profile: bytes | None) -> pyvips.Image:
    """Return an opaque image as three bands of 8 bits in sRGB.

    Without a profile RGB and grey are sRGB's, and CMYK is mixed as browsers mix it. A profile that
    is broken or of another kind of colours is none.
    """
    if isinstance(profile, RgbProfile) and image.interpretation in _GREY:
        image = image.bandjoin([image, image]).copy(
            interpretation=_rgb(is_wide=image.format == "ushort")
        )
    if image.interpretation == "cmyk":
        return _by_profile(image, profile) or _mixed(image)
    if profile is not None and image.interpretation in _GREY | _RGB:
        converted = _by_profile(image, profile)
        if converted is not None:
            return converted
    return image.colourspace("srgb").cast("uchar")


def _mixed(image: pyvips.Image) -> pyvips.Image:
    """Return CMYK as RGB: each ink lets through what it does not absorb."""
    full = 65_535 if image.format == "ushort" else 255
    light = full - image
    rgb = light[:3] * light[3] / (full * full / 255)
    return rgb.rint().cast("uchar").copy(interpretation="srgb")


def _by_profile(image: pyvips.Image, profile: bytes | None) -> pyvips.Image | None:
    if profile is None:
        return None
    image = image.copy()
    image.set_type(pyvips.GValue.blob_type, _PROFILE, bytes(profile))
    try:
        return image.icc_transform(
            "srgb", embedded=True, intent=_INTENT, black_point_compensation=True, depth=8
        )
    except pyvips.Error:
        return None


def _rgb(*, is_wide: bool) -> str:
    return "rgb16" if is_wide else "srgb"
