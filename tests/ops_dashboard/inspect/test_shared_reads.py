from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest

from ops_dashboard.inspect.shared_reads import SHARED_S, SharedReads

MOST = 1_000


class Source:
    """Yields 0, 1, … and counts how often it is read from the start."""

    def __init__(self, size: int) -> None:
        self.size, self.starts, self.yielded = size, 0, 0
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.error: Exception | None = None

    def read(self) -> Iterator[int]:
        self.starts += 1
        for number in range(self.size):
            assert self.may_go_on.wait(10)
            self.yielded += 1
            yield number
        if self.error:
            raise self.error


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_readers_of_a_page_share_one_read_and_read_no_more_than_they_need() -> None:
    source, reads = Source(9), SharedReads[int](Clock(), MOST)
    assert list(islice(reads.join("any", "list", source.read), 3)) == [0, 1, 2]
    assert source.yielded == 3
    assert list(reads.join("any", "totals", source.read)) == list(range(9))
    assert (source.starts, source.yielded) == (1, 9)


@pytest.mark.parametrize(
    ("key", "reader", "after_s"),
    [("any", "list", 0), ("other", "totals", 0), ("any", "totals", SHARED_S + 0.1)],
    ids=["the same again", "of another filter", "later"],
)
def test_another_request_reads_anew(key: str, reader: str, after_s: float) -> None:
    clock, source = Clock(), Source(3)
    reads = SharedReads[int](clock, MOST)
    list(reads.join("any", "list", source.read))
    clock.now_s += after_s
    assert list(reads.join(key, reader, source.read)) == [0, 1, 2]
    assert source.starts == 2


def test_threads_that_read_at_once_get_each_item_once() -> None:
    source, reads = Source(500), SharedReads[int](Clock(), MOST)
    source.may_go_on.clear()
    with ThreadPoolExecutor(2) as threads:
        joined = [reads.join("any", reader, source.read) for reader in ("list", "totals")]
        found = [threads.submit(list, each) for each in joined]
        source.may_go_on.set()
        assert [each.result() for each in found] == [list(range(500))] * 2
    assert source.yielded == 500


def test_an_error_reaches_every_reader() -> None:
    source, reads = Source(1), SharedReads[int](Clock(), MOST)
    source.error = RuntimeError("throttled")
    for reader in ("list", "totals"):
        with pytest.raises(RuntimeError, match="throttled"):
            list(reads.join("any", reader, source.read))
    assert source.starts == 1


def test_what_only_one_reader_goes_on_to_is_not_kept() -> None:
    source, reads = Source(9), SharedReads[int](Clock(), 4)
    assert list(islice(reads.join("any", "list", source.read), 4)) == [0, 1, 2, 3]
    assert list(reads.join("any", "totals", source.read)) == list(range(9))
    assert (source.starts, source.yielded) == (1, 9)
    assert list(reads.join("any", "ids", source.read)) == list(range(9)), "reads anew"
    assert source.starts == 2


def test_a_slow_read_keeps_no_other_request_waiting() -> None:
    """`join` reads nothing: whoever takes an item does."""
    source, reads = Source(3), SharedReads[int](Clock(), MOST)
    source.may_go_on.clear()
    slow = reads.join("any", "list", source.read)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(next, slow)
        other = Source(3)
        assert list(reads.join("other", "list", other.read)) == [0, 1, 2]
        source.may_go_on.set()
        assert first.result() == 0
