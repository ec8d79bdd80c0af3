"""Everything of a creator goes, wherever an erasure is interrupted, and others lose nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError

from collage_lambda.lease import ClaimRefusal, Lease
from collage_lambda.output.keys import keys_of
from ops_dashboard.recovery.runs.store import RunStore
from stream_ingest.batches.counter import BatchCounter
from stream_ingest.contracts.errors import ConflictError, TransientError
from stream_ingest.contracts.naming import ERASED_CREATOR
from stream_ingest.records.rows import CoverRow
from stream_ingest.windowing.rules.closing import MAX_CLOSED
from tests.fakes.ingest.aws import OUTPUT, TABLE, TEMP
from tests.fakes.ingest.threads import InlineExecutor
from tests.fakes.ops.erase_bench import ANN, BOB, ERASE_S, PACK, SECOND, EraseBench
from tests.fakes.ops.table import OpsTable
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.injector import Fault, Faults, Faulty, Kind

MARK = {f"{ANN}/state"}
"""What remains: the creator's state, emptied."""
NEXT = 5 + MAX_CLOSED
"""Number of the next window after an erasure."""


@pytest.fixture
def bench(ops_table: OpsTable) -> EraseBench:
    return EraseBench(ops_table.aws)


def of_bob(bench: EraseBench) -> dict[str, bytes]:
    """Return what is stored of the other creator alone."""
    places = bench.places_of(BOB)
    return {
        place: content
        for place, content in bench.everything().items()
        if place in places and ANN.encode() not in content
    }


def figures(bench: EraseBench) -> dict[str, tuple[int, ...]]:
    """Return the counts of each batch."""
    found = {}
    for batch_id in ("first", "second"):
        counter = BatchCounter(
            bench.aws.registry, bench.aws.dynamodb, TABLE, bench.aws.clock, InlineExecutor()
        )
        bench.aws.registry.record_drained(batch_id, set(range(128)))
        count = counter.count(batch_id)
        assert count is not None
        progress = count.progress
        found[batch_id] = (
            progress.rows_accepted,
            sum(progress.refused.values()),
            sum(progress.windows_by_status.values()),
            progress.windows,
        )
    return found


def assert_erased(bench: EraseBench, before: dict[str, bytes]) -> None:
    assert bench.places_of(ANN) == MARK
    after = bench.everything()
    assert {place: after.get(place) for place in before} == before, "others lost something"


def test_a_rehearsal_finds_everything_and_changes_nothing(bench: EraseBench) -> None:
    before = bench.everything()
    result = bench.erasure().rehearse()
    assert bench.everything() == before
    assert result.found == {
        "windows": 4,
        "lists of images": 4,
        "images in open windows": 1,
        "months of known images": 1,
        "counts in batches": 1,
        "collages": 8,
        "copies by creator": 8,
        "thumbnails": 8,
        "metadata documents": 8,
        "packs of originals": 3,
        "shares of packs of originals": 1,
        "image lists": 4,
        "recorded responses": 4,
        "prefetched covers": 1,
        "lines in documents": 6,
        "entries of replays": 3,
    }


def test_nothing_is_left_of_an_erased_creator(bench: EraseBench) -> None:
    """In all items, all versions of all objects, and in the packs of others."""
    before, counted = of_bob(bench), figures(bench)
    rehearsed = bench.erasure().rehearse().found
    result = bench.erasure().run(block=False)
    assert_erased(bench, before)
    assert result.found == rehearsed
    assert figures(bench) == counted, "the sums of batches stay true"
    again = bench.erasure().run(block=False)
    assert not again.found


def test_other_creators_keep_their_prefetched_covers(bench: EraseBench) -> None:
    """At the offsets that their windows have recorded, with the same bytes."""
    bench.erasure().run(block=False)
    cover = bench.prefetched[BOB]
    body = bench.aws.read(TEMP, PACK)
    assert body[cover.offset : cover.offset + cover.length] == b"bytes of bob"
    assert zipfile.ZipFile(BytesIO(body)).testzip() is None
    assert bench.aws.item(f"prefetched#{PACK}", "prefetched")["waiting"] == {cover.member}  # type: ignore[index] # it is there


def test_a_pack_of_erased_creators_alone_is_deleted(bench: EraseBench) -> None:
    for creator in (ANN, BOB):
        bench.erasure(creator=creator).run(block=False)
    assert PACK not in bench.aws.keys_in(TEMP)
    assert bench.aws.item(f"prefetched#{PACK}", "prefetched") is None


def test_a_replay_does_not_wait_for_windows_of_an_erased_creator(bench: EraseBench) -> None:
    bench.erasure().run(block=False)
    replay, retry = sorted(
        RunStore(bench.aws.dynamodb, TABLE, bench.now).all(), key=lambda run: run.kind
    )
    assert (replay.about, replay.windows, replay.gone) == ("2 creators", 2, 1)
    assert (retry.about, retry.windows, retry.gone) == ("an erased creator", 1, 0)


def test_lines_of_results_stay_without_the_name(bench: EraseBench) -> None:
    bench.erasure().run(block=False)
    body = bench.aws.read(OUTPUT, "results/first.csv").decode()
    assert body.count("\r\n") == 5
    assert body.count(f'"{ERASED_CREATOR}",""') == 2
    assert body.count('"completed","2","2","0"') == 4
    head = bench.aws.s3.head_object(Bucket=OUTPUT, Key="results/first.csv")
    assert head["Metadata"] == {"started-at": "x", "note": "y"}


def test_a_message_or_replay_of_an_erased_window_is_refused(bench: EraseBench) -> None:
    event = bench.event(ANN, 1)
    bench.erasure().run(block=False)
    for replay in (None, "replay-1"):
        assert bench.claim(event, replay) is ClaimRefusal.ERASED
    assert bench.places_of(ANN) == MARK
    assert isinstance(bench.claim(bench.event(BOB, 1), "replay-1"), Lease)


def test_rows_from_before_the_erasure_are_refused_and_later_ones_are_new(
    bench: EraseBench,
) -> None:
    bench.erasure().run(block=False)
    bench.fold(ANN, range(400, 402), SECOND, ERASE_S)
    assert bench.places_of(ANN) == MARK, "they were in the stream"
    bench.fold(ANN, range(402, 404), SECOND, ERASE_S + 1)
    event = bench.event(ANN, NEXT)
    assert event.image_count == 2, "numbers go on, so that no id is used twice"
    assert isinstance(bench.claim(event), Lease)
    assert figures(bench)["second"][:2] == (10, 2)


def test_every_later_row_of_a_blocked_creator_is_refused(bench: EraseBench) -> None:
    assert bench.erasure().run(block=True).state.is_blocked
    bench.fold(ANN, range(400, 404), SECOND, ERASE_S + 99)
    assert bench.places_of(ANN) == MARK
    assert bench.erasure().run(block=False).state.is_blocked, "only --unblock ends it"
    bench.erasure()._items.unblock()  # noqa: SLF001 - as the command does
    bench.fold(ANN, range(404, 406), SECOND, ERASE_S + 100)
    assert bench.event(ANN, NEXT + MAX_CLOSED).image_count == 2


def test_a_collage_that_is_being_built_is_waited_for(bench: EraseBench) -> None:
    bench.fold(ANN, range(500, 501), SECOND)
    event = bench.event(ANN, 5)
    assert isinstance(bench.claim(event), Lease)
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        """Publish late, as a slow worker does, and let its lease run out."""
        waited.append(seconds)
        if len(waited) == 10:
            bench.publish(event)
        bench.aws.clock.advance(seconds)

    bench.erasure(sleep=sleep).run(block=False)
    assert len(waited) >= 60
    assert bench.places_of(ANN) == MARK


def test_rows_that_are_folded_at_the_same_moment_are_erased_too(bench: EraseBench) -> None:
    """The state is emptied only if it is the one that was read."""

    class Racing(Faulty):
        """Lets a fold commit before the first transaction of the erasure."""

        folds = 1

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as `Faulty`
            if name == "transact_write_items" and Racing.folds:
                Racing.folds -= 1
                bench.fold(ANN, range(600, 603), SECOND)
            return super().__getattr__(name)

    faults = Faults([])
    bench.erasure(lambda client, name: Racing(client, name, faults)).run(block=False)
    assert not Racing.folds
    assert bench.places_of(ANN) == MARK
    assert figures(bench)["second"][0] == 11


def test_objects_under_a_template_of_the_stack_go(bench: EraseBench) -> None:
    """Even those of a window that never ended, under names without the creator."""
    bench.aws.store.key_template = "{date}/{batch}/{kind}_{window}"
    bench.fold(ANN, range(500, 501), SECOND)
    event = bench.event(ANN, 5)
    bench.publish(event)
    assert keys_of(event).collage.endswith("/second/collage_000005.jpg")
    bench.erasure().run(block=False)
    assert bench.places_of(ANN) == MARK
    assert keys_of(event).collage not in bench.aws.keys_in(OUTPUT)


def test_a_creator_whose_name_begins_alike_keeps_everything(bench: EraseBench) -> None:
    other = f"{ANN}_collage_2"
    bench.names[other] = set()
    bench.fold(other, range(700, 702), SECOND)
    bench.build(other, 1)
    bench.names[ANN] -= bench.names[other]
    before = {place: each for place, each in bench.everything().items() if other in place}
    bench.erasure().run(block=False)
    after = bench.everything()
    assert {place: after.get(place) for place in before} == before


def calls_of_a_run(bench: EraseBench) -> int:
    faults = Faults([])
    bench.erasure(lambda client, name: Faulty(client, name, faults)).run(block=True)
    return len(faults.calls)


KINDS = (
    Kind.KILLED_BEFORE,
    Kind.KILLED_AFTER,
    Kind.LOST,
    Kind.RETRIED,
    Kind.THROTTLED,
    Kind.PARTIAL,
    Kind.DENIED,
)
PARTS = 4


def erase_with_faults(bench: EraseBench, part: int, kinds: Sequence[Kind]) -> None:
    """Erase once for each fourth call, which fails, and then once without a fault."""
    before, counted = of_bob(bench), figures(bench)
    nth = part
    while True:
        faults = Faults([Fault(kinds[nth % len(kinds)], nth)])
        wrap: Any = lambda client, name, faults=faults: Faulty(client, name, faults)  # noqa: E731 - short
        with suppress(KilledError, TransientError, ConflictError, ClientError):
            bench.erasure(wrap).run(block=False)
        if not faults.injected:
            break
        nth += PARTS
    bench.erasure().run(block=False)
    assert_erased(bench, before)
    assert figures(bench) == counted


@pytest.mark.parametrize("part", range(PARTS))
def test_an_erasure_that_failed_at_any_call_is_finished_by_the_next(
    ops_table: OpsTable, part: int
) -> None:
    """Killed, unanswered, repeated, throttled, in part or denied: another kind at each call."""
    erase_with_faults(EraseBench(ops_table.aws), part, KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", range(PARTS))
def test_an_erasure_is_finished_whatever_fails_at_any_call(
    ops_table: OpsTable, part: int, kind: Kind
) -> None:
    erase_with_faults(EraseBench(ops_table.aws), part, (kind,))


def test_the_mark_has_no_image(bench: EraseBench) -> None:
    bench.erasure().run(block=False)
    (mark,) = [each for place, each in bench.everything().items() if place in MARK]
    row = CoverRow(creator=ANN, url="", identity="", created_at_ms=0)
    assert mark.count(row.creator.encode()) == 2, "as its key and as its name"
    assert b"https://" not in mark
