from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from stream_ingest.push.marks import KeyMark, Mark
from stream_ingest.push.watermark import PushWatermark
from stream_ingest.sources.mysql.address import parse_address
from tests.fakes.ingest.aws import TABLE, IngestAws

ADDRESS = parse_address("mysql://ann:secret@db.example.com:3306/tiktok_creator")
LATER = datetime(2026, 11, 21, 3, tzinfo=UTC)
EARLIER = datetime(2026, 11, 20, tzinfo=UTC)


def mark(until: datetime, *keys: KeyMark) -> Mark:
    return Mark(until=until, keys=keys)


def test_the_watermark_is_shared_by_all_users_of_the_table(aws: IngestAws) -> None:
    PushWatermark(aws.dynamodb, TABLE, ADDRESS, "videos_links").advance(LATER, "b1")
    other_user = parse_address("mysql://ben:other@db.example.com/tiktok_creator")
    assert PushWatermark(aws.dynamodb, TABLE, other_user, "videos_links").load() == mark(LATER)
    assert b"secret" not in repr(aws.snapshot()).encode()


def test_every_table_has_its_own_watermark(aws: IngestAws) -> None:
    PushWatermark(aws.dynamodb, TABLE, ADDRESS, "videos_links").advance(LATER, "b1")
    assert PushWatermark(aws.dynamodb, TABLE, ADDRESS, "other").load() is None
    elsewhere = parse_address("mysql://ann:secret@db2.example.com/tiktok_creator")
    assert PushWatermark(aws.dynamodb, TABLE, elsewhere, "videos_links").load() is None


def test_the_watermark_never_moves_backwards(aws: IngestAws) -> None:
    """A push of last year's rows does not include later rows."""
    watermark = PushWatermark(aws.dynamodb, TABLE, ADDRESS, "videos_links")
    watermark.advance(LATER, "b1")
    watermark.advance(EARLIER, "b2")
    assert watermark.load() == mark(LATER)
    item = aws.item("push#db.example.com=3A3306=2Ftiktok_creator=2Fvideos_links", "last")
    assert item is not None
    assert item["by_batch"] == "b1"
    watermark.advance(LATER + timedelta(microseconds=1), "b3")
    assert watermark.load() == mark(LATER + timedelta(microseconds=1))


def test_times_in_other_zones_are_compared_as_utc(aws: IngestAws) -> None:
    watermark = PushWatermark(aws.dynamodb, TABLE, ADDRESS, "videos_links")
    watermark.advance(LATER, "b1")
    watermark.advance(LATER.astimezone(timezone(timedelta(hours=9))) - timedelta(hours=1), "b2")
    assert watermark.load() == mark(LATER)


def test_keys_are_stored_with_the_time(aws: IngestAws) -> None:
    watermark = PushWatermark(aws.dynamodb, TABLE, ADDRESS, "videos_links")
    first = (KeyMark(EARLIER, 10), KeyMark(EARLIER + timedelta(days=1), 2**64 - 1))
    watermark.advance(EARLIER + timedelta(days=1), "b1", first)
    assert watermark.load() == mark(EARLIER + timedelta(days=1), *first)
    watermark.advance(LATER, "b2", ())
    assert watermark.load() == mark(LATER, *first)


def test_an_item_of_an_earlier_version_is_read(aws: IngestAws) -> None:
    key = {"creator_name": "push#db.example.com=3A3306=2Ftiktok_creator=2Fv", "item": "last"}
    item = {**key, "until": LATER.isoformat(), "by_batch": "b"}
    aws.dynamodb.put_item(TableName=TABLE, Item={k: {"S": v} for k, v in item.items()})
    watermark = PushWatermark(aws.dynamodb, TABLE, ADDRESS, "v")
    assert watermark.load() == mark(LATER)
    keys = (KeyMark(LATER, 5),)
    watermark.advance(LATER + timedelta(days=1), "b2", keys)
    assert watermark.load() == mark(LATER + timedelta(days=1), *keys)


class Overtaken:
    """A client for which something happens after it has read for the first time."""

    def __init__(self, dynamodb: Any, meanwhile: Callable[[], object]) -> None:  # noqa: ANN401 - a boto3 client
        self._dynamodb, self._meanwhile = dynamodb, [meanwhile]

    def get_item(self, **request: Any) -> Any:  # noqa: ANN401 - as boto3
        found = self._dynamodb.get_item(**request)
        while self._meanwhile:
            self._meanwhile.pop()()
        return found

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - as boto3
        return getattr(self._dynamodb, operation)


def test_a_push_that_ends_meanwhile_is_not_overwritten(aws: IngestAws) -> None:
    """Between reading and writing the item, another push may have moved the mark further."""
    other = PushWatermark(aws.dynamodb, TABLE, ADDRESS, "v")
    other.advance(EARLIER, "b1")
    client: Any = Overtaken(aws.dynamodb, lambda: other.advance(LATER, "b2", (KeyMark(LATER, 7),)))
    PushWatermark(client, TABLE, ADDRESS, "v").advance(EARLIER + timedelta(hours=1), "b3")
    assert other.load() == mark(LATER, KeyMark(LATER, 7))


def test_the_zone_of_local_times_is_stored_with_the_mark(aws: IngestAws) -> None:
    watermark = PushWatermark(aws.dynamodb, TABLE, ADDRESS, "videos_links")
    watermark.advance(EARLIER, "b1")
    assert watermark.load() == Mark(until=EARLIER)
    watermark.advance(LATER, "b2", (), "Europe/Berlin")
    assert watermark.load() == Mark(until=LATER, timezone="Europe/Berlin")
