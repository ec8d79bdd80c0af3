"""Photos become their outputs: CPU seconds and peak memory, beside Pillow and the bound.

plain   the usual code with Pillow: the original decoded whole for each size, LANCZOS, quality 85;
        for augmentation decoded whole once, fitted and padded, rotated four times
bound   libjpeg-turbo (by Pillow): one decode and four encodes as ours, nothing between

One warm process each, one thread. A part in its own process measures the peak memory. Fidelity is
that of the pixels before they are encoded, against one step of LANCZOS from the whole original.
"""

from __future__ import annotations

import io
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageOps

from ops_dashboard.local.samples.photos.dng import dng
from rendition_lambda.recipe import AUGMENTATION, RENDITIONS, Recipe
from tests.bench.measure import cpu_seconds, hand_over, median_ratios, paired, part, say
from tests.bench.peers import one_core
from tests.bench.photo_part import render
from tests.bench.results import OURS, Limit, Measure
from tests.fakes.photos.photographs import photograph
from tests.fakes.photos.pixels import psnr, unencoded

ROUNDS = 5
_JPEGS = {"12 MP": (4000, 3000), "24 MP": (6000, 4000), "48 MP": (8000, 6000)}
_CPU_LIMITS = {"12 MP": 0.45, "24 MP": 0.45, "48 MP": 0.6}
_QUALITY = 90
_SENSOR = (9504, 6336)
_TILE_PX = 512
"""Side of the tiles in which phones store a HEIC."""
_FAST = {"preset": "ultrafast"}
"""Setting of x265; what is measured is the decoding."""


def main() -> None:
    """Measure."""
    one_core()
    os.environ["VIPS_CONCURRENCY"] = "1"
    measures: list[Measure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for label, size in _JPEGS.items():
            path = folder / f"{label}.jpg"
            photograph(*size).save(path, "JPEG", quality=_QUALITY)
            measures += jpeg(label, path, folder)
        measures += [
            augmentation("24 MP", folder / "24 MP.jpg", folder),
            alone("HEIC of 12 MP", _heic(folder, 4032, 3024), RENDITIONS, folder, 1.1),
            alone("RAW of 60 MP by preview", _raw(folder), RENDITIONS, folder, 0.9),
            peak("photos.HEIC of 48 MP.peak", _heic(folder, 8064, 6048), RENDITIONS, 400),
            peak("photos.RAW of 60 MP by sensor.peak", _sensor(folder), RENDITIONS, 850),
            panorama("120 MP", folder, 20_000, 6_000),
            panorama("218 MP", folder, 28_000, 7_800),
            fidelity(folder / "24 MP.jpg"),
        ]
    hand_over(measures)


def jpeg(label: str, path: Path, folder: Path) -> list[Measure]:
    """Measure a JPEG's four renditions beside its peers."""
    say(f"JPEG of {label}, {path.stat().st_size / 1e6:.1f} MB")
    made = [Image.open(each.path) for each in render(path, RENDITIONS, folder).outputs]
    for image in made:
        image.load()
    works: dict[str, Callable[[], float]] = {
        OURS: lambda: cpu_seconds(lambda: render(path, RENDITIONS, folder)),
        "plain": lambda: cpu_seconds(lambda: plain(path)),
        "bound": lambda: cpu_seconds(lambda: bound(path, made)),
    }
    figures = paired(works, ROUNDS)
    found = {name: statistics.median(values) for name, values in figures.items()}
    limits = {OURS: Limit(most=_CPU_LIMITS[label])}
    if label == "24 MP":
        limits |= {"plain": Limit(least=4), "bound": Limit(most=1.5)}
    cpu = Measure(
        name=f"photos.{label}",
        unit="s",
        ours=found.pop(OURS),
        more_is_better=False,
        peers=found,
        ratios=median_ratios(figures, OURS),
        limits=limits,
    )
    return [cpu, peak(f"photos.{label}.peak", path, RENDITIONS, 200 if label == "48 MP" else None)]


def augmentation(label: str, path: Path, folder: Path) -> Measure:
    """Measure a JPEG's square and rotations beside Pillow."""
    say(f"augmentation of {label}")
    works: dict[str, Callable[[], float]] = {
        OURS: lambda: cpu_seconds(lambda: render(path, AUGMENTATION, folder)),
        "plain": lambda: cpu_seconds(lambda: plain_augmentation(path)),
    }
    figures = paired(works, ROUNDS)
    return Measure(
        name=f"photos.augmentation of {label}",
        unit="s",
        ours=statistics.median(figures[OURS]),
        more_is_better=False,
        peers={"plain": statistics.median(figures["plain"])},
        ratios=median_ratios(figures, OURS),
        limits={OURS: Limit(most=0.1)},
        note=f"peak {peak('', path, AUGMENTATION, None).ours:.0f} MB",
    )


def alone(label: str, path: Path, recipe: Recipe, folder: Path, limit_s: float) -> Measure:
    """Measure a file without peers."""
    say(f"{label}, {path.stat().st_size / 1e6:.1f} MB")
    figures = paired({OURS: lambda: cpu_seconds(lambda: render(path, recipe, folder))}, ROUNDS)
    return Measure(
        name=f"photos.{label}",
        unit="s",
        ours=statistics.median(figures[OURS]),
        more_is_better=False,
        limits={OURS: Limit(most=limit_s)},
        note=f"peak {peak('', path, recipe, None).ours:.0f} MB",
    )


def peak(name: str, path: Path, recipe: Recipe, limit_mb: int | None) -> Measure:
    """Measure the largest memory of a process that renders one file."""
    return Measure(
        name=name,
        unit="MB",
        ours=part("tests.bench.photo_part", path, recipe.name),
        more_is_better=False,
        limits={} if limit_mb is None else {OURS: Limit(most=limit_mb)},
    )


def panorama(label: str, folder: Path, width: int, height: int) -> Measure:
    """Measure the peak memory of a long JPEG."""
    path = folder / f"{width}.jpg"
    photograph(width, height).save(path, "JPEG", quality=80)
    return peak(f"photos.panorama of {label}.peak", path, RENDITIONS, 200)


def fidelity(path: Path) -> Measure:
    """Measure how near the worst of the four renditions is to one step of LANCZOS."""
    with Image.open(path) as image:
        whole = image.convert("RGB")
    worst = min(
        psnr(pixels, np.asarray(whole.resize(pixels.shape[1::-1], Image.Resampling.LANCZOS)))
        for pixels in unencoded(path.read_bytes(), RENDITIONS).values()
    )
    limits = {OURS: Limit(least=50)}
    return Measure(name="photos.fidelity", unit="dB", ours=worst, limits=limits)


def plain(path: Path) -> None:
    """Make the renditions as most code does."""
    for output in RENDITIONS.outputs:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail(output.box, Image.Resampling.LANCZOS, reducing_gap=None)
        upright.save(io.BytesIO(), "JPEG", quality=85)


def plain_augmentation(path: Path) -> None:
    """Make the square and its rotations as most code does."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    square = ImageOps.pad(upright, AUGMENTATION.outputs[0].box, color="white")
    for output in AUGMENTATION.outputs:
        square.rotate(-output.rotate).save(io.BytesIO(), "JPEG", quality=output.quality)


def bound(path: Path, made: list[Image.Image]) -> None:
    """Decode once and encode what is there, with the settings of our outputs."""
    with Image.open(path) as image:
        image.load()
    for output, pixels in zip(RENDITIONS.outputs, made, strict=True):
        pixels.save(
            io.BytesIO(),
            "JPEG",
            quality=output.quality,
            subsampling=output.subsampling,
            progressive=output.progressive,
        )


def _heic(folder: Path, width: int, height: int) -> Path:
    path = folder / f"{width}.heic"
    image = pillow_heif.from_pillow(photograph(width, height))
    image.save(path, quality=80, tile_size=_TILE_PX, enc_params=_FAST)
    return path


def _raw(folder: Path) -> Path:
    """Write a DNG of 60 megapixels, of which 120 MB are the sensor, with a preview of its size."""
    path, picture = folder / "60 MP.dng", photograph(*_SENSOR)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY)
    sensor = np.zeros((*_SENSOR[::-1], 3), np.uint8)
    path.write_bytes(dng(sensor, preview=buffer.getvalue(), preview_size=picture.size))
    return path


def _sensor(folder: Path) -> Path:
    """Write the same without a preview."""
    path = folder / "60 MP sensor.dng"
    path.write_bytes(dng(np.asarray(photograph(*_SENSOR))))
    return path


if __name__ == "__main__":
    main()
