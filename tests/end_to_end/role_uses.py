"""Uses each right of each function's role, to show that it is needed.

A function uses its rights when it is invoked with an event of its trigger. The rights that AWS's
services use are in `service_uses`.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from ops_dashboard.local.samples.cover_model import Cover
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.events import BatchDrained
from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.settings import BATCH_END, BatchSettings, CollageLayout
from stream_ingest.contracts.timestamps import to_epoch_ms
from stream_ingest.records.codec import BUCKETS, BatchHeader
from stream_ingest.records.packer import Packer
from stream_ingest.records.rows import MAX_FALLBACKS, MAX_URL_LENGTH, CoverRow
from tests.end_to_end.iam_stack import CallResult, IamStack
from tests.end_to_end.intake_uses import IntakeUses
from tests.end_to_end.photo_uses import LinkUses
from tests.end_to_end.prefetch_uses import PrefetchUses
from tests.end_to_end.service_uses import ServiceUses
from tests.fakes.collage.events import envelope, window_image, window_ready
from tests.fakes.ingest.delivery import kinesis_event

SMALL = CollageLayout(rows=1, cols=2, cell_px=60)
LONG = CollageLayout(rows=5, cols=10, cell_px=60)
_HOUR_S = 3_600


class Uses(IntakeUses, LinkUses, PrefetchUses, ServiceUses):
    """Uses of rights, each with new creators and windows."""

    def __init__(self, stack: IamStack) -> None:
        """Use the rights of one stack's roles."""
        self._stack = stack
        self._numbers = itertools.count(1)

    # The windowing function

    def fold_a_row(self) -> CallResult:
        """Fold one row into an open window."""
        return self._fold(rows=1, layout=SMALL)

    def fold_a_window(self) -> CallResult:
        """Fold the rows of a full window, and emit it."""
        return self._fold(rows=SMALL.cells, layout=SMALL)

    def fold_a_long_window(self) -> CallResult:
        """Fold a window whose image list does not fit the bus."""
        return self._fold(rows=LONG.cells, layout=LONG, url_length=MAX_URL_LENGTH)

    def fold_an_end(self) -> CallResult:
        """Fold the end of a batch that is registered, and record it."""
        header = _header(self._name(), SMALL)
        self._stack.registry.register(header)
        packer = Packer(header)
        result = self._stack.invoke(
            "windowing", kinesis_event([mark.data for mark in packer.end()])
        )
        batch = self._stack.registry.load(header.batch_id)
        return CallResult(
            done=result.done and batch is not None and batch.is_drained, text=result.text
        )

    def fold_poison(self) -> CallResult:
        """Quarantine a record that cannot be decoded."""
        return self._stack.invoke("windowing", kinesis_event([b"no record of ours"]))

    # The sweeper

    def sweep(self) -> CallResult:
        """Query everything that is due."""
        return self._stack.invoke("sweeper", {})

    def flush_a_batch(self) -> CallResult:
        """Close the open window of a batch that has been drained, and emit it."""
        return self._flush(rows=1, layout=SMALL)

    def flush_a_long_window(self) -> CallResult:
        """The same with an image list that does not fit the bus."""
        return self._flush(rows=LONG.cells - 1, layout=LONG, url_length=MAX_URL_LENGTH)

    def end_a_batch(self) -> CallResult:
        """End and report a batch whose rows were all refused."""
        header, registry = _header(self._name(), SMALL), self._stack.registry
        registry.register(header)
        totals = Totals(rows_read=1, refused={"expired": 1})
        registry.record_totals(header.batch_id, totals, sent=True)
        assert registry.record_drained(header.batch_id, set(range(BUCKETS)))
        return self._sweep(header, "ended")

    # The collage function

    def build(self) -> CallResult:
        """Build a window for the first time."""
        return self._build(self._window(self._name()))

    def build_in_debug(self) -> CallResult:
        """Build a window with an unavailable image, and store the answer."""
        window = self._window(self._name())
        missing = msgspec.structs.replace(
            window.images[0], url=f"http://{self._stack.covers.address}/nothing/there.jpeg"
        )
        images = (missing, *window.images[1:])
        return self._build(msgspec.structs.replace(window, images=images, debug=True))

    def build_repeats(self) -> CallResult:
        """Build a window whose cells show one image, which is counted."""
        window = self._window(self._name())
        repeats = tuple(
            msgspec.structs.replace(image, url=window.images[0].url) for image in window.images
        )
        return self._build(msgspec.structs.replace(window, images=repeats))

    def rebuild(self) -> CallResult:
        """Build a window, and rebuild it for a replay."""
        window = self._window(self._name())
        first = self._build(window)
        assert first.done, first.text
        return self._build(window, replay="again")

    def rebuild_gone(self) -> CallResult:
        """Rebuild a window whose objects are gone, for a replay."""
        return self._build(self._window(self._name()), replay="again")

    def build_a_long_window(self) -> CallResult:
        """Build a window whose image list is in the temp bucket."""
        window = self._window(self._name())
        key = f"processing/windows/{window.window_id.replace(':', '/')}.json"
        self._stack.aws.clients.s3.put_object(
            Bucket=self._stack.outputs.temp_bucket,
            Key=key,
            Body=msgspec.json.encode(window.images),
        )
        return self._build(msgspec.structs.replace(window, images=(), images_key=key))

    # Shared

    def _name(self) -> str:
        return f"someone{next(self._numbers)}"

    def _fold(self, *, rows: int, layout: CollageLayout, url_length: int = 0) -> CallResult:
        header = _header(self._name(), layout)
        return self._deliver(header, _rows(header.batch_id, rows, url_length))

    def _deliver(self, header: BatchHeader, rows: list[CoverRow]) -> CallResult:
        packer = Packer(header)
        full = [record for row in rows if (record := packer.add(row))]
        records = [record.data for record in (*full, *packer.flush())]
        return self._stack.invoke("windowing", kinesis_event(records))

    def _flush(self, *, rows: int, layout: CollageLayout, url_length: int = 0) -> CallResult:
        """Prepare a drained batch with administrator rights, and sweep it."""
        header, registry = _header(self._name(), layout), self._stack.registry
        batch_id = header.batch_id
        registry.register(header)
        folded = self._deliver(header, _rows(batch_id, rows, url_length))
        assert folded.done, folded.text
        registry.record_totals(batch_id, Totals(rows_read=rows, rows_sent=rows), sent=True)
        assert registry.record_drained(batch_id, set(range(BUCKETS)))
        return self._sweep(header, "flushed")

    def _sweep(self, header: BatchHeader, status: str) -> CallResult:
        """Sweep a drained batch; `done` if it reached `status`."""
        drained = BatchDrained(batch_id=header.batch_id, trigger=header.trigger)
        event = {"detail-type": "BatchDrained", "detail": msgspec.to_builtins(drained)}
        result = self._stack.invoke("sweeper", event)
        batch = self._stack.registry.load(header.batch_id)
        moved = batch is not None and batch.status == status
        return CallResult(done=result.done and moved, text=result.text)

    def _window(self, creator: str, life_s: int = 12 * _HOUR_S) -> Any:  # noqa: ANN401 - the fake's own
        covers = [
            Cover(
                object_id=f"{next(self._numbers):032x}", creator_index=1, caption="a", number=each
            )
            for each in range(SMALL.cells)
        ]
        self._stack.covers.add(covers)
        expires_s = int(time.time()) + life_s
        signer = self._stack.covers.signer
        images = [
            window_image(signer.url(cover, "", expires_s), identity=cover.identity)
            for cover in covers
        ]
        return window_ready(images, creator=creator, number=1, layout=SMALL)

    def _build(self, window: Any, replay: str | None = None) -> CallResult:  # noqa: ANN401 - as above
        message = {
            "messageId": self._name(),
            "receiptHandle": "handle",
            "body": envelope(window, replay),
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:collage",
            "awsRegion": "us-east-1",
        }
        return self._stack.invoke("collage", {"Records": [message]})

    def _call(self, role: str, service: str, operation: str, **arguments: object) -> CallResult:
        return call(self._stack, role, service, operation, **arguments)


def call(
    stack: IamStack, role: str, service: str, operation: str, **arguments: object
) -> CallResult:
    """Call AWS as a role."""
    with contextlib.closing(stack.as_role(role, service)) as client:
        try:
            answer = getattr(client, operation)(**arguments)
        except ClientError as error:
            return CallResult(done=False, text=str(error))
    return CallResult(done=True, text=json.dumps(answer, default=str))


def _header(name: str, layout: CollageLayout) -> BatchHeader:
    settings = BatchSettings(layout=layout, images_per_window=layout.cells, flush=BATCH_END)
    return BatchHeader(batch_id=name, trigger="csv-push", settings=settings)


def _rows(creator: str, count: int, url_length: int) -> list[CoverRow]:
    return [_row(creator, number, url_length) for number in range(count)]


def _row(creator: str, number: int, url_length: int) -> CoverRow:
    urls = [
        f"https://p16.tiktokcdn.com/{creator}/{number}?{each}".ljust(url_length, "x")
        for each in range(1 + MAX_FALLBACKS)
    ]
    return CoverRow(
        creator=creator,
        url=urls[0],
        fallbacks=tuple(urls[1:]),
        identity=image_identity(urls[0]),
        created_at_ms=to_epoch_ms(datetime.now(UTC)),
    )
