"""Builds windows of covers over HTTP and HTTPS into collages: images per CPU second, and memory.

The server is a separate process, whose CPU is not counted. Over HTTPS every client verifies its
certificate. Ours is the Lambda's builder as it is wired (downloads, decoders, limits), without
storing originals, as no peer stores them.

plain        ``requests`` in 8 threads, every cover decoded whole, cropped, LANCZOS, one JPEG
img2dataset  download, centre crop and resize to 200 px only, 8 threads; its start is subtracted
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import uv

from tests.bench.certificates import certificates_of
from tests.bench.collage_run import THREADS, Run, urls
from tests.bench.cover_server import HOST, serving
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
IMG2DATASET_IMAGES = {"http": 1_500, "https": 500}
LEAST = {
    "http": {"plain": 4.2, "img2dataset": 2.9},
    "https": {"plain": 4, "img2dataset": 9},
}


class Protocol:
    """Builds windows from a server of one protocol, our way and as peers do."""

    def __init__(self, scheme: str, host: str, environment: Mapping[str, str]) -> None:
        """Download from ``scheme://host``, with the variables of every client's environment."""
        self._base, self._environment = f"{scheme}://{host}", environment
        self._many = IMG2DATASET_IMAGES[scheme]
        self._limits = {peer: Limit(least=least) for peer, least in LEAST[scheme].items()}
        self._peaks_mb: list[float] = []

    def measures(self, name: str, missing: Mapping[str, str | None]) -> list[Measure]:
        """Measure; `missing` says why a peer is missing."""
        missing = dict(missing)
        works: dict[str, Callable[[], float]] = {OURS: lambda: self._window_s(OURS)}
        if missing["plain"] is None:
            works["plain"] = lambda: self._window_s("plain")
        if missing["img2dataset"] is None:
            try:
                self._img2dataset_s(LAYOUT.cells)
                works["img2dataset"] = self._img2dataset
            except ChildFailedError as error:
                missing["img2dataset"] = str(error)
        figures = paired(works, ROUNDS, what=f"{name}, round")
        rates = {each: 1 / statistics.median(values) for each, values in figures.items()}
        speed = Measure(
            name=name,
            unit="images/CPU-s",
            ours=rates.pop(OURS),
            peers=rates | {peer: why for peer, why in missing.items() if why},
            ratios=median_ratios(figures, OURS),
            limits=self._limits,
        )
        memory = Measure(
            name=f"{name}.peak",
            unit="MB",
            ours=max(self._peaks_mb),
            more_is_better=False,
            limits={OURS: Limit(most=130)},
        )
        return [speed, memory]

    def _window_s(self, how: str) -> float:
        """Return the CPU seconds of ours or of the plain way per image."""
        found = msgspec.convert(
            part(
                "tests.bench.collage_run", how, self._base, WINDOWS, environment=self._environment
            ),
            Run,
        )
        if how == OURS:
            self._peaks_mb.append(found.peak_mb)
        rate = 1 / found.cpu_s_per_image
        say(f"{how}: {rate:,.0f} images per CPU second, {found.peak_mb:.0f} MB")
        return found.cpu_s_per_image

    def _img2dataset(self) -> float:
        """Return the CPU seconds of img2dataset per image, without its start."""
        many, few = (self._img2dataset_s(more + LAYOUT.cells) for more in (self._many, 0))
        say(f"img2dataset: {self._many / (many - few):,.0f} images per CPU second")
        return (many - few) / self._many

    def _img2dataset_s(self, count: int) -> float:
        """Return the CPU seconds of a run of img2dataset; raises `ChildFailedError` if it fails."""
        with tempfile.TemporaryDirectory() as name:
            listing, output = Path(name, "urls.txt"), Path(name, "images")
            windows = range(-(-count // LAYOUT.cells))
            lines = [url for window in windows for url in urls(self._base, window)]
            listing.write_text("\n".join(lines[:count]))
            command: list[str | Path] = [uv.find_uv_bin(), "tool", "run", "--quiet", *IMG2DATASET]
            command += ["img2dataset", f"--url_list={listing}", f"--output_folder={output}"]
            command += ["--output_format=files", "--image_size=200", "--resize_mode=center_crop"]
            command += ["--encode_quality=95", "--processes_count=1", f"--thread_count={THREADS}"]
            done = watched(command, cwd=Path(name), environment=self._environment)
            stats = json.loads(next(output.glob("*_stats.json")).read_text())
            assert stats["successes"] == count, stats
        return done.cpu_s


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
    with serving() as (host, _):
        measures = Protocol("http", host, {}).measures("collage", missing)
    with certificates_of(HOST) as made, serving(certificates=made) as (host, _):
        measures += Protocol("https", host, made.environment()).measures("collage.https", missing)
    hand_over(measures)


if __name__ == "__main__":
    main()
