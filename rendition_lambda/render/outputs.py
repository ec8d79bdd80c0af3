"""Make a picture's outputs: one decode, each size of a larger one. Edge (files).

Pixels are scaled, then turned into sRGB, then turned upright, so that the last two cost what the
largest output has and not what the original has.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyvips

from rendition_lambda.recipe import Output, Recipe
from rendition_lambda.render import colour
from rendition_lambda.render.picture import Picture, upright
from rendition_lambda.render.rendered import RenderedOutput
from rendition_lambda.render.sizes import (
    Size,
    cut_out,
    flipped,
    is_part,
    picture_size,
    placed,
    region,
    source_of,
    turned,
    whole_size,
)

_GAP = 3.0
"""Averages of whole pixels leave so many times the sides to LANCZOS; libvips's 2 costs 2 dB."""
_WHITE = [255, 255, 255]
_TURNS = {90: "d90", 180: "d180", 270: "d270"}
"""libvips turns clockwise."""
_UPRIGHT = {
    2: lambda image: image.fliphor(),
    3: lambda image: image.rot180(),
    4: lambda image: image.flipver(),
    5: lambda image: image.rot90().fliphor(),
    6: lambda image: image.rot90(),
    7: lambda image: image.rot90().flipver(),
    8: lambda image: image.rot270(),
}
"""What undoes each EXIF orientation except 1."""


def largest(original: Size, recipe: Recipe) -> Size:
    """Return the size of the largest picture that a recipe makes of an original."""
    return max(whole_size(original, output) for output in recipe.outputs)


def write_outputs(picture: Picture, recipe: Recipe, folder: Path) -> tuple[RenderedOutput, ...]:
    """Write every output of a recipe into `folder`; raises `pyvips.Error` for broken pixels."""
    sizes = {whole_size(picture.original, output) for output in recipe.outputs}
    pixels: dict[Size, pyvips.Image] = {}
    for size in sorted(sizes, reverse=True):
        if pixels:
            near = source_of(size, list(pixels))
            pixels[size] = _scaled(pixels[near], size).copy_memory()
        else:
            pixels[size] = _first(picture, size)
    return tuple(
        _write(pixels[whole_size(picture.original, output)], picture, output, folder)
        for output in recipe.outputs
    )


def _first(picture: Picture, size: Size) -> pyvips.Image:
    """Decode: the largest picture as upright sRGB."""
    stored = upright(size, picture.orientation)
    image = colour.opaque(colour.named(picture.image))
    image = colour.srgb(_scaled(image, stored), picture.profile).copy_memory()
    turn = _UPRIGHT.get(picture.orientation)
    return image if turn is None else turn(image).copy_memory()


def _scaled(image: pyvips.Image, size: Size) -> pyvips.Image:
    if (image.width, image.height) == size:
        return image
    return image.resize(
        size[0] / image.width, vscale=size[1] / image.height, kernel="lanczos3", gap=_GAP
    )


def _write(whole: pyvips.Image, picture: Picture, output: Output, folder: Path) -> RenderedOutput:
    pixels, shown = _picture(whole, picture, output), region(picture.full, output)
    box = placed((pixels.width, pixels.height), output)
    outer = output.box if output.fit == "pad" else (pixels.width, pixels.height)
    scale = max(box.width, box.height) / max(shown.width, shown.height)
    if output.fit == "pad":
        pixels = pixels.embed(box.left, box.top, *outer, extend="background", background=_WHITE)
    if output.flip:
        pixels = pixels.flip(output.flip)
    if output.rotate in _TURNS:
        pixels = pixels.rot(_TURNS[output.rotate])
    path = folder / f"{output.name}.jpg"
    pixels.jpegsave(
        str(path),
        Q=output.quality,
        interlace=output.progressive,
        subsample_mode="on" if output.subsampling == "4:2:0" else "off",
        keep="none",
    )
    data = path.read_bytes()
    return RenderedOutput(
        name=output.name,
        path=str(path),
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        width=pixels.width,
        height=pixels.height,
        box=turned(flipped(box, outer, output.flip), outer, output.rotate),
        scale=scale,
        crop=shown.rounded() if is_part(output) else None,
    )


def _picture(whole: pyvips.Image, picture: Picture, output: Output) -> pyvips.Image:
    """Return an output's picture: the image, or the part of it that its recipe says."""
    if not is_part(output):
        return whole
    box = cut_out((whole.width, whole.height), picture.original, output)
    part = whole.crop(box.left, box.top, box.width, box.height)
    return _scaled(part, picture_size(picture.original, output))
