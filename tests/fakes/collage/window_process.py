"""A separate process that builds one window of URLs with the real parts and reports its cost.

Run by ``python -m tests.fakes.collage.window_process``: a `Task` comes on stdin as JSON, a `Report`
goes to stdout. Only S3 is not real. Four decoders at once, whatever this machine has.
"""

from __future__ import annotations

import dataclasses
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import msgspec

from collage_lambda import wiring
from collage_lambda.download.fetch import Timing
from collage_lambda.download.limits import FetchLimits
from collage_lambda.download.process_downloads import ProcessDownloads
from collage_lambda.download.retries import RetryPolicy
from collage_lambda.image.process_setup import configure_process
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.output.keys import keys_of
from collage_lambda.pipeline import ImagePipeline, open_pipeline
from collage_lambda.settings import CollageSettings
from stream_ingest.contracts.settings import CollageLayout
from tests.fakes.collage.events import window_image, window_ready
from tests.fakes.lambda_variables import lambda_variables
from tests.fakes.sampling import called_every

_SAMPLE_PERIOD_S = 0.005


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What to build, and from which source."""

    urls: list[str]
    source: str
    window_s: float
    attempt_s: float
    memory_mb: int = 10_240


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The reason of each empty cell (or the empty string), and what the process took."""

    reasons: list[str]
    seconds: float
    peak_bytes: int
    idle_bytes: int
    collage_bytes: int
    log: list[dict[str, Any]] = []


class Bucket:
    """Takes everything and has nothing."""

    def put_object(self, **request: Any) -> None:  # noqa: ANN401 - boto3's own
        while request["Body"].read(1 << 16):
            pass


def build(task: Task) -> Report:
    """Build a window."""
    os.cpu_count = lambda: 4
    configure_process()  # as the handler does
    settings = CollageSettings.from_env(
        lambda_variables(ALLOWED_SOURCES=task.source, MEMORY_MB=str(task.memory_mb))
    )
    temp = TempStore(cast("Any", Bucket()), "x")
    pipeline = _limited(open_pipeline(settings, time.time), task)
    builder = wiring.make_builder(settings, pipeline, temp, ThreadPoolExecutor(4))
    columns = 7
    layout = CollageLayout(rows=-(-len(task.urls) // columns), cols=columns)
    images = [window_image(url, identity=str(cell)) for cell, url in enumerate(task.urls)]
    event = window_ready(images, layout=layout)
    idle = resident_bytes()
    started_s = time.monotonic()
    peak = MemoryPeak()
    with called_every(_SAMPLE_PERIOD_S, peak.sample):
        begun = builder.begin(
            event, keys_of(event), task.window_s, reuse_originals=False, known_failures={}
        )
        made = builder.finish(begun)
    return Report(
        reasons=[
            str(outcome.failure.reason) if outcome.failure else ""
            for outcome in made.assembly.outcomes
        ],
        seconds=time.monotonic() - started_s,
        peak_bytes=peak.bytes,
        idle_bytes=idle,
        collage_bytes=len(made.collage),
    )


def _limited(pipeline: ImagePipeline, task: Task) -> ImagePipeline:
    """Return the pipeline with the task's limits, the only ones that are not as deployed."""
    limits = FetchLimits(attempt_s=task.attempt_s, retry=RetryPolicy(attempts=1))
    before = pipeline.downloads
    settings = msgspec.structs.replace(before.settings, limits=limits)
    downloads = ProcessDownloads(settings, before.lookup, Timing())
    return dataclasses.replace(pipeline, downloads=downloads)


class MemoryPeak:
    """The most memory that this process and its children were found to hold."""

    def __init__(self) -> None:
        self.bytes = 0

    def sample(self) -> None:
        self.bytes = max(self.bytes, resident_bytes())


def resident_bytes() -> int:
    """Return what is resident of this process and its children."""
    lists = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    processes = ["self", *" ".join(lists).split()]
    pages = [Path(f"/proc/{each}/statm").read_text(encoding="ascii").split() for each in processes]
    return sum(int(resident) for _, resident, *_ in pages) * resource.getpagesize()


if __name__ == "__main__":
    sys.stdout.buffer.write(
        msgspec.json.encode(build(msgspec.json.decode(sys.stdin.buffer.read(), type=Task)))
    )
