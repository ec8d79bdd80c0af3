"""How many photos are not as they should stay, and how many messages wait. Edge (DynamoDB, SQS)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import msgspec

from ops_dashboard.printing.tables import table_of
from rendition_lambda.photo_item import OPEN, OPEN_INDEX, UNANNOUNCED, PhotoStatus
from stream_ingest.aws import clients
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import to_wire
from stream_ingest.aws.queue_depth import queue_depth
from stream_ingest.contracts.stack_outputs import PhotosOutputs

if TYPE_CHECKING:
    from rich.table import Table
    from types_boto3_dynamodb import DynamoDBClient

MAX_COUNTED = 10_000
"""Photos of a status that are counted at most, which takes a few requests."""
_OPEN = (PhotoStatus.PENDING, PhotoStatus.PROCESSING, PhotoStatus.FAILED, UNANNOUNCED)
_MEANING = {
    PhotoStatus.PENDING: "upload signed, not arrived",
    PhotoStatus.PROCESSING: "being rendered, or waiting for the next try",
    PhotoStatus.FAILED: "cannot be rendered; `ops-dashboard photos list --status failed`",
    UNANNOUNCED: "event not on the bus yet, or at the last try",
}


class PhotoCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Photos by their entry in the sparse index, and messages by queue, which SQS approximates."""

    by_status: dict[str, int]
    waiting: int
    """Messages about uploads."""
    backfill: int
    dead_letters: int


def read_photo_counts(session: boto3.Session, photos: PhotosOutputs) -> PhotoCounts:
    """Count the photos of a stack."""
    dynamodb: DynamoDBClient = session.client("dynamodb", config=clients.CONFIG)
    sqs = session.client("sqs", config=clients.CONFIG)
    urls = (photos.queue_url, photos.backfill_queue_url, photos.dead_letters_url)
    with map_errors("count the photos' messages"):
        waiting, backfill, dead_letters = (queue_depth(sqs, url).total for url in urls)
    return PhotoCounts(
        by_status={str(value): _count(dynamodb, photos.table, value) for value in _OPEN},
        waiting=waiting,
        backfill=backfill,
        dead_letters=dead_letters,
    )


def photo_table(counts: PhotoCounts) -> Table:
    """Return a table of the counts."""
    rows: list[tuple[str, object, str]] = [
        (status, f"{count:,}{'+' * (count >= MAX_COUNTED)}", _MEANING[status])
        for status, count in counts.by_status.items()
    ]
    rows += [
        ("waiting", counts.waiting, "messages about uploads"),
        ("backfill", counts.backfill, "requests to render"),
        ("dead letters", counts.dead_letters, "messages that failed; `ops-dashboard dlq list`"),
    ]
    return table_of(("photos", "number", "meaning"), rows)


def _count(dynamodb: DynamoDBClient, table: str, value: str) -> int:
    """Return the number of photos with a value of `open`, up to about `MAX_COUNTED`."""
    request: dict[str, Any] = {
        "TableName": table,
        "IndexName": OPEN_INDEX,
        "Select": "COUNT",
        "KeyConditionExpression": "#open = :open",
        "ExpressionAttributeNames": {"#open": OPEN},
        "ExpressionAttributeValues": to_wire({":open": value}),
    }
    found = 0
    while found < MAX_COUNTED:
        with map_errors("count photos"):
            page = dynamodb.query(**request)
        found += page["Count"]
        if "LastEvaluatedKey" not in page:
            break
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    return found
