"""The scale simulation: it works on 20,000 rows, and its store refuses what AWS would refuse."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from stream_ingest.contracts.errors import ConflictError
from stream_ingest.records.packer import OutgoingRecord
from stream_ingest.windowing import stream_processor
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.closing import Change, close_batch
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from tests.fakes.ingest.aws import TABLE, create_table
from tests.fakes.ingest.rows import NOW_S, arrivals, header
from tests.faults.harness.aws.dynamodb import FakeDynamoDb
from tests.faults.harness.aws.values import item_bytes
from tests.simulate import __main__ as command
from tests.simulate import limits, population, store
from tests.simulate.limits import (
    LimitError,
    ThrottledError,
    Throughput,
    Writers,
    WrongShardError,
    check_item,
    check_payload,
    check_transaction,
)
from tests.simulate.pipeline import Part, Run, Scale
from tests.simulate.report import laws, points
from tests.simulate.shards import Shard, shard_of
from tests.simulate.store import Clock, SimulatedStore
from tests.simulate.worst import Worst, worst_case

SCALE = Scale(rows=20_000, creators=200)


@pytest.fixture(scope="module")
def worst() -> Worst:
    return worst_case()


@pytest.fixture(scope="module")
def part() -> Part:
    return Run(SCALE, range(SCALE.shards), lambda _: None).run()


def test_the_laws_hold_at_twenty_thousand_rows(part: Part, worst: Worst) -> None:
    assert laws(SCALE, [part], worst) == dict.fromkeys(
        (
            "every row was folded",
            "every repeated image was recognised",
            "every accepted image is in one window",
            "no row of the worst creator was lost or doubled",
        ),
        True,
    )
    assert part.duplicates > 200


def test_two_halves_of_the_shards_give_the_results_of_all_shards(part: Part) -> None:
    """But for how many rows a record has: a packer learns how well its own rows compress."""
    halves = [Run(SCALE, range(first, 8, 2), lambda _: None).run() for first in (0, 1)]
    assert sum(half.accepted for half in halves) == part.accepted
    together, alone = points(halves)[-1], points([part])[-1]
    assert (together.creators, together.windows) == (alone.creators, alone.windows)
    assert together.write_units == pytest.approx(alone.write_units, rel=0.01)


def test_the_creators_of_an_invocation_share_its_time_also_in_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise loads by the second would be spread over more seconds than there were."""
    monkeypatch.setattr(stream_processor, "GROUP_CREATORS", 2)
    part = Run(SCALE, range(SCALE.shards), lambda _: None).run()
    last = max(max(seconds) for seconds in part.index_seconds.values())
    assert last <= population.NOW_S + SCALE.rows / SCALE.rate


def test_a_lost_image_is_reported(part: Part, worst: Worst) -> None:
    lost = msgspec.structs.replace(part, open_images=1)
    assert not laws(SCALE, [lost], worst)["every accepted image is in one window"]
    fewer = msgspec.structs.replace(part, duplicates=part.duplicates - 1)
    assert not laws(SCALE, [fewer], worst)["every row was folded"]


def test_the_worst_creator_is_just_below_the_limits(worst: Worst) -> None:
    """An item far below them would mean that the case is not the worst."""
    found = worst.figures
    assert 300_000 < found.largest_item <= limits.MAX_ITEM_BYTES
    assert found.largest_images_item <= limits.MAX_ITEM_BYTES
    assert found.largest_transaction <= limits.MAX_TRANSACTION_BYTES


def test_the_command_writes_figures_and_their_course(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    worst: Worst,
) -> None:
    monkeypatch.setattr(command, "worst_case", lambda: worst)  # takes as long as all else here
    arguments = ["--rows", "5000", "--creators", "60", "--out", str(tmp_path), "--no-plots"]
    assert command.main(arguments) == 0
    content = msgspec.json.decode((tmp_path / "simulate-results.json").read_bytes())
    assert content["figures"]["rows"] == content["course"][-1]["rows"] == 5_000
    assert {"machine", "date", "commit"} <= content.keys()
    assert "hottest creator" in capsys.readouterr().out


def test_plots_are_drawn(tmp_path: Path, part: Part) -> None:
    from tests.simulate.plots import PLOTS, draw  # noqa: PLC0415 - matplotlib takes a second

    course = [msgspec.to_builtins(point) for point in points([part] * 2)]
    assert draw({"course": course}, tmp_path) == len(PLOTS) + 1
    assert all(path.stat().st_size > 5_000 for path in tmp_path.glob("*.png"))


def test_the_population_has_the_shape_that_it_promises() -> None:
    counts = population.row_counts(20_000_000, 200_000)
    assert counts.sum() == 20_000_000
    assert counts.min() >= 1
    assert 49_000 < counts.max() <= 50_001
    assert 3 <= (counts > 49_000).sum() <= 20
    assert population.share_under(counts, 50) > 0.6


def test_the_population_yields_every_row_once() -> None:
    rows = population.Population(3_000, 30)
    everything, nothing = np.ones(30, dtype=bool), np.zeros(30, dtype=bool)
    chunks = list(rows.chunks(everything, 1_000))
    assert [len(chunk.rows) for chunk in chunks] == [1_000] * 3
    assert [chunk.rows for chunk in chunks] == [
        chunk.rows for chunk in rows.chunks(everything, 1_000)
    ]
    dates = [row.created_at_ms for chunk in chunks for row in chunk.rows]
    assert dates == sorted(dates)
    images = {(row.creator, row.identity) for chunk in chunks for row in chunk.rows}
    assert len(images) == 3_000 - sum(chunk.repeated for chunk in chunks)
    assert [chunk.of_all for chunk in rows.chunks(nothing, 1_000)] == [1_000] * 3


@pytest.mark.parametrize("images", [1, 34, 35, 80])
def test_the_store_has_the_sizes_and_items_of_the_real_one(images: int) -> None:
    """`CreatorRepository` on the fault harness's DynamoDB, item by item."""
    dynamodb, simulated = FakeDynamoDb(), SimulatedStore(Clock(float(NOW_S)))
    create_table(dynamodb)
    template = SimulatedStore.key_template
    real = CreatorRepository(dynamodb, TABLE, prefetch=True, key_template=template)  # type: ignore[arg-type]
    state = CreatorState(creator="char li")
    first = fold(state, arrivals(range(images), header()), NOW_S, Rules())
    between = msgspec.structs.replace(first.state, version=1)
    flush = msgspec.structs.replace(
        between,
        open={
            key: msgspec.structs.replace(window, ending=("batch-1",))
            for key, window in between.open.items()
        },
    )
    second = close_batch(flush, "batch-1", "mysql-push")
    sizes = []
    for before, change in ((state, first), (between, second)):
        real.commit(before, change, NOW_S)
        simulated.commit(before, change, NOW_S)
        assert simulated.load(["char=20li"]) == real.load(["char=20li"])
        pairs = [
            store.window_bytes("char=20li", window, event)
            for window, event in zip(
                change.windows, real.events(change.state, change.windows, NOW_S), strict=True
            )
        ]
        sizes += [size for pair in pairs for size in pair]
    items = {key: item_bytes(item) for key, item in dynamodb.items.items()}
    state_size = items.pop(("char=20li", "state"))
    assert simulated.stored["char=20li"].size == state_size
    assert sorted(sizes) == sorted(items.values())


def test_write_units_are_those_that_dynamodb_bills() -> None:
    simulated = SimulatedStore(Clock(float(NOW_S)))
    state = CreatorState(creator="charli")
    first = fold(state, arrivals(range(2), header()), NOW_S, Rules())
    simulated.commit(state, first, NOW_S)
    # An item of under 1 KB, its entry in batch-id-index, its entry in due-index.
    assert simulated.figures.write_units == 3
    between = msgspec.structs.replace(first.state, version=1)
    second = fold(between, arrivals(range(2, 35), header(), start=2), NOW_S, Rules())
    simulated.commit(between, second, NOW_S)
    # Twice, for a transaction: state 1, status 1; the state's entry in due-index goes, that in
    # batch-id-index stays as it is; the window has an entry in each of three indexes. And once,
    # before the transaction, the list of images: 1 or more.
    images = -(-simulated.figures.largest_images_item // 1_024)
    assert simulated.figures.write_units == 3 + 2 * (1 + 1 + 1 + 3) + images
    simulated.note_queued("charli")
    assert simulated.figures.write_units == 3 + 2 * 6 + images + 3  # item, due-index twice


def test_an_item_over_400_kb_is_refused() -> None:
    check_item("charli", 400 * 1_024)
    with pytest.raises(LimitError, match=r"an item of 409,601 bytes"):
        check_item("charli", 400 * 1_024 + 1)


def test_the_store_refuses_a_state_over_400_kb() -> None:
    simulated = SimulatedStore(Clock(float(NOW_S)))
    state = CreatorState(creator="charli", seen={"2026-11": bytes(409_500)})
    with pytest.raises(LimitError, match=r"charli: an item"):
        simulated.commit(state, Change(state=state), NOW_S)
    assert simulated.stored == {}


def test_a_transaction_of_over_100_actions_or_4_mb_is_refused() -> None:
    check_transaction([41_943] * 100)
    with pytest.raises(LimitError, match=r"101 actions"):
        check_transaction([1] * 101)
    with pytest.raises(LimitError, match=r"4,194,305 bytes"):
        check_transaction([4_194_304, 1])


def test_an_invocation_of_over_6_mb_is_refused_and_not_made() -> None:
    """A mapping fills invocations of large records with fewer than 400."""
    with pytest.raises(LimitError, match=r"6,000,001 bytes"):
        check_payload(6_000_001)
    shard = Shard(0)
    record = OutgoingRecord(bucket=0, number=0, data=bytes(300_000), rows=1)
    events = [shard.put(record, 1.0) for _ in range(30)]
    made = [event for event in events if event]
    assert [len(event["Records"]) for event in made] == [14, 14]
    assert shard.largest_payload <= limits.MAX_PAYLOAD_BYTES
    small = [Shard(1).put(msgspec.structs.replace(record, data=b"x"), 1.0) for _ in range(5)]
    assert small == [None] * 5


def test_an_invocation_of_small_records_has_400() -> None:
    shard, record = Shard(3), OutgoingRecord(bucket=0, number=0, data=b"x", rows=1)
    events = [shard.put(record, 1.0) for _ in range(800)]
    assert [place for place, event in enumerate(events, 1) if event] == [400, 800]
    assert shard.take() is None


def test_a_partition_gives_1000_write_units_a_second() -> None:
    throughput = Throughput(limits.WRITE_UNITS_A_SECOND)
    throughput.take("charli", 999, 1)
    throughput.take("charli", 1_400, 1)
    throughput.take("other", 1, 1)
    with pytest.raises(ThrottledError) as refused:
        throughput.take("charli", 1, 1)
    assert refused.value.until == 3
    with pytest.raises(ThrottledError):
        throughput.take("charli", 1, 2)
    throughput.take("charli", 1, 3)
    assert (throughput.hottest, throughput.hottest_key) == (2_399, "charli")


def test_the_store_waits_if_a_partition_has_no_capacity_left() -> None:
    """An item of 400 KB is 98 of the 3,000 read units of a second."""
    clock = Clock(float(NOW_S))
    simulated = SimulatedStore(clock)
    state = CreatorState(creator="charli", seen={"2026-11": bytes(400_000)})
    simulated.commit(state, Change(state=state), NOW_S)
    for _ in range(31):
        simulated.load(["charli"])
    assert simulated.figures.throttled == 0
    simulated.load(["charli"])
    assert simulated.figures.throttled == 1
    assert clock.now_s == NOW_S + 1


def test_a_partition_key_has_one_shard_that_writes_it() -> None:
    writers = Writers()
    writers.check("charli", "shardId-1")
    writers.check("charli", "shardId-1")
    with pytest.raises(WrongShardError, match=r"charli: written from shardId-2 and shardId-1"):
        writers.check("charli", "shardId-2")


def test_a_state_written_in_the_meantime_is_a_conflict() -> None:
    simulated = SimulatedStore(Clock(float(NOW_S)))
    state = CreatorState(creator="charli")
    simulated.commit(state, Change(state=state), NOW_S)
    with pytest.raises(ConflictError):
        simulated.commit(state, Change(state=state), NOW_S)


def test_every_bucket_is_on_one_shard_and_every_shard_has_some() -> None:
    shards = [shard_of(bucket, 8) for bucket in range(128)]
    assert set(shards) == set(range(8))
