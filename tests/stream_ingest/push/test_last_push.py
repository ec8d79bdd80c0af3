from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from stream_ingest.push.last_push import LastPush
from stream_ingest.sources.mysql_connection import parse_address
from tests.fakes.ingest.aws import TABLE, IngestAws

ADDRESS = parse_address("mysql://ann:secret@db.example.com:3306/tiktok_creator")
LATER = datetime(2026, 11, 21, 3, tzinfo=UTC)
EARLIER = datetime(2026, 11, 20, tzinfo=UTC)


def test_a_push_is_remembered_for_all_who_push_the_table(aws: IngestAws) -> None:
    LastPush(aws.dynamodb, TABLE, ADDRESS, "videos_links").ended(LATER, "b1")
    other_user = parse_address("mysql://ben:other@db.example.com/tiktok_creator")
    assert LastPush(aws.dynamodb, TABLE, other_user, "videos_links").until() == LATER
    assert b"secret" not in repr(aws.snapshot()).encode()


def test_another_table_has_a_last_push_of_its_own(aws: IngestAws) -> None:
    LastPush(aws.dynamodb, TABLE, ADDRESS, "videos_links").ended(LATER, "b1")
    assert LastPush(aws.dynamodb, TABLE, ADDRESS, "other").until() is None
    elsewhere = parse_address("mysql://ann:secret@db2.example.com/tiktok_creator")
    assert LastPush(aws.dynamodb, TABLE, elsewhere, "videos_links").until() is None


def test_it_never_moves_backwards(aws: IngestAws) -> None:
    """A push of last year's rows says nothing of what came since."""
    last = LastPush(aws.dynamodb, TABLE, ADDRESS, "videos_links")
    last.ended(LATER, "b1")
    last.ended(EARLIER, "b2")
    assert last.until() == LATER
    item = aws.item("push#db.example.com=3A3306=2Ftiktok_creator=2Fvideos_links", "last")
    assert item is not None
    assert item["by_batch"] == "b1"
    last.ended(LATER + timedelta(microseconds=1), "b3")
    assert last.until() == LATER + timedelta(microseconds=1)


def test_moments_of_other_zones_are_compared_as_moments(aws: IngestAws) -> None:
    last = LastPush(aws.dynamodb, TABLE, ADDRESS, "videos_links")
    last.ended(LATER, "b1")
    last.ended(LATER.astimezone(timezone(timedelta(hours=9))) - timedelta(hours=1), "b2")
    assert last.until() == LATER
