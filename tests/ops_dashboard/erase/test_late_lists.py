"""A writer that has read a creator's state before its erasure leaves no image list behind."""

from __future__ import annotations

from typing import Any

import pytest

from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.closing import MAX_CLOSED
from stream_ingest.windowing.rules.fold import Arrival, fold
from stream_ingest.windowing.rules.numbering import Numbering
from stream_ingest.windowing.rules.state import CreatorState
from stream_ingest.windowing.table_numbering import TableNumbering
from stream_ingest.windowing.window_items import BAR_LIFE_S, barred_list
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.fold import RULES
from tests.fakes.ingest.rows import cover_row
from tests.fakes.ops.erase_bench import ANN, FIRST, SECOND, EraseBench
from tests.fakes.ops.table import OpsTable
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.injector import Fault, Faults, Faulty, Kind


@pytest.fixture
def bench(ops_table: OpsTable) -> EraseBench:
    return EraseBench(ops_table.aws)


def erase_beside_late_writers(bench: EraseBench, nth: int) -> bool:
    """Erase a creator that has new windows, while others store lists of it before the nth call.

    They have read the state after or before those windows closed, and die before they write it.
    Return whether there was such a call.
    """
    bench.aws.clock.advance(1_000)
    early = bench.aws.store.load([ANN])[ANN]
    first = 1_000 + 10 * nth
    bench.fold(ANN, range(first, first + 5), SECOND, int(bench.aws.clock()))
    states = [early, bench.aws.store.load([ANN])[ANN]]
    rows = [
        Arrival(FIRST, position, cover_row(first + position, ANN), int(bench.aws.clock()))
        for position in range(100 * nth + 10, 100 * nth + 14)
    ]
    faults = Faults([])

    class Beside(Faulty):
        """Lets the writers store their lists before a call of the erasure."""

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as `Faulty`
            if len(faults.calls) == nth and states:
                late = [states.pop(), states.pop()]
                for state in late:
                    store_lists(bench, state, rows)
            return super().__getattr__(name)

    bench.erasure(lambda client, name: Beside(client, name, faults)).run(block=False)
    return not states


def store_lists(bench: EraseBench, state: CreatorState, rows: list[Arrival]) -> None:
    """Store the lists of the windows that rows close, and die before the transaction."""
    killed = Faults([Fault(Kind.KILLED_BEFORE, operation="transact_write_items")])
    dynamodb: Any = Faulty(bench.aws.dynamodb, "dynamodb", killed)
    now_s = int(bench.aws.clock())
    change = fold(state, rows, now_s, RULES)
    assert len(change.windows) == 2
    with pytest.raises(KilledError):
        CreatorRepository(dynamodb, TABLE).commit(state, change, now_s)
    assert killed.calls.count("dynamodb.put_item") == 2


@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_no_image_list_is_left_that_a_late_writer_stores_at_any_call(
    bench: EraseBench, step: int
) -> None:
    nth = 0
    while erase_beside_late_writers(bench, nth):
        assert bench.places_of(ANN) == {f"{ANN}/state"}, nth
        nth += step
    assert nth > 3 * step


def test_what_bars_image_lists_has_no_image_and_expires_in_a_day(bench: EraseBench) -> None:
    """Lists of old windows are not barred: no writer lives that has not read of them."""
    bench.aws.clock.advance(BAR_LIFE_S)
    bench.fold(ANN, range(500, 501), SECOND)
    bench.erasure().run(block=False)
    assert bench.bars() == {
        f"{ANN}/images#{number:06d}": barred_list(ANN, number, int(bench.aws.clock()))
        for number in range(5, 6 + MAX_CLOSED)
    }


def test_windows_of_a_restored_table_are_barred_by_their_numbers(bench: EraseBench) -> None:
    """They begin at a number that the creator's state does not have yet."""
    numbering = TableNumbering(bench.aws.dynamodb, TABLE, bench.aws.clock)
    created_at_ms = numbering.facts().created_at_ms
    numbering.write(Numbering(created_at_ms=created_at_ms, first=1_000))
    state = bench.erasure().run(block=False).state
    assert state.next_window == 1_000 + MAX_CLOSED
    assert f"{ANN}/images#001000" in bench.bars()
