"""A collage worker on moto's AWS and a real cover server, for one test."""

from __future__ import annotations

import dataclasses
import io
import json
from typing import Any

from PIL import Image

from collage_lambda.assembly.builder import Builder
from collage_lambda.assembly.content_memory import ContentMemory
from collage_lambda.assembly.placeholders import Placeholders
from collage_lambda.cancelled_runs import CancelledRuns
from collage_lambda.download.downloader import DownloadSettings
from collage_lambda.download.fetch import Timing
from collage_lambda.download.limits import FetchLimits
from collage_lambda.download.retries import RetryPolicy
from collage_lambda.lease import Lease, WindowLeases
from collage_lambda.messages import Message
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.outcomes import WindowOutcome
from collage_lambda.output.announcer import Announcer
from collage_lambda.output.batch_sources import BatchSources
from collage_lambda.output.keys import keys_of
from collage_lambda.output.links import Links
from collage_lambda.output.publisher import Publisher
from collage_lambda.output.store import OutputStore
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.worker import CollageWorker
from stream_ingest.contracts.events import WindowReady
from tests.fakes.collage.aws import BUS, OUTPUT, TABLE, TEMP, CollageAws
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.collage.events import window_image, window_ready
from tests.fakes.collage.images import difference, plain_jpeg
from tests.fakes.collage.pipelines import ImagePipelines
from tests.fakes.ingest.threads import InlineExecutor

COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30)]
WHITE = (255, 255, 255)
HORIZON_DAYS = 90
LINK_LIFE_S = 900
LIMITS = FetchLimits(
    attempt_s=1.0, read_s=1.0, retry=RetryPolicy(attempts=2, base_s=0.001, cap_s=0.001)
)


class Clock:
    now_s: float = 1_800_000_000

    def __call__(self) -> float:
        return self.now_s


class WorkerBench:
    """A collage worker with moto's AWS and a cover server."""

    def __init__(self, aws: CollageAws, server: CoverServer, pipelines: ImagePipelines) -> None:
        self.aws, self.server, self.clock = aws, server, Clock()
        self._pipelines, self._threads = pipelines, pipelines.threads
        self.threads = InlineExecutor()
        self.windows = WindowLeases(aws.dynamodb, TABLE, self.clock)
        self.outputs = OutputStore(aws.s3, OUTPUT, copies_by_creator=True, threads=self._threads)
        self.announcer = Announcer(aws.events, BUS)
        self.refused: frozenset[str] = frozenset()
        self.limits = LIMITS
        self.content_dedup = False
        self.min_side_px = 50
        self.simd = True
        for index, colour in enumerate(COLOURS):
            server.bodies[f"{index}"] = plain_jpeg(colour)

    def worker(self, *, keep_originals: bool = True, temp_s3: Any = None) -> CollageWorker:  # noqa: ANN401 - a client
        """Return a worker with the bench's settings; `temp_s3` may fail in the temp bucket."""
        temp = TempStore(temp_s3 or self.aws.s3, TEMP)
        downloads = DownloadSettings(
            allowed=frozenset({self.server.source}),
            at_once=64,
            at_once_per_host=40,
            limits=self.limits,
        )
        opened = self._pipelines.open(downloads, Timing(), self.min_side_px)
        pipeline = dataclasses.replace(opened, simd=self.simd)
        builder = Builder(
            pipeline,
            temp=temp,
            uploads=self._threads,
            keep_originals=keep_originals,
            refused_images=self.refused,
            contents=ContentMemory(
                self.aws.dynamodb, TABLE, horizon_days=HORIZON_DAYS, threads=self._threads
            )
            if self.content_dedup
            else None,
            placeholders=Placeholders(
                self.aws.dynamodb, TABLE, horizon_days=HORIZON_DAYS, clock=self.clock
            ),
        )
        return CollageWorker(
            windows=self.windows,
            outputs=self.outputs,
            temp=temp,
            pack_store=PackStore(self.aws.s3, TEMP, self.aws.dynamodb, TABLE),
            builder=builder,
            publisher=Publisher(
                self.outputs,
                Links(self.aws.s3, OUTPUT, LINK_LIFE_S, self.clock),
                self.announcer,
                self.clock,
            ),
            batch_sources=BatchSources(self.aws.dynamodb, TABLE),
            cancelled_runs=CancelledRuns(self.aws.dynamodb, TABLE, self.clock),
            clock=self.clock,
        )

    def work(
        self,
        event: WindowReady,
        replay: str | None = None,
        *,
        remaining_s: float = 60,
        keep_originals: bool = True,
        owner: str = "me",
    ) -> WindowOutcome:
        """Deliver a window\'s message to a new worker."""
        worker = self.worker(keep_originals=keep_originals)
        message = Message(event=event, replay=replay)
        return worker.work(message, owner=owner, remaining_s=remaining_s)

    def event(self, *paths: str, **changes: object) -> WindowReady:
        """Return a window of URLs of the cover server."""
        images = [window_image(self.server.url(path)) for path in paths]
        return window_ready(images, **changes)

    def cells(self, event: WindowReady) -> list[Image.Image]:
        """Return the cells of the published collage."""
        image = Image.open(io.BytesIO(self.aws.read(keys_of(event).collage)))
        px = event.layout.cell_px
        return [
            image.crop((column * px, row * px, column * px + px, row * px + px))
            for row in range(image.height // px)
            for column in range(event.layout.cols)
        ]

    def metadata(self, event: WindowReady) -> dict[str, Any]:
        """Return the published metadata."""
        document: dict[str, Any] = json.loads(self.aws.read(keys_of(event).metadata))
        return document


def build_claimed(
    worker: CollageWorker, event: WindowReady, lease: Lease, build_s: float
) -> WindowOutcome:
    """Build a window under a lease that somebody has taken."""
    begun = worker.begin_claimed(Message(event=event), lease, build_s)
    return begun if isinstance(begun, WindowOutcome) else worker.end(begun)


def shows(cell: Image.Image, colour: tuple[int, int, int]) -> bool:
    """Return whether a cell is of one colour, but for JPEG's loss."""
    return difference(cell, Image.new("RGB", cell.size, colour)) < 4
