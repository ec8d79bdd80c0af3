"""What each generation stored is continued by the present code, with the right meaning."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from collage_lambda.messages import read_message
from collage_lambda.outcomes import Ending
from collage_lambda.output.metadata import WindowMetadata
from ops_dashboard.inspect.window_record import window_record
from stream_ingest.aws.items import from_wire
from stream_ingest.batches.progress import Counted
from stream_ingest.contracts import table
from stream_ingest.contracts.events import BatchCompleted, CollageCreated, convert_detail
from stream_ingest.contracts.identity import image_identity
from stream_ingest.records.codec import unpack
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.state import CreatorState, Tally
from tests.compatibility.generations import GENERATIONS, UNRELEASED, account_of
from tests.fakes.ingest.aws import OUTPUT, TABLE, TEMP
from tests.fakes.ingest.rows import NOW_S, cover_url
from tests.faults.harness import wiring
from tests.faults.harness.checks import invariants
from tests.faults.harness.checks.table import Table
from tests.faults.harness.history_runner import HistoryRunner
from tests.faults.harness.injector import Faults

LATER_S = NOW_S + 120
"""When the second and the third batch were sent."""
RENAMED = {"1": ("check_objects", "check_results"), "2": ("check_results",)}
"""What the pipeline named otherwise then. Generation 1 prefetched under other names and kept
downloaded images under ``sources/``, so that they are downloaded again for a replay; batches that
had ended until generation 2 have their results under the names of then."""


def clients(runner: HistoryRunner) -> wiring.Clients:
    return wiring.Clients(runner.account, Faults())


def states(runner: HistoryRunner) -> dict[str, CreatorState]:
    dynamodb: Any = runner.account.dynamodb
    return CreatorRepository(dynamodb, TABLE).load(["Zo=C3=AB", "ann", "ben=20=231"])


def identity(number: int) -> str:
    return image_identity(cover_url(number))


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_stack_that_stopped_anywhere_is_finished_with_nothing_lost_or_doubled(
    generation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records with the producer and in the stream, open windows, prefetched covers, messages."""
    for check in RENAMED.get(generation, ()):
        monkeypatch.setattr(invariants, check, lambda *_: None)
    with account_of(generation) as runner:
        assert sum(map(len, runner.account.kinesis.shards)) > 40
        assert len(runner.account.queue.messages) == 2
        runner.settle()
        invariants.check_invariants(runner.account, runner.batches)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_creators_state_has_its_meaning(generation: str) -> None:
    with account_of(generation) as runner:
        zoe = states(runner)["Zo=C3=AB"]
    assert (zoe.creator, zoe.next_window, zoe.batch_id) == ("Zoë", 2, "batch-2")
    assert zoe.tally == Tally(accepted=5, duplicates=1)
    assert {batch: mark.position >> 20 for batch, mark in zoe.watermarks.items()} == {
        "batch-1": 5,
        "batch-2": 5,
    }
    assert {month: len(page) for month, page in zoe.seen.items()} == {"2026-11": 11 * 6}
    assert (zoe.erased_at, zoe.is_blocked, zoe.expires_at) == (None, False, None)
    early, late = zoe.open["5x7-200px-q65-ffffff-n5"], zoe.open["5x7-200px-q66-ffffff-n6"]
    assert (early.batch_id, early.trigger, early.touched_at) == ("batch-1", "trigger-1", LATER_S)
    assert (late.idle_s, late.settings.images_per_window) == (3_600, 6)
    assert [image.known_as for image in late.images] == [identity(n) for n in range(21, 26)]
    assert [image.created_at_ms - 1_790_000_000_000 for image in late.images] == [*range(21, 26)]
    prefetched = [bool(image.prefetched) for image in late.images]
    assert prefetched == [False, False, False, generation != "1", False]


@pytest.mark.parametrize("generation", [each for each in GENERATIONS if each != "1"])
def test_a_prefetched_cover_is_found_where_it_was_put(generation: str) -> None:
    with account_of(generation) as runner:
        (window,) = (w for w in states(runner)["Zo=C3=AB"].open.values() if w.batch_id == "batch-2")
        (cover,) = (image.prefetched for image in window.images if image.prefetched)
        pack = runner.account.s3.read(TEMP, cover.pack)
        (item,) = (
            from_wire(item)
            for (key, _), item in runner.account.dynamodb.items.items()
            if key == table.pack_partition(cover.pack)
        )
    data = pack[cover.offset : cover.offset + cover.length]
    assert data == runner.account.covers.bytes_of(identity(24))
    assert cover.member in {int(member) for member in item["waiting"]}


@pytest.mark.parametrize("generation", [each for each in GENERATIONS if each != "1"])
def test_windows_are_rebuilt_from_their_originals_when_no_url_works_any_more(
    generation: str,
) -> None:
    """Three share a pack in the latest generation, the others have an object each."""
    with account_of(generation) as runner:
        account = runner.account
        ended = {
            each.event.window_id: each.status["originals_key"]
            for each in Table(account).all_windows
            if "collage_key" in each.status
        }
        assert len(ended) == 5
        assert len(set(ended.values())) == (3 if generation == UNRELEASED else 5)
        account.covers.down |= {identity(number) for number in range(40)}
        for _, event in account.bus.archive:
            if event["detail"]["window_id"] in ended:
                outcome = account.build(json.dumps(event | {"replay-name": "again"}))
                assert outcome is not None
                assert outcome.ending is Ending.CREATED
                assert outcome.build is not None
                origins = [
                    each.facts.origin for each in outcome.build.assembly.outcomes if each.facts
                ]
                assert origins == ["stored"] * len(event["detail"]["images"])


@pytest.mark.parametrize("generation", GENERATIONS)
def test_metadata_say_what_scaled_the_images_since_that_is_recorded(generation: str) -> None:
    with account_of(generation) as runner:
        item = from_wire(runner.account.dynamodb.items["ann", "window#000001"])
        document = runner.account.s3.read(OUTPUT, item["metadata_key"])
    found = msgspec.json.decode(document, type=WindowMetadata)
    assert found.scaler == ("Pillow" if generation == "unreleased" else None)
    assert found.window_id == "ann:000001"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_items_of_windows_have_their_meaning(generation: str) -> None:
    with account_of(generation) as runner:
        items = {key: from_wire(item) for key, item in runner.account.dynamodb.items.items()}
    done = window_record(items["ann", "window#000001"])
    assert (done.window_id, done.creator, done.batch_id) == ("ann:000001", "ann", "batch-0")
    assert (done.status, done.trigger, done.closed_because) == ("completed", "trigger-0", "full")
    assert (done.images_ok, done.images_failed, done.image_count, done.attempts) == (4, 0, 4, 1)
    known = {"1": "2026-11-06", "2": "2026-11-06"}.get(generation, "2026-11-06T21:20:00Z")
    assert done.closed_at.startswith(known)
    taken = window_record(items["ben=20=231", "window#000003"])
    assert (taken.status, taken.attempts) == ("processing", 1)
    assert (taken.lease_owner or "").partition("/")[0] == (
        "request-4" if generation == UNRELEASED else "request-6"
    )
    assert (taken.creator, taken.batch_id, taken.emissions) == ("ben #1", "batch-1", 1)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_items_of_batches_have_their_meaning(generation: str) -> None:
    with account_of(generation) as runner:
        registry = wiring.registry(clients(runner))
        ended, sending = registry.load("batch-0"), registry.load("batch-1")
    assert ended is not None
    assert (ended.status, ended.flush, ended.trigger) == ("ended", "batch-end", "trigger-0")
    assert (ended.rows_read, ended.rows_sent, ended.buckets, ended.drained) == (10, 10, 4, 4)
    assert ended.counted == Counted(
        accepted=10, duplicates=0, blocked=0, windows=4, open_images=0, since=NOW_S, final=True
    )
    assert sending is not None
    assert (sending.status, sending.flush, sending.drained) == ("sending", "idle", 0)
    assert (sending.counted, sending.rejected, sending.abandoned_at) == (None, None, None)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_records_of_the_stream_have_their_meaning(generation: str) -> None:
    with account_of(generation) as runner:
        records = [unpack(each.data) for shard in runner.account.kinesis.shards for each in shard]
    sent: dict[str, list[int]] = {}
    for record in records:
        sent.setdefault(record.batch.batch_id, []).extend(
            row.created_at_ms - 1_790_000_000_000 for row in record.rows
        )
    wanted = {"batch-0": range(10), "batch-1": range(5, 25), "batch-2": range(20, 29)}
    assert {batch: sorted(numbers) for batch, numbers in sent.items()} == {
        batch: [*numbers] for batch, numbers in wanted.items()
    }
    assert sum(record.last for record in records) == 4, "one for each bucket of the ended batch"
    (settings,) = {each.batch.settings for each in records if each.batch.batch_id == "batch-1"}
    assert (settings.images_per_window, settings.layout.quality) == (5, 65)
    assert (settings.flush.kind, settings.flush.idle_s) == ("idle", 7_200)
    assert (settings.dedup, settings.group_by_creator, settings.downloads) == (True, True, None)
    assert (settings.layout.fit_rows, settings.layout.pack) == (False, False)
    rows = [row for record in records for row in record.cover_rows()]
    assert {row.creator for row in rows} == {"ann", "ben #1", "Zoë"}
    assert rows[0].identity in {identity(number) for number in range(29)}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_events_have_their_meaning(generation: str) -> None:
    with account_of(generation) as runner:
        received = runner.account.bus.received
        bodies = [each.body for each in runner.account.queue.messages.values()]
    messages = {message.event.window_id: message for message in map(read_message, bodies)}
    event = messages["ben=20=231:000003"].event
    assert (event.creator, event.batch_id, event.trigger) == ("ben #1", "batch-1", "trigger-1")
    assert (event.closed_because, event.image_count, event.layout.quality) == ("full", 5, 65)
    assert [image.identity for image in event.images] == [
        identity(number) for number in (10, 13, 16, 19, 22)
    ]
    assert (event.prefix, event.debug, bool(event.images[3].prefetched)) == (
        "",
        False,
        generation != "1",
    )

    def details(kind: str) -> list[Any]:
        return [each["detail"] for each in received if each["detail-type"] == kind]

    completed = convert_detail(details("BatchCompleted")[0], BatchCompleted)
    assert (completed.batch_id, completed.rows_accepted) == ("batch-0", 10)
    assert (completed.windows, completed.collages, completed.images_ok) == (4, 4, 10)
    created = [convert_detail(each, CollageCreated) for each in details("CollageCreated")]
    assert {each.window_id: each.images_ok for each in created}["ann:000001"] == 4
