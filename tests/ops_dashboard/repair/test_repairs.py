"""Repairs of unreadable items on moto: nothing that can be read is lost, and nothing is doubled."""

from __future__ import annotations

import json
import zlib
from typing import Any

import msgspec
import pytest

from ops_dashboard.repair.command import key_of, run_repair
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, NotFoundError, UserError
from stream_ingest.contracts.settings import DAY_S, FlushPolicy
from stream_ingest.records.codec import BUCKETS, BatchHeader
from stream_ingest.windowing.sweeper.isolation import raise_errors
from tests.fakes.ingest.aws import OUTPUT, IngestAws
from tests.fakes.ingest.rows import header
from tests.fakes.ops.repairs import TWO, deliver, identities, listed, repairs_of

AT_END = FlushPolicy(kind="batch-end")


def body_with(state: Any, **changes: Any) -> bytes:  # noqa: ANN401 - an item's values
    """Return a state's body whose open windows have settings that this release does not know."""
    raw = msgspec.msgpack.decode(zlib.decompress(bytes(state["body"])))
    for window in raw[1].values():
        window[0] |= changes
    return zlib.compress(msgspec.msgpack.encode(raw))


@pytest.mark.parametrize(
    ("broken", "known"),
    [
        ({"version": "seven"}, True),
        ({"next_window": 1}, True),
        ({"accepted": "many"}, True),
        ({"seen": ["2026-11"]}, True),
        ({"body": "unknown setting"}, True),
        ({"body": b"garbage"}, False),
    ],
    ids=str,
)
def test_a_repaired_state_goes_on_where_it_was(
    aws: IngestAws, broken: dict[str, Any], *, known: bool
) -> None:
    """Rows that waited are added once; images that it had are duplicates as before."""
    deliver(aws, [1, 2, 3])
    item = aws.item("ann", table.STATE)
    assert item is not None
    if broken.get("body") == "unknown setting":
        broken = {"body": body_with(item, of_a_later_release=True)}
    aws.set_item("ann", table.STATE, **broken)
    assert deliver(aws, [1, 4, 5], start=1).deferred == 3
    repairs = repairs_of(aws)
    planned = repairs.plan("ann", table.STATE)
    before = aws.item("ann", table.STATE)
    copy = repairs.apply(planned)
    assert json.loads(aws.read(OUTPUT, copy))["problem"] == planned.problem
    sweep = raise_errors(aws.sweeper().sweep())
    assert (sweep.unreadable, listed(aws)) == ((), [])
    found = identities(aws)
    assert len(found) == len(set(found)) == (5 if known else 4)
    assert any("waited in its open windows" in each for each in planned.unknown) is not known
    numbers = [detail["window_id"] for detail in aws.bus.details("WindowReady")]
    assert numbers == ["ann:000001", "ann:000002"]
    assert before is not None
    assert deliver(aws, [6], start=2).deferred == 0


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(
    aws: IngestAws, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(aws, [1])
    aws.set_item("ann", table.STATE, body=b"garbage")
    before = aws.snapshot()
    run_repair(repairs_of(aws), ("ann", table.STATE), yes=False, json=False)
    shown = capsys.readouterr().err
    assert "would do: replaces the state" in shown
    assert "not known afterwards: 1 of 1 images that waited in its open windows" in shown
    assert aws.snapshot() == before
    run_repair(repairs_of(aws), ("ann", table.STATE), yes=True, json=True)
    assert json.loads(capsys.readouterr().out)["copy"].startswith("failed/items/")


def test_a_state_that_changed_since_it_was_shown_is_not_replaced(aws: IngestAws) -> None:
    deliver(aws, [1])
    aws.set_item("ann", table.STATE, body=b"garbage")
    planned = repairs_of(aws).plan("ann", table.STATE)
    deliver(aws, [2], start=1)
    with pytest.raises(ConflictError):
        repairs_of(aws).apply(planned)


def test_a_state_that_no_function_has_met_is_due_no_more_after_its_repair(aws: IngestAws) -> None:
    deliver(aws, [1], batch=header("b", flush=FlushPolicy(kind="never")))
    aws.set_item("ann", table.STATE, accepted="many")
    repairs = repairs_of(aws)
    repairs.apply(repairs.plan("ann", table.STATE))
    raise_errors(aws.sweeper().sweep())
    state = aws.item("ann", table.STATE)
    assert state is not None
    assert state.keys() & {"deferred_at", "due_at"} == set()
    assert listed(aws) == []


def test_what_can_be_read_is_not_repaired(aws: IngestAws) -> None:
    deliver(aws, [1])
    with pytest.raises(NotFoundError, match="can be read"):
        repairs_of(aws).plan("ann", table.STATE)
    with pytest.raises(NotFoundError, match="no item"):
        repairs_of(aws).plan("ben", table.STATE)


def test_a_repaired_window_has_its_images_and_can_be_built(aws: IngestAws) -> None:
    deliver(aws, [1, 2])
    aws.set_item("ann", "window#000001", attempts="three", image_count="many")
    repairs = repairs_of(aws)
    repairs.apply(repairs.plan("ann", "window#000001"))
    window = aws.item("ann", "window#000001")
    assert window is not None
    assert (window["status"], window["image_count"], window["batch_id"]) == ("failed", 2, "b")
    assert "attempts" not in window


def test_a_repaired_batch_is_abandoned_and_ends_if_its_figures_are_unknown(aws: IngestAws) -> None:
    aws.registry.register(TWO, "a.csv")
    aws.registry.record_totals("b", Totals(rows_read=9, rows_sent=9), sent=True)
    deliver(aws, [1, 2])
    aws.registry.record_drained("b", set(range(BUCKETS)))
    aws.set_item("batch#b", table.BATCH, rows_sent="all")
    repairs = repairs_of(aws)
    repairs.apply(repairs.plan("batch#b", table.BATCH))
    batch = aws.registry.load("b")
    assert batch is not None
    assert (batch.status, batch.source, batch.rows_read) == ("abandoning", "a.csv", 9)
    aws.end_windows()
    ended: tuple[str, ...] = ()
    for _ in range(3):
        ended += raise_errors(aws.sweeper().sweep()).batches_ended
        aws.clock.advance(DAY_S)
    assert ended == ("b",)


def sweep_to_end(aws: IngestAws, batch: BatchHeader, rows: int) -> None:
    """Let every row of a batch be folded, and sweep until the batch has ended."""
    aws.registry.register(batch, "a.csv")
    aws.registry.record_totals(batch.batch_id, Totals(rows_read=rows, rows_sent=rows), sent=True)
    aws.registry.record_drained(batch.batch_id, set(range(BUCKETS)))
    for _ in range(10):
        aws.end_windows()
        if batch.batch_id in aws.sweeper().sweep().batches_ended:
            return
        aws.clock.advance(60)
    pytest.fail("the batch did not end")


@pytest.mark.parametrize("repaired", ["before the end", "after the end"])
@pytest.mark.parametrize(
    "broken", [{"accepted": "many"}, {"batch_id": ["b"]}, {"version": "seven"}], ids=str
)
def test_windows_of_a_repaired_creator_close_with_their_batch(
    aws: IngestAws, broken: dict[str, Any], repaired: str
) -> None:
    """They wait neither for the next batch nor for their idle time, which may be days away."""
    batch = header("b", flush=AT_END)
    deliver(aws, [1], batch=batch)
    aws.set_item("ann", table.STATE, **broken)
    if repaired == "after the end":
        sweep_to_end(aws, batch, rows=1)
    repairs = repairs_of(aws)
    repairs.apply(repairs.plan("ann", table.STATE))
    raise_errors(aws.sweeper().sweep())
    if repaired == "before the end":
        sweep_to_end(aws, batch, rows=1)
    (window,) = aws.bus.details("WindowReady")
    assert (window["batch_id"], window["image_count"]) == ("b", 1)
    assert listed(aws) == []


def test_a_tally_that_cannot_be_read_is_replaced_and_its_batch_closes_its_windows(
    aws: IngestAws,
) -> None:
    batch = header("a", flush=AT_END)
    deliver(aws, [1], batch=batch)
    deliver(aws, [2], start=1, batch=header("c"))
    aws.set_item("batch#a", "tally#ann", accepted="many")
    repairs = repairs_of(aws)
    repairs.apply(repairs.plan("batch#a", "tally#ann"))
    tally = aws.item("batch#a", "tally#ann")
    assert tally is not None
    assert (tally["batch_id"], tally["creator"], tally["accepted"]) == ("a", "ann", 0)
    sweep_to_end(aws, batch, rows=1)
    assert listed(aws) == []
    (window,) = aws.bus.details("WindowReady")
    assert (window["batch_id"], window["image_count"]) == ("a", 2)


def test_a_tally_that_cannot_be_written_to_defers_rows_until_it_is_repaired(
    aws: IngestAws,
) -> None:
    deliver(aws, [1], batch=header("a"))
    aws.set_item("batch#a", "tally#ann", accepted="many", batch_id="a", creator="ann")
    assert deliver(aws, [2], start=1, batch=header("c")).deferred == 1
    repairs = repairs_of(aws)
    repairs.apply(repairs.plan("batch#a", "tally#ann"))
    raise_errors(aws.sweeper().sweep())
    assert listed(aws) == []
    assert len(identities(aws)) == 2


def test_an_image_list_that_cannot_be_read_is_set_aside(aws: IngestAws) -> None:
    deliver(aws, [1, 2])
    aws.set_item("ann", "images#000001", detail=b"garbage")
    repairs = repairs_of(aws)
    planned = repairs.plan("ann", "images#000001")
    assert "`ops-dashboard replay" in planned.unknown[0]
    copy = repairs.apply(planned)
    assert aws.item("ann", "images#000001") is None
    assert "ann" in aws.read(OUTPUT, copy).decode()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ann", ("ann", "state")),
        ("josé", ("jos=C3=A9", "state")),
        ("ann:000012", ("ann", "window#000012")),
        ("batch#b batch", ("batch#b", "batch")),
        ("batch#b tally#ann", ("batch#b", "tally#ann")),
    ],
)
def test_an_item_is_named_as_it_is_listed_or_by_its_creator_or_window(
    text: str, key: tuple[str, str]
) -> None:
    assert key_of(text) == key


def test_half_a_key_is_refused() -> None:
    with pytest.raises(UserError, match="in quotes"):
        key_of("batch#b")
