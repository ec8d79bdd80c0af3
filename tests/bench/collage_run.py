"""Builds windows of covers in this process, our way or the plain way: one run. Edge (HTTP).

Run by ``python -m tests.bench.collage_run ours|plain BASE WINDOWS``, which prints a `Run`. BASE is
the server's URL, ``https://127.0.0.1:8443``. It imports little more than the Lambda does, because
its memory is measured.
"""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec

from collage_lambda import wiring
from collage_lambda.image.process_setup import configure_process
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.output.keys import keys_of
from collage_lambda.pipeline import open_pipeline
from collage_lambda.settings import CollageSettings
from tests.bench.measure import peak_mb
from tests.bench.plain import LAYOUT, encoded, plain_canvas, plain_cell
from tests.fakes.collage.events import window_image, window_ready
from tests.fakes.lambda_variables import lambda_variables

THREADS = 8
_WINDOW_S = 60.0


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run."""

    cpu_s_per_image: float
    peak_mb: float


def urls(base: str, window: int) -> list[str]:
    """Return a window's URLs, given that of the server."""
    return [
        f"{base}/tos-maliva-p-0068/{window:016x}{cell:016x}.jpeg" for cell in range(LAYOUT.cells)
    ]


def our_collages(base: str) -> Callable[[int], int]:
    """Return a function that builds a window and returns the number of its images."""
    configure_process()
    settings = CollageSettings.from_env(
        lambda_variables(ALLOWED_SOURCES=urlsplit(base).netloc, KEEP_ORIGINALS="off")
    )
    nowhere = TempStore(cast("Any", None), "x")
    pipeline = open_pipeline(settings, time.time)
    builder = wiring.make_builder(settings, pipeline, nowhere, ThreadPoolExecutor(4))

    def build(window: int) -> int:
        images = [window_image(url) for url in urls(base, window)]
        event = window_ready(images, layout=LAYOUT)
        begun = builder.begin(
            event, keys_of(event), _WINDOW_S, reuse_originals=False, known_failures={}
        )
        made = builder.finish(begun)
        assert made.collage
        return made.images_ok

    return build


def plain_collages(base: str) -> Callable[[int], int]:
    """Return a function that does the same the plain way."""
    requests = importlib.import_module("requests")
    local = threading.local()
    pool = ThreadPoolExecutor(THREADS)

    def download(url: str) -> bytes:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        answer = local.session.get(url, timeout=10)
        answer.raise_for_status()
        return bytes(answer.content)

    def build(window: int) -> int:
        cells = [plain_cell(data) for data in pool.map(download, urls(base, window))]
        assert encoded(plain_canvas(cells))
        return len(cells)

    return build


def run(how: str, base: str, windows: int) -> Run:
    """Build windows one way; the first one is not timed."""
    build = {"ours": our_collages, "plain": plain_collages}[how](base)
    build(0)
    began, images = time.process_time(), 0
    for window in range(1, windows + 1):
        images += build(window)
    spent_s = time.process_time() - began
    assert images == windows * LAYOUT.cells, f"{images} images of {windows * LAYOUT.cells}"
    return Run(cpu_s_per_image=spent_s / images, peak_mb=peak_mb())


if __name__ == "__main__":
    found = run(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    sys.stdout.buffer.write(msgspec.json.encode(found))
