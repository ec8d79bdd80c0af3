"""Covers are requested once at a time, in few packs, and recorded before the event is sent."""

from __future__ import annotations

import pytest

from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import CoversExpiring, Source, convert_detail
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.settings import BatchSettings, CollageLayout, FlushPolicy
from stream_ingest.records.codec import BatchHeader
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.deadlines import AHEAD_S, REQUEST_AGAIN_S, SAFE_TIME_S
from stream_ingest.windowing.rules.prefetch import MAX_COVERS
from stream_ingest.windowing.rules.state import CreatorState
from stream_ingest.windowing.sweeper.expiring import ExpiringCovers
from stream_ingest.windowing.sweeper.isolation import Isolation, raise_errors
from stream_ingest.windowing.sweeper.sweeper import Sweep, Sweeper
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList
from tests.fakes.ingest.aws import TABLE, FailingStore, IngestAws
from tests.fakes.ingest.fold import put_open_window
from tests.fakes.ingest.rows import NOW_S, cover_url

NEVER = BatchHeader(
    batch_id="never",
    trigger="mysql-push",
    settings=BatchSettings(
        layout=CollageLayout(rows=20, cols=20),
        images_per_window=400,
        flush=FlushPolicy(kind="never"),
    ),
)
SOON = NOW_S + AHEAD_S


def put(aws: IngestAws, creator: str, *expiries: int) -> CreatorState:
    """Put covers that expire then into a creator's open window."""
    store = CreatorRepository(aws.dynamodb, TABLE, prefetch=True)
    urls = [cover_url(number, expires=each) for number, each in enumerate(expiries)]
    return put_open_window(store, creator, urls, int(aws.clock()), NEVER)


def state(aws: IngestAws, creator: str) -> CreatorState:
    key = creator_key(creator)
    return aws.store.load([key])[key]


def asking(aws: IngestAws, store: CreatorRepository | None = None) -> ExpiringCovers:
    store = store or CreatorRepository(aws.dynamodb, TABLE, prefetch=True)
    isolation = Isolation(UnreadableList(aws.dynamodb, TABLE, aws.clock), lambda *_: None)
    return ExpiringCovers(store, aws.emitter(Source.SWEEPER), aws.threads, aws.clock, isolation)


def sweeper(aws: IngestAws, store: CreatorRepository | None = None) -> Sweeper:
    made = aws.sweeper(store or CreatorRepository(aws.dynamodb, TABLE, prefetch=True))
    made._prefetch = True  # noqa: SLF001 - as the stack's setting says
    return made


def requests(aws: IngestAws) -> list[CoversExpiring]:
    return [
        convert_detail(event["detail"], CoversExpiring)
        for event in aws.bus.taken
        if event["type"] == CoversExpiring.detail_type()
    ]


def test_creators_of_one_sweep_share_a_pack(aws: IngestAws) -> None:
    for name in ("bob", "ann", "Zoë #1"):
        put(aws, name, SOON, SOON + 9 * 86_400)
    assert asking(aws).request([creator_key(name) for name in ("bob", "ann", "Zoë #1")]) == 3
    (event,) = requests(aws)
    assert sorted(event.creators) == ["Zoë #1", "ann", "bob"]
    assert event.covers == 3
    assert all(
        state(aws, name).open[NEVER.settings.window_key].requested_at for name in event.creators
    )


def test_a_pack_has_a_maximum_of_covers(aws: IngestAws) -> None:
    """But for a creator who has more than that by himself."""
    put(aws, "ann", *[SOON] * 60)
    put(aws, "bob", *[SOON] * 60)
    put(aws, "eve", *[SOON] * (MAX_COVERS + 1))
    assert asking(aws).request(["ann", "bob", "eve"]) == 121 + MAX_COVERS
    events = requests(aws)
    assert [event.creators for event in events] == [("ann",), ("bob",), ("eve",)]
    assert len({event.pack for event in events}) == len(events)


def test_who_has_nothing_at_risk_is_not_named(aws: IngestAws) -> None:
    put(aws, "ann", NOW_S + 9 * 86_400)
    before = aws.snapshot()
    assert asking(aws).request(["ann", "nobody"]) == 0
    assert aws.snapshot() == before
    assert requests(aws) == []


def test_covers_that_expired_before_a_request_are_recorded_without_an_event(aws: IngestAws) -> None:
    put(aws, "ann", NOW_S - 1)
    assert asking(aws).request(["ann"]) == 0
    (window,) = state(aws, "ann").open.values()
    assert [image.lost for image in window.images] == ["expired"]
    assert requests(aws) == []


def test_whom_another_writer_changes_is_left_to_the_next_sweep(aws: IngestAws) -> None:
    """His row is there, and he is still due."""
    put(aws, "ann", SOON)
    put(aws, "bob", SOON)
    meddled = []

    def meddle(_: str, creator: str) -> None:
        if creator == "ann" and not meddled:
            meddled.append(creator)
            due = CreatorRepository(aws.dynamodb, TABLE, prefetch=True)
            put_open_window(due, "ann", [cover_url(7, expires=SOON + 5)], NOW_S, NEVER)

    store = FailingStore(aws, meddle)
    store._prefetch = True  # noqa: SLF001 - as in the stack
    done = sweeper(aws, store).sweep()
    assert done.covers_requested == 1
    assert [event.creators for event in requests(aws)] == [("bob",)]
    assert state(aws, "ann").open_images == 2
    assert sweeper(aws).sweep().covers_requested == 2
    assert sweeper(aws).sweep() == Sweep()


def test_a_request_that_the_bus_rejects_is_sent_again(aws: IngestAws) -> None:
    put(aws, "ann", SOON)
    aws.bus.refuse = lambda _: True
    assert sweeper(aws).sweep().covers_requested == 0
    aws.bus.refuse = lambda _: False
    aws.clock.advance(REQUEST_AGAIN_S - 1)
    assert sweeper(aws).sweep().covers_requested == 0
    aws.clock.advance(1)
    assert sweeper(aws).sweep().covers_requested == 1
    assert len(requests(aws)) == 1


def test_a_sweep_that_dies_before_it_tells_is_made_up_for(aws: IngestAws) -> None:
    put(aws, "ann", SOON)
    aws.bus.broken = True
    with pytest.raises(TransientError):
        raise_errors(sweeper(aws).sweep())
    aws.bus.broken = False
    assert sweeper(aws).sweep() == Sweep()
    aws.clock.advance(REQUEST_AGAIN_S)
    assert sweeper(aws).sweep().covers_requested == 1


def test_a_creator_who_cannot_be_written_costs_the_others_nothing(aws: IngestAws) -> None:
    put(aws, "ann", SOON)
    put(aws, "bob", SOON)
    troubled = ["ann"]

    def trouble(_: str, creator: str) -> None:
        if creator in troubled:
            raise TransientError(creator)

    store = FailingStore(aws, trouble)
    store._prefetch = True  # noqa: SLF001 - as in the stack
    sweep = sweeper(aws, store).sweep()
    assert sweep.covers_requested == 1
    with pytest.raises(TransientError):
        raise_errors(sweep)
    troubled.clear()
    assert sweeper(aws).sweep().covers_requested == 1


def test_what_is_not_prefetched_in_time_is_closed_with_its_urls(aws: IngestAws) -> None:
    put(aws, "ann", SOON)
    requested = 0
    while aws.clock() < SOON - SAFE_TIME_S:
        requested += sweeper(aws).sweep().covers_requested
        aws.clock.advance(60)
    done = sweeper(aws).sweep()
    assert requested == 2
    assert done.closed == done.emitted == 1
    assert [detail["closed_because"] for detail in aws.bus.details() if "window_id" in detail] == [
        "expiring"
    ]
    assert state(aws, "ann").open == {}


def test_without_prefetch_no_covers_are_requested(aws: IngestAws) -> None:
    put_open_window(aws.store, "ann", [cover_url(1, expires=SOON)], NOW_S, NEVER)
    assert aws.sweeper().sweep() == Sweep()
    aws.clock.advance(AHEAD_S - SAFE_TIME_S)
    assert aws.sweeper().sweep() == Sweep(closed=1, emitted=1)
    assert requests(aws) == []


def test_requests_for_many_creators_are_split(aws: IngestAws) -> None:
    names = [f"creator-{number:03d}" for number in range(130)]
    for name in names:
        put(aws, name, SOON)
    assert sweeper(aws).sweep().covers_requested == len(names)
    assert sorted(name for event in requests(aws) for name in event.creators) == names
    assert max(event.covers for event in requests(aws)) <= MAX_COVERS
