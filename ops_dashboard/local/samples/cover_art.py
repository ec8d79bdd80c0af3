"""Draws the sample covers: photographs with a label and a colour code. Edge (disk).

The photographs come from scikit-image's wheel (nothing is downloaded), tinted by creator. Label and
code are in the centre square of a cover, the part that a collage shows.
"""

from __future__ import annotations

import colorsys
import importlib.util
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from ops_dashboard.local.samples.cover_swatch import centre_square, draw_swatch
from stream_ingest.contracts.errors import UserError

SIZE_PX = (540, 720)
"""Width and height of an ordinary cover."""

PHOTOGRAPHS = (
    "astronaut.png",
    "coffee.png",
    "chelsea.png",
    "rocket.jpg",
    "motorcycle_left.png",
    "hubble_deep_field.jpg",
    "camera.png",
    "retina.jpg",
    "coins.png",
    "moon.png",
    "ihc.png",
    "brick.png",
    "gravel.png",
)

_PHOTOGRAPHS_PER_CREATOR = 4
_GOLDEN_ANGLE = 0.381966  # of the circle, so that neighbours in the list have distinct hues
_NEXT_ROUND = 0.29  # of the circle, so that creators with the same photographs have, too
_TINT = 0.5
_PHOTOGRAPH_PX = (660, 760)  # what covers are cropped from, each at another place
_BAND = (0.47, 0.80)  # top and bottom of the label, of the square's side
_SHADE = 190  # of 255: the label's background, dark enough for white letters on any photograph
_NAME_LINE, _NUMBER_LINE = 0.545, 0.695  # middles of the two lines
_NAME_SIZE, _NUMBER_SIZE = 0.115, 0.20  # heights of the letters
_NAME_WIDTH = 0.94


def draw_cover(creator_index: int, caption: str, number: int, *, scale: int = 1) -> Image.Image:
    """Return a labelled cover in RGB, `SIZE_PX` times `scale` pixels."""
    picture = _scene(creator_index, number)
    if scale > 1:
        width, height = SIZE_PX
        picture = picture.resize((width * scale, height * scale), Image.Resampling.BICUBIC)
    _write_label(picture, caption, number)
    draw_swatch(picture, creator_index, number)
    return picture


def draw_second_frame(creator_index: int, number: int) -> Image.Image:
    """Return a frame that no collage may show: no label, no code, inverted colours."""
    return ImageOps.invert(_scene(creator_index, number))


def _scene(creator_index: int, number: int) -> Image.Image:
    """Return one of a creator's photographs, `SIZE_PX`, cropped and mirrored by `number`."""
    photograph = _tinted(creator_index, number % _PHOTOGRAPHS_PER_CREATOR)
    width, height = SIZE_PX
    left = number * 37 % (photograph.width - width + 1)
    top = number * 17 % (photograph.height - height + 1)
    scene = photograph.crop((left, top, left + width, top + height))
    return ImageOps.mirror(scene) if number // _PHOTOGRAPHS_PER_CREATOR % 2 else scene


# A window's covers are of one creator, so few of these are in use at a time.
@lru_cache(maxsize=24)
def _tinted(creator_index: int, which: int) -> Image.Image:
    """Return one of a creator's photographs in its tint, `_PHOTOGRAPH_PX` in size."""
    name = PHOTOGRAPHS[(creator_index + which * 5) % len(PHOTOGRAPHS)]
    shown = _photograph(name)
    hue = (creator_index * _GOLDEN_ANGLE + creator_index // len(PHOTOGRAPHS) * _NEXT_ROUND) % 1.0
    middle = tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.85, 0.8))
    tinted = ImageOps.colorize(ImageOps.grayscale(shown), "black", "white", middle)
    return Image.blend(shown, tinted, _TINT)


@lru_cache(maxsize=len(PHOTOGRAPHS))
def _photograph(name: str) -> Image.Image:
    with Image.open(photograph_folder() / name) as photograph:
        return ImageOps.fit(photograph.convert("RGB"), _PHOTOGRAPH_PX, Image.Resampling.BICUBIC)


@lru_cache(maxsize=1)
def photograph_folder() -> Path:
    """Return the folder of scikit-image's pictures, without importing it."""
    spec = importlib.util.find_spec("skimage")
    if spec is None or spec.origin is None:
        msg = "the sample covers need scikit-image: uv sync --group demo"
        raise UserError(msg)
    return Path(spec.origin).parent / "data"


def _write_label(picture: Image.Image, caption: str, number: int) -> None:
    left, top, side = centre_square(*picture.size)
    label = _label(caption, side).copy()
    middle = side // 2, round(side * (_NUMBER_LINE - _BAND[0]))
    font = _font(round(side * _NUMBER_SIZE))
    ImageDraw.Draw(label).text(middle, f"#{number}", font=font, fill=255, anchor="mm")
    box = (left, top + round(side * _BAND[0]))
    ground = Image.new("L", label.size, _SHADE)
    picture.paste((0, 0, 0), box, ground)
    picture.paste((255, 255, 255), box, label)


@lru_cache(maxsize=128)
def _label(caption: str, side: int) -> Image.Image:
    """Return the label's mask with the name, as wide as the square."""
    label = Image.new("L", (side, round(side * (_BAND[1] - _BAND[0]))), 0)
    size = round(side * _NAME_SIZE)
    width = _font(size).getlength(caption)
    if width > side * _NAME_WIDTH:
        size = int(size * side * _NAME_WIDTH / width)
    middle = side // 2, round(side * (_NAME_LINE - _BAND[0]))
    ImageDraw.Draw(label).text(middle, caption, font=_font(size), fill=255, anchor="mm")
    return label


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        msg = "this Pillow was built without FreeType, which the covers' labels need"
        raise UserError(msg)
    return font
