"""What holds for the fold whatever comes, however it is cut, repeated and mixed.

The streams are those that the pipeline can see: rows of one creator, of several batches, each
batch's positions growing; Lambda delivers any slice of it again from any earlier point; a producer
in doubt puts the same bytes into the stream once more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.records.codec import BatchHeader
from stream_ingest.windowing.rules.fold import Arrival, Rules, fold
from stream_ingest.windowing.rules.state import ClosedWindow, CreatorState, Tally
from tests.fakes.ingest.rows import NOW_S, cover_row, header, object_id

POLICIES = [FlushPolicy(kind="never"), FlushPolicy(), FlushPolicy(kind="batch-end")]


@st.composite
def batches(draw: st.DrawFn) -> list[BatchHeader]:
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=2))
    return [
        header(
            f"batch-{number}",
            images=draw(st.sampled_from(sizes)),
            flush=draw(st.sampled_from(POLICIES)),
        )
        for number in range(draw(st.integers(1, 3)))
    ]


@st.composite
def streams(draw: st.DrawFn, length: int = 60) -> list[Arrival]:
    """Rows of several batches in any mixture, many of them the same image."""
    headers = draw(batches())
    following = dict.fromkeys(range(len(headers)), 0)
    stream = []
    for which, number, gap in draw(
        st.lists(
            st.tuples(
                st.integers(0, len(headers) - 1), st.integers(0, 30), st.sampled_from([1, 1, 900])
            ),
            max_size=length,
        )
    ):
        stream.append(Arrival(headers[which], following[which], cover_row(number)))
        following[which] += gap
    return stream


@st.composite
def deliveries(draw: st.DrawFn, stream: Sequence[Arrival]) -> list[list[Arrival]]:
    """Any split of a stream, with any redelivery from before and any producer's repetition."""
    cut: list[list[Arrival]] = []
    done = 0
    while done < len(stream):
        start = draw(st.integers(0, done)) if draw(st.booleans()) else done
        end = draw(st.integers(start, len(stream)))
        part = list(stream[start:end])
        if part and draw(st.booleans()):
            at = draw(st.integers(1, len(part)))
            resent = draw(st.integers(0, at))
            part[at:at] = part[resent:at]
        cut.append(part)
        done = max(done, end)
    return cut


class Run:
    """A creator's history: everything that the folds returned, put together."""

    def __init__(self) -> None:
        self.state = CreatorState(creator="charli")
        self.windows: list[ClosedWindow] = []
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self.now_s = NOW_S

    def deliver(self, rows: Sequence[Arrival]) -> None:
        done = 0
        self.now_s += 60
        while done < len(rows):
            change = fold(self.state, rows[done:], self.now_s, Rules())
            assert change.taken > 0
            assert 1 + 2 * len(change.windows) + len(change.spilled) <= 100
            assert bool(change) == (change.taken > change.resent)
            self.windows += change.windows
            for batch, tally in change.spilled.items():
                self.tallies[batch] += tally
            self.state = change.state
            done += change.taken

    def totals(self) -> dict[str, Tally]:
        totals = dict(self.tallies)
        if self.state.batch_id:
            before = totals.get(self.state.batch_id, Tally())
            totals[self.state.batch_id] = before + self.state.tally
        return totals

    def images_by_key(self) -> dict[str, list[str]]:
        """Identities in order of arrival: those of closed windows, then those that wait."""
        images: dict[str, list[str]] = defaultdict(list)
        for window in self.windows:
            images[window.settings.window_key] += [image.identity for image in window.images]
        for key, open_window in self.state.open.items():
            images[key] += [image.identity or image.url for image in open_window.images]
        return {key: [_short(identity) for identity in each] for key, each in images.items()}


def _short(identity: str) -> str:
    """Open images keep the URL only; what stands for either is the object id."""
    return identity.partition("tiktokcdn.com/")[2].partition("~")[0] or identity


def first_occurrences(stream: Sequence[Arrival]) -> dict[str, list[str]]:
    """Each image once, where it came first, by the settings of the batch that brought it."""
    seen: set[str] = set()
    images: dict[str, list[str]] = defaultdict(list)
    for arrival in stream:
        if arrival.row.identity not in seen:
            seen.add(arrival.row.identity)
            images[arrival.batch.settings.window_key].append(arrival.row.identity)
    return dict(images)


@given(st.data(), streams())
@settings(max_examples=250)
def test_each_image_ends_exactly_once_in_the_order_in_which_it_came(
    data: st.DataObject, stream: list[Arrival]
) -> None:
    """Nothing lost, nothing doubled, nothing out of place: laws 1 and 2."""
    run = Run()
    for rows in data.draw(deliveries(stream)):
        run.deliver(rows)
    assert run.images_by_key() == first_occurrences(stream)


@given(st.data(), streams())
@settings(max_examples=250)
def test_every_window_is_full_and_there_are_as_many_as_can_be(
    data: st.DataObject, stream: list[Arrival]
) -> None:
    run = Run()
    for rows in data.draw(deliveries(stream)):
        run.deliver(rows)
    sizes = {a.batch.settings.window_key: a.batch.settings.images_per_window for a in stream}
    closed = Counter(window.settings.window_key for window in run.windows)
    for key, images in first_occurrences(stream).items():
        assert closed[key] == len(images) // sizes[key]
    for window in run.windows:
        assert len(window.images) == window.settings.images_per_window
        assert window.because == "full"
    assert [window.number for window in run.windows] == list(range(1, len(run.windows) + 1))
    assert run.state.next_window == len(run.windows) + 1
    for key, open_window in run.state.open.items():
        assert 0 < len(open_window.images) < sizes[key]


@given(st.data(), streams())
@settings(max_examples=250)
def test_each_batchs_rows_are_tallied_once(data: st.DataObject, stream: list[Arrival]) -> None:
    run = Run()
    for rows in data.draw(deliveries(stream)):
        run.deliver(rows)
    rows_of = Counter(arrival.batch.batch_id for arrival in stream)
    first: set[str] = set()
    accepted: Counter[str] = Counter()
    for arrival in stream:
        if arrival.row.identity not in first:
            first.add(arrival.row.identity)
            accepted[arrival.batch.batch_id] += 1
    windows = Counter(window.batch_id for window in run.windows)
    assert run.totals() == {
        batch: Tally(accepted[batch], rows - accepted[batch], windows[batch])
        for batch, rows in rows_of.items()
    }


@given(st.data(), streams())
@settings(max_examples=250)
def test_how_a_stream_is_cut_makes_no_difference(
    data: st.DataObject, stream: list[Arrival]
) -> None:
    whole, cut = Run(), Run()
    whole.deliver(stream)
    for rows in data.draw(deliveries(stream)):
        cut.deliver(rows)
    assert cut.windows == whole.windows
    assert cut.totals() == whole.totals()
    assert cut.state.seen == whole.state.seen
    assert {key: w.images for key, w in cut.state.open.items()} == {
        key: w.images for key, w in whole.state.open.items()
    }
    assert {key: (w.ending, w.idle_s) for key, w in cut.state.open.items()} == {
        key: (w.ending, w.idle_s) for key, w in whole.state.open.items()
    }
    marks = [
        {batch: mark.position for batch, mark in run.state.watermarks.items()}
        for run in (cut, whole)
    ]
    assert marks[0] == marks[1]


@pytest.mark.parametrize("rows_at_once", [1, 39, 40, 41, 95, 260])
def test_a_stream_that_fills_many_transactions_ends_as_one_that_does_not(
    rows_at_once: int,
) -> None:
    """With one image a window every row closes one: the fold stops again and again."""
    batch = header(images=1)
    stream = [Arrival(batch, n, cover_row(n % 170)) for n in range(260)]
    run = Run()
    for start in range(0, len(stream), rows_at_once):
        run.deliver(stream[max(0, start - 7) : start + rows_at_once])
    assert [window.images[0].identity for window in run.windows] == [
        object_id(n) for n in range(170)
    ]
    assert run.totals() == {"batch-1": Tally(170, 90, 170)}


@given(st.data(), streams())
@settings(max_examples=250)
def test_delivering_it_all_again_changes_nothing(
    data: st.DataObject, stream: list[Arrival]
) -> None:
    run = Run()
    run.deliver(stream)
    before = (run.state, list(run.windows), run.totals())
    for rows in data.draw(deliveries(stream)):
        run.deliver(rows)
    assert (run.state, run.windows, run.totals()) == before
