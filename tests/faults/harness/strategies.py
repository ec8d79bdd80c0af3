"""Hypothesis strategies for histories. A `Flavour` says which processes have faults."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from hypothesis import strategies as st

from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from tests.faults.harness import history
from tests.faults.harness.aws.mapping import FOR_EVER
from tests.faults.harness.files import strategies as files
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.mysql import strategies as mysql

T = TypeVar("T")
_FIRST_CALLS, _CALLS = 5, 14
"""About as many calls as one invocation makes; the first ones are always made."""
_WAITS = (1, 61, 200, 800, 3_700, 7_300)
"""Past the outbox's delay, a lease, the visibility timeout, a re-emission, an idle window."""
_LONG_WAITS = (600, 2_000, 8_000)
"""A part of an overlap, and a little more than each one."""
_FAULTY = ("push", "windowing", "sweeper", "collage", "prefetch", "table", "intake")
_FLUSHES = (
    FlushPolicy(kind="never"),
    FlushPolicy(idle_s=7_200),
    BATCH_END,
    FlushPolicy(kind="batch-end", idle_s=3_600),
)


@dataclass(frozen=True)
class Flavour:
    """Which processes have faults, whether indexes lag, and whether originals are stored."""

    faulty: tuple[str, ...] = _FAULTY
    lags: bool = False
    keep_originals: bool = True
    prefetch: bool = False
    contents: bool = False
    abandons: bool = False
    corrupts: bool = False
    """Whether states become unreadable, and readable again."""
    table: bool = False
    """Whether a MySQL table is pushed and followed."""
    files: bool = False
    """Whether files are dropped, and letters of the intake redriven and dropped."""
    limits: bool = False
    """Whether Lambda discards records, after few retries or soon, and records are spoiled."""
    follows: bool = True
    """Whether the table is followed, and not only pushed."""
    batches: int = 2
    """Number of further batches."""


FLAVOURS = {
    "windowing": Flavour(faulty=("push", "windowing")),
    "sweeper": Flavour(faulty=("sweeper", "windowing")),
    "collage": Flavour(faulty=("collage",)),
    "indexes": Flavour(faulty=("sweeper",), lags=True),
    "everything": Flavour(lags=True),
    "prefetch": Flavour(faulty=("sweeper", "collage", "prefetch"), prefetch=True),
    "everything prefetched": Flavour(lags=True, prefetch=True),
    "contents": Flavour(faulty=("collage",), contents=True),
    "abandoned": Flavour(faulty=("push", "windowing", "sweeper"), abandons=True),
    "everything with contents": Flavour(lags=True, prefetch=True, contents=True),
    "discarded": Flavour(faulty=("push", "windowing", "sweeper"), limits=True),
    "everything discarded": Flavour(lags=True, prefetch=True, abandons=True, limits=True),
    "unreadable": Flavour(faulty=("push", "windowing", "sweeper"), corrupts=True),
    "files": Flavour(faulty=("intake",), files=True, batches=1),
    "everything with files": Flavour(lags=True, files=True, abandons=True, batches=1),
    "pushed table": Flavour(faulty=("table",), table=True, batches=0, follows=False),
    "followed table": Flavour(faulty=("table",), table=True, batches=0),
    "everything with a table": Flavour(lags=True, table=True),
}


def faults() -> st.SearchStrategy[tuple[Fault, ...]]:
    """Draw the faults of one invocation: none, one, or two."""
    fault = st.builds(
        Fault,
        kind=st.sampled_from(Kind),
        nth=st.one_of(st.integers(0, _FIRST_CALLS), st.integers(0, _CALLS)),
        times=st.sampled_from((1, 1, 1, 3)),
    )
    one = st.tuples(fault)
    return st.one_of(st.just(()), one, one, st.tuples(fault, fault))


def steps(flavour: Flavour) -> st.SearchStrategy[history.Step]:
    """Draw one step."""
    faults_of = {name: faults() if name in flavour.faulty else st.just(()) for name in _FAULTY}
    small, times = st.integers(0, 5), st.integers(1, 3)
    push = st.builds(history.Push, small, times, faults_of["push"])
    deliver = st.builds(history.Deliver, small, times, faults_of["windowing"])
    work = st.builds(
        history.Work, small, times, faults_of["collage"], st.sampled_from((1, 1, 2, 5))
    )
    wait = st.builds(history.Wait, st.sampled_from(_WAITS))
    sweep = st.builds(history.Sweep, st.booleans(), faults_of["sweeper"])
    again = st.builds(
        history.Redeliver,
        small,
        st.integers(0, 20),
        st.integers(1, 12),
        st.integers(0, 11),
        faults_of["windowing"],
    )
    redeliver_message = st.builds(
        history.RedeliverMessage, st.integers(0, 20), faults_of["collage"]
    )
    usual = [*[push] * 3, *[deliver] * 4, *[work] * 5, *[sweep] * 2, *[wait] * 2]
    usual += [again, again, redeliver_message, redeliver_message, st.builds(history.Resume, small)]
    rare = [
        st.builds(history.Replay, small),
        st.builds(history.Poison, small, small),
        st.builds(history.ToggleImage, st.integers(0, 12)),
    ]
    if flavour.abandons:
        rare += [st.builds(history.Abandon, small, st.booleans(), faults_of["push"])] * 2
        rare.append(st.builds(history.Rival, small))
    if flavour.corrupts:
        corrupt = st.builds(history.Corrupt, small, small)
        rare += [corrupt] * 6 + [st.builds(history.Heal, small)]
    if flavour.limits:
        rare += [st.builds(history.Spoil, st.integers(0, 60)), deliver, deliver, push]
    lag = [st.builds(history.IndexLag, small)] * 2 if flavour.lags else []
    prefetch = st.builds(history.Prefetch, small, st.just(value=False), faults_of["prefetch"])
    redeliver_prefetch = st.builds(
        history.Prefetch, small, st.just(value=True), faults_of["prefetch"]
    )
    prefetched = (
        [prefetch, prefetch, prefetch, prefetch, redeliver_prefetch, sweep, sweep]
        if flavour.prefetch
        else []
    )
    table: list[st.SearchStrategy[history.Step]] = []
    if flavour.table:
        table = [*mysql.table_steps(faults_of["table"], follows=flavour.follows)] * 2
    if flavour.files:
        usual += list(files.steps(faults_of["intake"])) * 2
    if not flavour.batches:
        long_wait = st.builds(history.Wait, st.sampled_from(_LONG_WAITS))
        return st.one_of([*table, deliver, sweep, *[long_wait] * 6])
    return st.one_of(usual + rare + lag + prefetched + table)


def batch_plans() -> st.SearchStrategy[history.BatchPlan]:
    """Draw a batch of a few creators with repeated images."""
    row = st.tuples(st.integers(0, 2), st.integers(0, 12))
    return st.builds(
        history.BatchPlan,
        images=st.sampled_from((3, 3, 2, 1)),
        flush=st.sampled_from(_FLUSHES),
        rows=long_lists(row, 3),
        chunk_rows=st.integers(2, 12),
        refused=st.integers(0, 2),
    )


def long_lists(each: st.SearchStrategy[T], parts: int) -> st.SearchStrategy[tuple[T, ...]]:
    """Draw lists of about five times `parts`, which shrink to nothing.

    Without a minimum length, Hypothesis draws lists of five elements on average.
    """
    part = st.lists(each, max_size=12)
    return st.tuples(*(part,) * parts).map(lambda lists: tuple(chain.from_iterable(lists)))


def histories(flavour: Flavour, *, parts: int = 8) -> st.SearchStrategy[history.History]:
    """Draw a history of about five times `parts` steps."""
    retries = st.sampled_from((FOR_EVER, 0, 0, 1, 3))
    ages_s = st.sampled_from((300, 1_000, 4_000))
    return st.builds(
        history.History,
        batches=st.tuples(*[batch_plans()] * flavour.batches),
        steps=long_lists(steps(flavour), parts),
        gone=st.frozensets(st.integers(0, 12), max_size=4),
        keep_originals=st.just(flavour.keep_originals),
        prefetch=st.just(flavour.prefetch),
        contents=st.just(flavour.contents),
        files=files.plans() if flavour.files else st.just(()),
        file_receives=st.sampled_from((1, 2, 3)) if flavour.files else st.just(3),
        mysql=mysql.plans() if flavour.table else st.none(),
        batch_size=st.sampled_from((1, 2, 4, 10)),
        parallelization=st.sampled_from((1, 1, 2)),
        max_retries=retries if flavour.limits else st.just(FOR_EVER),
        max_record_age_s=ages_s if flavour.limits else st.just(FOR_EVER),
    )
