"""Mutations of photos, rendered by the child process as in the function.

Run by ``python -m tests.fakes.photos.mutations FORMAT FIRST COUNT``: renders that many mutations
and prints how they ended, how long the longest took, and the most memory of a child.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np

from ops_dashboard.local.samples.photos.dng import dng
from rendition_lambda.reasons import PhotoError
from rendition_lambda.recipe import RENDITIONS
from rendition_lambda.render.process import RenderProcess
from tests.bench.measure import peak_mb
from tests.fakes.collage.images import jpeg, picture
from tests.fakes.collage.mutations import mutated
from tests.fakes.collage.mutations import seeds as seeds_of_images

LIMIT_S = 20
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "HEIF", "DNG")


def seeds(kind: str) -> list[bytes]:
    """Return valid photos of a format, different in how they are stored."""
    if kind != "DNG":
        return seeds_of_images(kind)
    sensor = np.asarray(picture(90, 70))
    preview = jpeg(90, 70)
    return [
        dng(sensor, orientation=6),
        dng(sensor, preview=preview, preview_size=(90, 70)),
        dng(sensor, preview=jpeg(2000, 1500), preview_size=(2000, 1500), orientation=8),
    ]


class Ends(msgspec.Struct, kw_only=True):
    """How mutations ended."""

    counts: Counter[str]
    """By reason, or `rendered`."""
    longest_s: float = 0.0
    peak_mb: float = 0.0
    """Of the child processes."""


def run(kind: str, first: int, count: int) -> Ends:
    """Render mutations `first` to `first + count` of a format; raises what is no `PhotoError`."""
    originals = seeds(kind)
    ends = Ends(counts=Counter())
    found = ends.counts
    renderer = RenderProcess(limit_s=LIMIT_S)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / f"photo.{kind.lower()}"
        for number in range(first, first + count):
            chance = random.Random(f"{kind} {number}")  # noqa: S311 - not a secret
            source.write_bytes(mutated(chance.choice(originals), chance))
            began = time.monotonic()
            try:
                renderer.render(source, folder, RENDITIONS)
                found["rendered"] += 1
            except PhotoError as error:
                found[error.reason] += 1
                if error.reason in {"crashed", "timed_out"}:
                    sys.stderr.write(f"mutation {number} of {kind}: {error}\n")
            ends.longest_s = max(ends.longest_s, time.monotonic() - began)
            ends.peak_mb = max(ends.peak_mb, _peak_mb(renderer))
    renderer.close()
    return ends


def _peak_mb(renderer: RenderProcess) -> float:
    """Return the largest memory of the current child."""
    child = renderer._child  # noqa: SLF001 - its process is measured
    return peak_mb(child.process.pid) if child is not None else 0.0


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(run(sys.argv[1], *map(int, sys.argv[2:4]))))
