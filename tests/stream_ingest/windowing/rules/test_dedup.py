from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.identity import FINGERPRINT_BYTES
from stream_ingest.windowing.rules import dedup
from stream_ingest.windowing.rules.dedup import MAX_FINGERPRINTS, SeenImages


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOW_S = at("2026-11-21")


def print_of(number: int) -> bytes:
    return number.to_bytes(FINGERPRINT_BYTES, "big")


def page_of(numbers: Iterable[int]) -> bytes:
    return b"".join(map(print_of, numbers))


_FINGERPRINTS = st.binary(min_size=FINGERPRINT_BYTES, max_size=FINGERPRINT_BYTES)
_ALIKE = st.lists(st.sampled_from([0, 1]), min_size=FINGERPRINT_BYTES, max_size=FINGERPRINT_BYTES)
"""Fingerprints whose bytes often occur in two adjacent others."""


@given(
    st.lists(_FINGERPRINTS | _ALIKE.map(bytes), max_size=60),
    st.lists(_FINGERPRINTS | _ALIKE.map(bytes), max_size=60),
    st.integers(0, 60),
)
def test_a_fingerprint_is_new_once(stored: list[bytes], added: list[bytes], adding: int) -> None:
    """Whether the pages are searched or indexed, which depends on how many are to be added."""
    pages = {"2026-10": b"".join(stored[::2]), "2026-11": b"".join(stored[1::2])}
    memory = SeenImages(pages, NOW_S, 90, adding)
    assert [memory.add(each) for each in added] == [
        each not in {*stored, *added[:index]} for index, each in enumerate(added)
    ]
    later = SeenImages(memory.pages(), NOW_S, 90, adding)
    assert not any(later.add(each) for each in added)


def test_a_fingerprint_is_not_found_across_two_others() -> None:
    """Searching finds the end of one and the start of the next, which together are not stored."""
    stored = bytes(5) + b"\1" + b"\2" + bytes(5) + page_of(range(1_000, 1_100))
    memory = SeenImages({"2026-11": stored}, NOW_S, 90, 1)
    assert memory.add(b"\0\0\0\0\1\2")
    assert not memory.add(b"\0\0\0\0\0\1")


def test_a_page_is_its_fingerprints_in_order_of_arrival() -> None:
    memory = SeenImages({}, NOW_S, 90, 1)
    for number in (3, 1, 2):
        memory.add(print_of(number))
    assert memory.pages() == {"2026-11": page_of([3, 1, 2])}


def test_a_new_month_starts_a_new_page() -> None:
    memory = SeenImages({"2026-11": print_of(1)}, at("2026-12-01"), 90, 1)
    memory.add(print_of(2))
    memory.add(print_of(1))
    assert memory.pages() == {"2026-11": print_of(1), "2026-12": print_of(2)}


def test_a_page_is_dropped_when_its_whole_month_lies_before_the_horizon() -> None:
    pages = {month: print_of(n) for n, month in enumerate(["2026-07", "2026-08", "2026-11"])}
    stored = SeenImages(pages, at("2026-11-28"), 90, 1)
    assert set(stored.pages()) == {"2026-08", "2026-11"}
    assert stored.add(print_of(0))
    assert not SeenImages(pages, at("2026-10-28"), 90, 1).add(print_of(0))


def test_only_the_newest_fingerprints_are_kept() -> None:
    """32,000 are 192 KB: a creator's item has to stay below DynamoDB's 400 KB."""
    old = {"2026-10": page_of(range(5)), "2026-11": page_of([5, 6])}
    memory = SeenImages(old, NOW_S, 90, MAX_FINGERPRINTS)
    for number in range(7, MAX_FINGERPRINTS + 3):
        assert memory.add(print_of(number))
    pages = memory.pages()
    assert set(pages) == {"2026-10", "2026-11"}
    assert pages["2026-10"] == page_of([3, 4])
    assert sum(map(len, pages.values())) == MAX_FINGERPRINTS * FINGERPRINT_BYTES
    for number in range(MAX_FINGERPRINTS + 3, MAX_FINGERPRINTS + 6):
        memory.add(print_of(number))
    assert set(memory.pages()) == {"2026-11"}
    assert memory.pages()["2026-11"][:FINGERPRINT_BYTES] == print_of(6)


def test_a_page_with_a_broken_end_is_read_up_to_there() -> None:
    memory = SeenImages({"2026-11": print_of(1) + b"abc"}, NOW_S, 90, 1)
    assert not memory.add(print_of(1))
    assert memory.add(print_of(2))
    assert dedup.MAX_FINGERPRINTS == 32_000
