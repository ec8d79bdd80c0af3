"""Packs go up once and come down with the last cover that is given back, wherever one dies."""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.exceptions import ClientError

from collage_lambda.prefetch.pack_store import PackStore
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.events import PrefetchedCover
from stream_ingest.contracts.settings import DAY_S
from tests.fakes.collage.aws import TABLE, TEMP, CollageAws
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.injector import Fault, Faults, Faulty, Kind

KEY, UNTIL = "prefetched/2026/11/06/120000-abc.zip", 1_800_000_000


@pytest.fixture
def shelf(aws: CollageAws) -> PackStore:
    return PackStore(aws.s3, TEMP, aws.dynamodb, TABLE)


def put_up(shelf: PackStore, members: int = 2, until: int = UNTIL) -> None:
    assert shelf.put(KEY, io.BytesIO(b"pack"))
    assert shelf.begin(KEY, range(members), until)


def cover(member: int, until: int = UNTIL) -> PrefetchedCover:
    return PrefetchedCover(pack=KEY, member=member, offset=0, length=1, sha256="0", until=until)


def item(aws: CollageAws) -> dict[str, Any]:
    key = to_wire({table.PARTITION_KEY: f"prefetched#{KEY}", table.SORT_KEY: table.PREFETCHED})
    return from_wire(aws.dynamodb.get_item(TableName=TABLE, Key=key).get("Item", {}))


def is_clear(aws: CollageAws) -> bool:
    return not item(aws) and not aws.stored(TEMP)


def test_the_first_pack_under_a_key_stays(shelf: PackStore, aws: CollageAws) -> None:
    assert shelf.put(KEY, io.BytesIO(b"first"))
    assert not shelf.put(KEY, io.BytesIO(b"second"))
    assert aws.read(KEY, TEMP) == b"first"


def test_a_right_that_is_missing_is_no_pack_that_is_there(aws: CollageAws) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        PackStore(aws.s3, "nowhere", aws.dynamodb, TABLE).put(KEY, io.BytesIO(b"pack"))


def test_an_item_outlives_its_pack_by_a_week_at_most(shelf: PackStore, aws: CollageAws) -> None:
    put_up(shelf)
    assert item(aws)["waiting"] == {0, 1}
    assert item(aws)[table.TTL_ATTRIBUTE] == UNTIL + 7 * DAY_S


def test_beginning_twice_brings_no_cover_back(shelf: PackStore, aws: CollageAws) -> None:
    put_up(shelf)
    shelf.release_pack([cover(0)])
    shelf.begin(KEY, range(2), UNTIL)
    assert item(aws)["waiting"] == {1}


def test_whoever_comes_when_the_pack_is_down_leaves_no_item(
    shelf: PackStore, aws: CollageAws
) -> None:
    put_up(shelf, members=1)
    shelf.release_pack([cover(0)])
    assert not shelf.begin(KEY, range(1), UNTIL)
    assert is_clear(aws)


def test_the_last_cover_takes_pack_and_item_with_it(shelf: PackStore, aws: CollageAws) -> None:
    put_up(shelf)
    shelf.release_pack([cover(0)])
    assert aws.stored(TEMP) == [KEY]
    shelf.release_pack([cover(1)])
    assert is_clear(aws)


def test_giving_back_again_changes_nothing(shelf: PackStore, aws: CollageAws) -> None:
    put_up(shelf)
    for _ in range(2):
        shelf.release_pack([cover(0)])
    assert item(aws)["waiting"] == {1}
    for _ in range(2):
        shelf.release_pack([cover(0), cover(1)])
    assert is_clear(aws)


def test_covers_of_a_pack_that_is_long_gone_are_given_back_in_peace(
    shelf: PackStore, aws: CollageAws
) -> None:
    shelf.release_pack([cover(0)])
    assert is_clear(aws)


def test_nothing_given_back_asks_for_nothing(aws: CollageAws) -> None:
    faults = Faults()
    clients = [Faulty(aws.s3, "s3", faults), Faulty(aws.dynamodb, "dynamodb", faults)]
    PackStore(clients[0], TEMP, clients[1], TABLE).release_pack([])  # type: ignore[arg-type]
    assert faults.calls == []


def test_a_later_pack_of_the_same_key_is_not_touched_by_covers_of_the_earlier(
    shelf: PackStore, aws: CollageAws
) -> None:
    """An event that comes again when its pack has been taken down makes another."""
    put_up(shelf, members=1)
    shelf.release_pack([cover(0)])
    put_up(shelf, members=1, until=UNTIL + 9)
    shelf.release_pack([cover(0)])
    shelf.begin(KEY, range(7), UNTIL)  # by a delivery that was slow
    assert item(aws)["waiting"] == {0}
    shelf.release_pack([cover(0, UNTIL + 9)])
    assert is_clear(aws)


def test_what_is_left_of_an_earlier_pack_gives_way(shelf: PackStore, aws: CollageAws) -> None:
    put_up(shelf, members=1)
    aws.s3.delete_object(Bucket=TEMP, Key=KEY)  # where whoever took it down died
    put_up(shelf, members=3, until=UNTIL + 9)
    assert item(aws)["waiting"] == {0, 1, 2}


def test_only_what_nobody_waits_with_is_cleared(shelf: PackStore, aws: CollageAws) -> None:
    put_up(shelf)
    shelf.clear(KEY)
    assert item(aws)["waiting"] == {0, 1}
    shelf.clear("prefetched/never-there.zip")


CALLS = ("update_item", "delete_object", "delete_item")


@pytest.mark.parametrize("kind", [Kind.KILLED_BEFORE, Kind.KILLED_AFTER, Kind.RETRIED])
@pytest.mark.parametrize("operation", CALLS)
def test_whoever_dies_while_a_pack_is_taken_down_is_made_up_for(
    shelf: PackStore, aws: CollageAws, operation: str, kind: Kind
) -> None:
    put_up(shelf)
    faults = Faults([Fault(kind, operation=operation)])
    clients = [Faulty(aws.s3, "s3", faults), Faulty(aws.dynamodb, "dynamodb", faults)]
    dying = PackStore(clients[0], TEMP, clients[1], TABLE)  # type: ignore[arg-type]
    covers = [cover(0), cover(1)]
    try:
        dying.release_pack(covers)
    except KilledError:
        shelf.release_pack(covers)
    assert len(faults.injected) == 1
    assert is_clear(aws)
