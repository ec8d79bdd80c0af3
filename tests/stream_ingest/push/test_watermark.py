from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from stream_ingest.push.watermark import PushWatermark
from stream_ingest.sources.mysql_connection import parse_address
from tests.fakes.ingest.aws import TABLE, IngestAws

ADDRESS = parse_address("mysql://ann:secret@db.example.com:3306/tiktok_creator")
LATER = datetime(2026, 11, 21, 3, tzinfo=UTC)
EARLIER = datetime(2026, 11, 20, tzinfo=UTC)


def test_the_watermark_is_shared_by_all_users_of_the_table(aws: IngestAws) -> None:
    PushWatermark(aws.dynamodb, TABLE, ADDRESS, "videos_links").advance(LATER, "b1")
    other_user = parse_address("mysql://ben:other@db.example.com/tiktok_creator")
    assert PushWatermark(aws.dynamodb, TABLE, other_user, "videos_links").load() == LATER
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
    assert watermark.load() == LATER
    item = aws.item("push#db.example.com=3A3306=2Ftiktok_creator=2Fvideos_links", "last")
    assert item is not None
    assert item["by_batch"] == "b1"
    watermark.advance(LATER + timedelta(microseconds=1), "b3")
    assert watermark.load() == LATER + timedelta(microseconds=1)


def test_times_in_other_zones_are_compared_as_utc(aws: IngestAws) -> None:
    watermark = PushWatermark(aws.dynamodb, TABLE, ADDRESS, "videos_links")
    watermark.advance(LATER, "b1")
    watermark.advance(LATER.astimezone(timezone(timedelta(hours=9))) - timedelta(hours=1), "b2")
    assert watermark.load() == LATER
