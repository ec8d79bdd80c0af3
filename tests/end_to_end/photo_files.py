"""Photos for the browser's tests: real ones of any size, on disk."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

MEGABYTE = 1 << 20


def write_photo(path: Path, size_bytes: int = 0, colour: str = "#2f6fdb") -> Path:
    """Write a JPEG of 1,500 by 1,000 pixels, with bytes after its end up to a size."""
    image = Image.new("RGB", (1_500, 1_000), colour)
    draw = ImageDraw.Draw(image)
    for at in range(0, 1_500, 100):
        draw.line((at, 0, 1_500 - at, 1_000), fill="white", width=6)
    draw.ellipse((500, 250, 1_000, 750), fill="#f0a05c")
    image.save(path, "JPEG", quality=90)
    with path.open("ab") as file:
        file.truncate(max(size_bytes, path.stat().st_size))
    return path
