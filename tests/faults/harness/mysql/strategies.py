"""Hypothesis strategies for what happens to a MySQL table and to the commands that read it."""

from __future__ import annotations

from hypothesis import strategies as st

from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.mysql import steps

_HOUR_S = 3_600
_AHEAD_S = (0, 0, 8 * _HOUR_S, -8 * _HOUR_S)
_FLUSHES = (FlushPolicy(kind="never"), FlushPolicy(idle_s=7_200), BATCH_END)
_SERVICES = ("mysql", "mysql", "disk", "dynamodb", "kinesis")
_KINDS = (*Kind, Kind.KILLED_BEFORE, Kind.KILLED_AFTER, Kind.DENIED)
_CALLS = 6
_SLOW, _LATE = (0, 0.2, 0.4), (0, 0.2, 0.5)
"""With the steps of the clock, half an overlap, at most an overlap."""


def plans() -> st.SearchStrategy[steps.MysqlPlan]:
    """Draw a table, clocks and the settings of its batches."""
    return st.builds(
        steps.MysqlPlan,
        has_key=st.booleans(),
        by_time=st.booleans(),
        overlap_s=st.sampled_from((1_800, 2 * _HOUR_S)),
        database_ahead_s=st.sampled_from(_AHEAD_S),
        host_ahead_s=st.sampled_from(_AHEAD_S),
        images=st.sampled_from((3, 3, 2, 1)),
        flush=st.sampled_from(_FLUSHES),
        chunk_rows=st.integers(1, 6),
    )


def table_steps(
    faults: st.SearchStrategy[steps.Faults], *, follows: bool
) -> list[st.SearchStrategy[steps.MysqlStep]]:
    """Return strategies of steps, each as often as it is to be drawn."""
    small, image = st.integers(0, 5), st.integers(0, 12)
    faults = (
        st.one_of(st.just(()), st.just(()), faults, _of_a_service())
        if not faults.is_empty
        else faults
    )
    insert = st.builds(
        steps.Insert,
        creator=small,
        image=image,
        slow=st.sampled_from(_SLOW),
        late=st.sampled_from(_LATE),
        ahead=st.sampled_from((False, False, True)),
        old=st.booleans(),
    )
    change = st.builds(steps.Change, small, st.sampled_from(steps.How))
    push = st.builds(
        steps.PushTable,
        rows=st.sampled_from((steps.Rows.NEW, steps.Rows.NEW, *steps.Rows)),
        since=st.sampled_from((-0.5, 0.1, 0.7, 1, 1.3, 30)),
        until=st.sampled_from((*[None] * 6, -1, 0.2, 0.7)),
        faults=faults,
    )
    follow = st.builds(steps.Follow, faults)
    stop = st.builds(steps.StopFollower, st.booleans())
    following = [*[follow] * 4, stop] if follows else []
    return [
        *[insert] * 8,
        *[push] * 4,
        *following,
        change,
        change,
        st.builds(steps.Drift, st.sampled_from((-1, 0, 1))),
        st.builds(steps.ResumeTable, small, faults),
        st.builds(steps.ContinuePush, small),
    ]


def _of_a_service() -> st.SearchStrategy[steps.Faults]:
    """Draw a fault of one service: the nth of its calls, or some in a row."""
    fault = st.builds(
        Fault,
        kind=st.sampled_from(_KINDS),
        nth=st.integers(0, _CALLS),
        service=st.sampled_from(_SERVICES),
        times=st.sampled_from((1, 1, 4)),
    )
    return st.tuples(fault)
