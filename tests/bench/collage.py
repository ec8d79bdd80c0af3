"""Builds windows of covers over HTTP into collages: images per CPU second, and memory.

The server is a separate process, whose CPU is not counted. Ours is the Lambda's builder as it is
wired (downloads, decoders, limits), without storing originals, as no peer stores them.

plain        ``requests`` in 8 threads, every cover decoded whole, cropped, LANCZOS, one JPEG
img2dataset  download, centre crop and resize to 200 px only, 8 threads; its start is subtracted
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import uv

from tests.bench.collage_run import THREADS, Run, urls
from tests.bench.cover_server import serving
from tests.bench.measure import (
    ChildFailedError,
    hand_over,
    median_ratios,
    paired,
    part,
    say,
    watched,
)
from tests.bench.peers import missing_module
from tests.bench.plain import LAYOUT
from tests.bench.results import OURS, Limit, Measure

WINDOWS = 12
ROUNDS = 3
IMG2DATASET = ("--python", "3.11", "--from", "img2dataset==1.47.0")
IMG2DATASET_IMAGES = 1_500


def img2dataset_s(host: str, count: int) -> float:
    """Return the CPU seconds of a run of img2dataset; raises `ChildFailedError` if it fails."""
    with tempfile.TemporaryDirectory() as name:
        listing, output = Path(name, "urls.txt"), Path(name, "images")
        lines = (url for window in range(-(-count // LAYOUT.cells)) for url in urls(host, window))
        listing.write_text("\n".join(list(lines)[:count]))
        command: list[str | Path] = [uv.find_uv_bin(), "tool", "run", "--quiet", *IMG2DATASET]
        command += ["img2dataset", f"--url_list={listing}", f"--output_folder={output}"]
        command += ["--output_format=files", "--image_size=200", "--resize_mode=center_crop"]
        command += ["--encode_quality=95", "--processes_count=1", f"--thread_count={THREADS}"]
        done = watched(command, cwd=Path(name))
        stats = json.loads(next(output.glob("*_stats.json")).read_text())
        assert stats["successes"] == count, stats
    return done.cpu_s


def img2dataset(host: str) -> float:
    """Return the CPU seconds of img2dataset per image, without its start."""
    many, few = (
        img2dataset_s(host, count) for count in (IMG2DATASET_IMAGES + LAYOUT.cells, LAYOUT.cells)
    )
    return (many - few) / IMG2DATASET_IMAGES


def missing_img2dataset() -> str | None:
    """Return why img2dataset cannot run; installs it into its own environment."""
    command = [uv.find_uv_bin(), "tool", "run", "--quiet", *IMG2DATASET, "python", "-c", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    return (
        (done.stderr.strip().splitlines() or ["uv cannot run it"])[-1] if done.returncode else None
    )


def main() -> None:
    """Measure."""
    missing = {"plain": missing_module("requests"), "img2dataset": missing_img2dataset()}
    peaks: list[float] = []

    def child(how: str, host: str) -> float:
        found = msgspec.convert(part("tests.bench.collage_run", how, host, WINDOWS), Run)
        if how == OURS:
            peaks.append(found.peak_mb)
        say(
            f"{how}: {1 / found.cpu_s_per_image:,.0f} images per CPU second, {found.peak_mb:.0f} MB"
        )
        return found.cpu_s_per_image

    with serving() as (host, _):
        works: dict[str, Callable[[], float]] = {OURS: lambda: child(OURS, host)}
        if missing["plain"] is None:
            works["plain"] = lambda: child("plain", host)
        if missing["img2dataset"] is None:
            try:
                img2dataset_s(host, LAYOUT.cells)
                works["img2dataset"] = lambda: img2dataset(host)
            except ChildFailedError as error:
                missing["img2dataset"] = str(error)
        figures = paired(works, ROUNDS)
    rates = {name: 1 / statistics.median(values) for name, values in figures.items()}
    speed = Measure(
        name="collage",
        unit="images/CPU-s",
        ours=rates.pop(OURS),
        peers=rates | {name: why for name, why in missing.items() if why},
        ratios=median_ratios(figures, OURS),
        limits={"plain": Limit(least=4), "img2dataset": Limit(least=3)},
    )
    memory = Measure(
        name="collage.peak",
        unit="MB",
        ours=max(peaks),
        more_is_better=False,
        limits={OURS: Limit(most=130)},
    )
    hand_over([speed, memory])


if __name__ == "__main__":
    main()
