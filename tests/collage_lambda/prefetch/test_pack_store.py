"""Packs are put once and deleted with their last released cover, whatever crashes."""

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
def pack_store(aws: CollageAws) -> PackStore:
    return PackStore(aws.s3, TEMP, aws.dynamodb, TABLE)


def put_up(pack_store: PackStore, members: int = 2, until: int = UNTIL) -> None:
    assert pack_store.put(KEY, io.BytesIO(b"pack"))
    assert pack_store.register(KEY, range(members), until)


def cover(member: int, until: int = UNTIL) -> PrefetchedCover:
    return PrefetchedCover(pack=KEY, member=member, offset=0, length=1, sha256="0", until=until)


def item(aws: CollageAws) -> dict[str, Any]:
    key = to_wire({table.PARTITION_KEY: f"prefetched#{KEY}", table.SORT_KEY: table.PREFETCHED})
    return from_wire(aws.dynamodb.get_item(TableName=TABLE, Key=key).get("Item", {}))


def is_clear(aws: CollageAws) -> bool:
    return not item(aws) and not aws.stored(TEMP)


def test_the_first_pack_under_a_key_stays(pack_store: PackStore, aws: CollageAws) -> None:
    assert pack_store.put(KEY, io.BytesIO(b"first"))
    assert not pack_store.put(KEY, io.BytesIO(b"second"))
    assert aws.read(KEY, TEMP) == b"first"


def test_a_missing_right_is_not_taken_for_an_existing_pack(aws: CollageAws) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        PackStore(aws.s3, "nowhere", aws.dynamodb, TABLE).put(KEY, io.BytesIO(b"pack"))


def test_an_item_outlives_its_pack_by_a_week_at_most(
    pack_store: PackStore, aws: CollageAws
) -> None:
    put_up(pack_store)
    assert item(aws)["waiting"] == {0, 1}
    assert item(aws)[table.TTL_ATTRIBUTE] == UNTIL + 7 * DAY_S


def test_registering_twice_restores_no_released_cover(
    pack_store: PackStore, aws: CollageAws
) -> None:
    put_up(pack_store)
    pack_store.release_pack([cover(0)])
    pack_store.register(KEY, range(2), UNTIL)
    assert item(aws)["waiting"] == {1}


def test_registering_a_deleted_pack_leaves_no_item(pack_store: PackStore, aws: CollageAws) -> None:
    put_up(pack_store, members=1)
    pack_store.release_pack([cover(0)])
    assert not pack_store.register(KEY, range(1), UNTIL)
    assert is_clear(aws)


def test_releasing_the_last_cover_deletes_pack_and_item(
    pack_store: PackStore, aws: CollageAws
) -> None:
    put_up(pack_store)
    pack_store.release_pack([cover(0)])
    assert aws.stored(TEMP) == [KEY]
    pack_store.release_pack([cover(1)])
    assert is_clear(aws)


def test_releasing_twice_changes_nothing(pack_store: PackStore, aws: CollageAws) -> None:
    put_up(pack_store)
    for _ in range(2):
        pack_store.release_pack([cover(0)])
    assert item(aws)["waiting"] == {1}
    for _ in range(2):
        pack_store.release_pack([cover(0), cover(1)])
    assert is_clear(aws)


def test_releasing_covers_of_a_deleted_pack_is_not_an_error(
    pack_store: PackStore, aws: CollageAws
) -> None:
    pack_store.release_pack([cover(0)])
    assert is_clear(aws)


def test_releasing_nothing_makes_no_request(aws: CollageAws) -> None:
    faults = Faults()
    clients = [Faulty(aws.s3, "s3", faults), Faulty(aws.dynamodb, "dynamodb", faults)]
    PackStore(clients[0], TEMP, clients[1], TABLE).release_pack([])  # type: ignore[arg-type]
    assert faults.calls == []


def test_a_later_pack_of_the_same_key_is_not_touched_by_covers_of_the_earlier(
    pack_store: PackStore, aws: CollageAws
) -> None:
    """An event that is redelivered after its pack was deleted makes another pack."""
    put_up(pack_store, members=1)
    pack_store.release_pack([cover(0)])
    put_up(pack_store, members=1, until=UNTIL + 9)
    pack_store.release_pack([cover(0)])
    pack_store.register(KEY, range(7), UNTIL)  # by a delivery that was slow
    assert item(aws)["waiting"] == {0}
    pack_store.release_pack([cover(0, UNTIL + 9)])
    assert is_clear(aws)


def test_the_leftover_item_of_an_earlier_pack_is_replaced(
    pack_store: PackStore, aws: CollageAws
) -> None:
    put_up(pack_store, members=1)
    aws.s3.delete_object(Bucket=TEMP, Key=KEY)  # a crash between the two deletions
    put_up(pack_store, members=3, until=UNTIL + 9)
    assert item(aws)["waiting"] == {0, 1, 2}


def test_only_an_item_without_members_is_removed(pack_store: PackStore, aws: CollageAws) -> None:
    put_up(pack_store)
    pack_store.remove_leftover(KEY)
    assert item(aws)["waiting"] == {0, 1}
    pack_store.remove_leftover("prefetched/never-there.zip")


CALLS = ("update_item", "delete_object", "delete_item")


@pytest.mark.parametrize("kind", [Kind.KILLED_BEFORE, Kind.KILLED_AFTER, Kind.RETRIED])
@pytest.mark.parametrize("operation", CALLS)
def test_a_crash_while_a_pack_is_deleted_is_recovered(
    pack_store: PackStore, aws: CollageAws, operation: str, kind: Kind
) -> None:
    put_up(pack_store)
    faults = Faults([Fault(kind, operation=operation)])
    clients = [Faulty(aws.s3, "s3", faults), Faulty(aws.dynamodb, "dynamodb", faults)]
    dying = PackStore(clients[0], TEMP, clients[1], TABLE)  # type: ignore[arg-type]
    covers = [cover(0), cover(1)]
    try:
        dying.release_pack(covers)
    except KilledError:
        pack_store.release_pack(covers)
    assert len(faults.injected) == 1
    assert is_clear(aws)
