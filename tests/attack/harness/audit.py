"""Reads everything that a stack has made, past its own reports. Edge (network)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ops_dashboard.local.aws.clients import Clients
from stream_ingest.aws.items import from_wire
from stream_ingest.contracts.stack_outputs import StackOutputs
from tests.attack.harness.accounting import ENDED_WINDOWS, Found

_READERS = 8


def audit(clients: Clients, outputs: StackOutputs) -> Found:
    """Return what is in the output bucket, the table and the queues of a stack."""
    found = Found()
    with ThreadPoolExecutor(_READERS) as readers:
        keys = _keys(clients, outputs.output_bucket, "metadata/")
        for metadata, collage in readers.map(lambda key: _collage(clients, outputs, key), keys):
            found.add_collage(metadata, collage)
    for item in _items(clients, outputs.table_name):
        found.add_item(item)
        _add_images(found, item)
    found.stuck += [f"queue {name}: {count}" for name, count in waiting(clients, outputs).items()]
    found.stuck += list(_keys(clients, outputs.output_bucket, "failed/records/"))
    found.stuck += list(_keys(clients, outputs.output_bucket, "aws/lambda/"))
    return found


def listed_covers(clients: Clients, outputs: StackOutputs) -> int:
    """Return how many covers are in the image lists of closed windows."""
    found = Found()
    for item in _items(clients, outputs.table_name):
        _add_images(found, item)
    return len(found.table)


def open_windows(clients: Clients, outputs: StackOutputs) -> int:
    """Return how many windows have not ended, and open windows with images, by the table."""
    return sum(
        bool(item.get("open_images")) or item.get("status", "failed") not in ENDED_WINDOWS
        for item in _items(clients, outputs.table_name)
        if item["item"].partition("#")[0] in {"state", "window"}
    )


def waiting(clients: Clients, outputs: StackOutputs) -> dict[str, int]:
    """Return how many messages of each queue wait or are being processed; zeros are left out."""
    urls = {
        "collage": outputs.collage_queue_url,
        "prefetch": outputs.prefetch_queue_url,
        "request": outputs.request_queue_url,
        **{f"dead {name}": url for name, url in outputs.dead_letter_urls.items()},
    }
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    counts = {}
    for name, url in urls.items():
        got = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names))
        counts[name] = sum(int(got["Attributes"][each]) for each in names)
    return {name: count for name, count in counts.items() if count}


def _add_images(found: Found, item: dict[str, Any]) -> None:
    if item["item"].startswith("images#"):
        found.add_image_list(json.loads(zlib.decompress(bytes(item["detail"]))))


def _collage(
    clients: Clients, outputs: StackOutputs, key: str
) -> tuple[dict[str, Any], bytes | None]:
    bucket = outputs.output_bucket
    metadata = json.loads(clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    if metadata["collage_key"] is None:
        return metadata, None
    collage = clients.s3.get_object(Bucket=bucket, Key=metadata["collage_key"])
    return metadata, collage["Body"].read()


def _keys(clients: Clients, bucket: str, prefix: str) -> Iterator[str]:
    pages = clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return (item["Key"] for page in pages for item in page.get("Contents", []))


def _items(clients: Clients, table: str) -> Iterator[dict[str, Any]]:
    pages = clients.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return (from_wire(item) for page in pages for item in page["Items"])
