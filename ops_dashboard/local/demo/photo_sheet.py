"""A contact sheet of the demo's photos: what was uploaded, and what became of it. Pure."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFont

from ops_dashboard.local.demo.photo_check import FoundPhoto
from ops_dashboard.local.samples.photos.sample import SamplePhoto

_COLUMNS = 6
_CELL_PX, _TEXT_PX, _GAP_PX = 256, 56, 12
_SHOWN = ("thumbnail", "90-degree")
_CHARS = 34
_QUALITY = 90


def contact_sheet(samples: Sequence[SamplePhoto], found: Mapping[str, FoundPhoto]) -> bytes:
    """Return a JPEG with the smallest output of each photo, or the reason why it has none."""
    rows = -(-len(samples) // _COLUMNS)
    step_x, step_y = _CELL_PX + _GAP_PX, _CELL_PX + _TEXT_PX + _GAP_PX
    sheet = Image.new("RGB", (_COLUMNS * step_x + _GAP_PX, rows * step_y + _GAP_PX), "#dddddd")
    for number, sample in enumerate(samples):
        row, column = divmod(number, _COLUMNS)
        _draw(sheet, (column * step_x + _GAP_PX, row * step_y + _GAP_PX), sample, found[sample.key])
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _draw(sheet: Image.Image, at: tuple[int, int], sample: SamplePhoto, photo: FoundPhoto) -> None:
    draw, (left, top) = ImageDraw.Draw(sheet), at
    served = next((photo.outputs[name] for name in _SHOWN if name in photo.outputs), None)
    if served is None:
        draw.rectangle((left, top, left + _CELL_PX, top + _CELL_PX), fill="#bbbbbb")
        text = f"{photo.item['status']}: {photo.item.get('reason') or 'not a photo'}"
        middle = (left + _CELL_PX // 2, top + _CELL_PX // 2)
        draw.text(middle, text, fill="black", anchor="mm", font=_font(18))
    else:
        with Image.open(io.BytesIO(served.data)) as output:
            output.thumbnail((_CELL_PX, _CELL_PX))
            width, height = output.size
            place = (left + (_CELL_PX - width) // 2, top + (_CELL_PX - height) // 2)
            sheet.paste(output, place)
    name = _plain(sample.key.rpartition("/")[2])
    draw.text((left, top + _CELL_PX + 6), name, fill="black", font=_font(16))
    about = sample.about if len(sample.about) <= _CHARS else f"{sample.about[: _CHARS - 1]}..."
    draw.text((left, top + _CELL_PX + 28), about, fill="#444444", font=_font(14))


def _plain(text: str) -> str:
    """Return a text without accents, which Pillow's font does not have."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)
