"""A desk with much to do: a deployed stack whose table is full, and the console over it.

``python -m tests.end_to_end.seeded_desk --port 8717`` serves it until Ctrl-C, to look at pages.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import msgspec
from botocore.config import Config
from PIL import Image, ImageDraw

from collage_lambda.output.metadata import CellRecord, WindowMetadata
from ops_dashboard.local.aws import clients as local_clients
from ops_dashboard.local.aws.bridge import process
from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.demo.console import running_console
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.rows import RefusalReason, RowRefusal
from stream_ingest.windowing.rules.outbox import expand_event
from tests.end_to_end.seeded_items import HOSTILE, PICTURES, seeded_items
from tests.end_to_end.seeded_plan import SeededBatch, seeded_batches

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

_AT_ONCE = 25
"""BatchWriteItem takes 25 items."""
_WITH_METADATA = 120
"""Windows with failures, the newest first, whose metadata are stored."""
_LETTERS = 4


@contextlib.contextmanager
def seeded_desk() -> Iterator[tuple[LocalAws, list[SeededBatch]]]:
    """Deploy a stack and fill it, during a ``with`` block; yield its batches, newest first."""
    with LocalAws.start() as aws:
        yield aws, seed(aws, aws.deploy())


def seed(aws: LocalAws, outputs: StackOutputs, now_s: int | None = None) -> list[SeededBatch]:
    """Fill a deployed stack's table and buckets; return its batches, the newest first."""
    batches = seeded_batches(int(time.time()) if now_s is None else now_s)
    items = seeded_items(batches)
    clients = aws.clients
    dynamodb = _quick_client(aws)
    metadata = _metadata(clients.s3, outputs.output_bucket, items)
    with ThreadPoolExecutor(8) as threads:
        work = [
            *(partial(_write, dynamodb, outputs.table_name, part) for part in _parts(items)),
            *(partial(_refuse, clients.s3, outputs.output_bucket, each) for each in batches),
            *(partial(_picture, clients.s3, outputs.output_bucket, at) for at in range(PICTURES)),
            *metadata,
            partial(_letters, aws, outputs, items),
        ]
        for done in [threads.submit(each) for each in work]:
            done.result()
    return batches


def _parts(items: list[Item]) -> Iterator[list[Item]]:
    return (items[at : at + _AT_ONCE] for at in range(0, len(items), _AT_ONCE))


def _quick_client(aws: LocalAws) -> DynamoDBClient:
    """Return a client that does not check its requests, half of the time of writing thousands."""
    return boto3.client(
        "dynamodb",
        endpoint_url=aws.endpoint,
        region_name=local_clients.REGION,
        aws_access_key_id=local_clients.ACCESS_KEY,
        aws_secret_access_key=local_clients.SECRET_KEY,
        config=Config(proxies={}, parameter_validation=False),
    )


def _write(dynamodb: DynamoDBClient, table_name: str, items: list[Item]) -> None:
    requests = [{"PutRequest": {"Item": to_wire(item)}} for item in items]
    answer = dynamodb.batch_write_item(RequestItems={table_name: requests})
    assert not answer["UnprocessedItems"]


def _refuse(s3: S3Client, bucket: str, batch: SeededBatch) -> None:
    rows = [
        RowRefusal(
            reason=RefusalReason(reason),
            creator=HOSTILE[at % len(HOSTILE)],
            cover=f'{{"url_list": [<script>alert({at})</script>',
            created_at="2026-13-01",
            detail=f"line 1 column {at + 1}: unexpected character",
        )
        for reason, count in batch.refused.items()
        for at in range(count)
    ]
    RefusedRows(s3, bucket, batch.batch_id).store(rows)


def _picture(s3: S3Client, bucket: str, number: int) -> None:
    picture = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(picture)
    for at in range(12 - number % 4):
        x, y = at % 4 * 100, at // 4 * 100
        hue = (at * 29 + number * 17) % 360
        draw.rectangle((x, y, x + 99, y + 99), fill=f"hsl({hue}, 55%, {45 + at * 2}%)")
    for tree, size in (("collages", (400, 300)), ("thumbnails", (280, 210))):
        body = io.BytesIO()
        picture.resize(size).save(body, "JPEG", quality=88)
        s3.put_object(
            Bucket=bucket,
            Key=f"{tree}/seeded/{number:02d}.jpg",
            Body=body.getvalue(),
            ContentType="image/jpeg",
        )


def _metadata(s3: S3Client, bucket: str, items: list[Item]) -> list[partial[object]]:
    """Return what stores the metadata of the newest windows with failures; adds their keys."""
    by_key = {(each[table.PARTITION_KEY], each[table.SORT_KEY]): each for each in items}
    wanted = [each for each in items if each.get("images_failed")]
    wanted.sort(key=lambda each: each[table.CLOSED_AT], reverse=True)
    puts: list[partial[object]] = []
    for window in wanted[:_WITH_METADATA]:
        images = window[table.SORT_KEY].replace("window", "images")
        event = expand_event(bytes(by_key[window[table.PARTITION_KEY], images]["detail"]))
        window["metadata_key"] = f"metadata/seeded/{event.window_id.replace(':', '_')}.json"
        body = msgspec.json.encode(_document(event, window))
        puts.append(partial(s3.put_object, Bucket=bucket, Key=window["metadata_key"], Body=body))
    return puts


def _document(event: WindowReady, window: Item) -> WindowMetadata:
    reasons = [reason for reason, count in window["failures"].items() for _ in range(count)]
    ok = event.image_count - len(reasons)
    cells = [
        CellRecord(
            cell=at, row=at // 4, column=at % 4, identity=image.identity, url=image.url,
            created_at=image.created_at, attempts=1 if at < ok else 3,
            status="ok" if at < ok else "failed",
            reason=None if at < ok else reasons[at - ok],
            passing=None if at < ok else reasons[at - ok] in {"timeout", "server_error"},
            http_status=404 if at >= ok and reasons[at - ok] == "not_found" else None,
        )
        for at, image in enumerate(event.images)
    ]  # fmt: skip
    return WindowMetadata(
        window_id=event.window_id, creator=event.creator, batch_id=event.batch_id,
        trigger=event.trigger, closed_at=event.closed_at, closed_because=event.closed_because,
        built_at=event.closed_at, replay=None, layout=event.layout,
        collage_key=window.get("collage_key"), thumbnail_key=window.get("thumbnail_key"),
        collage_sha256=None, width_px=400 if ok else None, height_px=300 if ok else None,
        images=event.image_count, images_ok=ok, images_failed=len(reasons),
        failures=window["failures"], bytes_downloaded=ok * 41_000, timings_ms={}, cells=cells,
    )  # fmt: skip


def _letters(aws: LocalAws, outputs: StackOutputs, items: list[Item]) -> None:
    """Send the events of some windows to the collage's dead-letter queue."""
    events = [item for item in items if item[table.SORT_KEY].startswith("images#")]
    for item in events[:_LETTERS]:
        detail = msgspec.to_builtins(expand_event(bytes(item["detail"])))
        aws.clients.sqs.send_message(
            QueueUrl=outputs.dead_letter_urls["collage"],
            MessageBody=msgspec.json.encode(
                {"detail-type": "WindowReady", "detail": detail}
            ).decode(),
        )


def _serve() -> None:
    """Serve a seeded desk until Ctrl-C."""
    parser = argparse.ArgumentParser(description=_serve.__doc__)
    parser.add_argument("--port", type=int, default=0)
    port = parser.parse_args().port
    for each in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores the former
        signal.signal(each, signal.default_int_handler)
    with (
        tempfile.TemporaryDirectory() as folder,
        seeded_desk() as (aws, _),
        process.running_bridge(aws.instance),
        running_console(aws.environment(), Path(folder), f"--port={port}") as address,
        contextlib.suppress(KeyboardInterrupt),
    ):
        print(f"{address}\nAWS_ENDPOINT_URL={aws.endpoint}", flush=True)  # noqa: T201 - for a person
        while True:
            time.sleep(3_600)


if __name__ == "__main__":
    _serve()
