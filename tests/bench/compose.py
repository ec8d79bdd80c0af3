"""35 covers in memory become a 5x7 collage, in one thread: milliseconds of CPU a collage.

plain     each cover decoded whole, cropped to its square, scaled by LANCZOS (Pillow)
libvips   ``thumbnail_buffer`` with a centre crop, ``arrayjoin``, JPEG (pyvips, one thread)
montage   ``montage -thumbnail 200x200^ -gravity center -extent 200x200`` (ImageMagick, one thread)
floor     covers decoded by Pillow's plain `draft`, a collage encoded, and nothing between

The floor is that of Pillow as it is: all rows of a cover, at 4/8, 2/8 or 1/8. Ours does without the
rows below the square (`collage_lambda.image.jpeg`), so the floor is not a bound on ours.
"""

from __future__ import annotations

import importlib
import io
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from collage_lambda.image.colour import parse_rgb
from collage_lambda.image.compose import Canvas
from collage_lambda.image.decode import Cell, CellSpec, decode_cell
from tests.bench.covers import covers
from tests.bench.measure import cpu_seconds, hand_over, median_ratios, paired, say, watched
from tests.bench.peers import missing_module, missing_program, one_core
from tests.bench.plain import LAYOUT, encoded, plain_canvas, plain_cell
from tests.bench.results import OURS, Limit, Measure

ROUNDS = 7
_SPEC = CellSpec(cell_px=LAYOUT.cell_px, background=parse_rgb(LAYOUT.background))
_SIDE = LAYOUT.cell_px
_MS = 1_000


def compose(datas: list[bytes]) -> bytes:
    """Compose as the Lambda does."""
    canvas = Canvas(LAYOUT, LAYOUT.cells)
    for index, data in enumerate(datas):
        cell = decode_cell(data, _SPEC)
        assert isinstance(cell, Cell)
        canvas.paste(index, cell.image)
    return canvas.encode()


def floor(datas: list[bytes], collage: Image.Image) -> bytes:
    """Decode as `draft` scales, a third more than the cell at least, and encode."""
    for data in datas:
        with Image.open(io.BytesIO(data)) as image:
            scale = next((n for n in (8, 4, 2) if min(image.size) >= n * _SIDE * 1.34), 1)
            image.draft("RGB", (image.width // scale, image.height // scale))
            image.load()
    return encoded(collage, subsampling=0)


def libvips(datas: list[bytes]) -> bytes:
    """Compose with libvips as its documentation has it."""
    vips = importlib.import_module("pyvips").Image
    cells = [vips.thumbnail_buffer(data, _SIDE, height=_SIDE, crop="centre") for data in datas]
    made: bytes = vips.arrayjoin(cells, across=LAYOUT.cols).jpegsave_buffer(Q=LAYOUT.quality)
    return made


def montage(folder: Path) -> float:
    """Compose with ImageMagick; return the CPU seconds of its process."""
    square = f"{_SIDE}x{_SIDE}"
    command: list[str | Path] = ["montage", *sorted(folder.glob("*.jpg"))]
    command += ["-thumbnail", f"{square}^", "-gravity", "center", "-extent", square]
    command += ["-tile", f"{LAYOUT.cols}x{LAYOUT.rows}", "-geometry", "+0+0"]
    command += ["-quality", str(LAYOUT.quality), folder / "collage" / "made.jpg"]
    return watched(command, environment={"MAGICK_THREAD_LIMIT": "1"}).cpu_s


def quality(datas: list[bytes]) -> list[Measure]:
    """Compare our cells with exact LANCZOS, pixel by pixel, before either is encoded."""
    cells = [decode_cell(data, _SPEC) for data in datas]
    ours = plain_canvas([cell.image for cell in cells if isinstance(cell, Cell)])
    exact = plain_canvas([plain_cell(data) for data in datas])
    left, right = np.asarray(exact), np.asarray(ours)
    psnr = float(peak_signal_noise_ratio(left, right))  # type: ignore[no-untyped-call]  # scikit-image has no types
    ssim = float(structural_similarity(left, right, channel_axis=2))  # type: ignore[no-untyped-call]  # as above
    return [
        Measure(name="compose.psnr", unit="dB", ours=psnr, limits={OURS: Limit(least=47)}),
        Measure(name="compose.ssim", unit="SSIM", ours=ssim, limits={OURS: Limit(least=0.995)}),
    ]


def main() -> None:
    """Measure."""
    one_core()
    os.environ["VIPS_CONCURRENCY"] = "1"
    datas = covers()
    say(f"{len(datas)} covers, {statistics.mean(map(len, datas)) / 1_000:.0f} KB on average")
    collage = plain_canvas([plain_cell(data) for data in datas])
    works: dict[str, Callable[[], float]] = {
        OURS: lambda: cpu_seconds(lambda: compose(datas)),
        "plain": lambda: cpu_seconds(
            lambda: encoded(plain_canvas([plain_cell(data) for data in datas]))
        ),
        "floor": lambda: cpu_seconds(lambda: floor(datas, collage)),
    }
    missing = {
        "libvips": missing_module("pyvips"),
        "montage": missing_program("montage", "imagemagick"),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "collage").mkdir()
        for number, data in enumerate(datas):
            (folder / f"{number:02d}.jpg").write_bytes(data)
        if missing["libvips"] is None:
            importlib.import_module("pyvips").cache_set_max(0)
            works["libvips"] = lambda: cpu_seconds(lambda: libvips(datas))
        if missing["montage"] is None:
            works["montage"] = lambda: montage(folder)
        figures = paired(works, ROUNDS)
    found = {name: _MS * statistics.median(values) for name, values in figures.items()}
    speed = Measure(
        name="compose",
        unit="ms",
        ours=found.pop(OURS),
        more_is_better=False,
        peers=found | {name: why for name, why in missing.items() if why},
        ratios=median_ratios(figures, OURS),
        limits={
            "plain": Limit(least=5),
            "libvips": Limit(least=1.8),
            "montage": Limit(least=6),
            "floor": Limit(most=1.15),
        },
    )
    hand_over([speed, *quality(datas)])


if __name__ == "__main__":
    main()
