from __future__ import annotations

import struct
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.windowing import seen
from stream_ingest.windowing.seen import MAX_FINGERPRINTS, SeenImages


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOW_S = at("2026-11-21")


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_a_fingerprint_is_new_once(fingerprints: list[int]) -> None:
    memory = SeenImages({}, NOW_S, 90)
    assert [memory.add(each) for each in fingerprints] == [
        each not in fingerprints[:index] for index, each in enumerate(fingerprints)
    ]
    later = SeenImages(memory.pages(), NOW_S, 90)
    assert not any(later.add(each) for each in fingerprints)


def test_pages_are_little_endian_and_in_order_of_arrival() -> None:
    """The bytes are in the table: they must read the same on any machine."""
    memory = SeenImages({}, NOW_S, 90)
    for fingerprint in (3, 1, 2):
        memory.add(fingerprint)
    assert memory.pages() == {"2026-11": struct.pack("<3Q", 3, 1, 2)}


def test_a_new_month_starts_a_new_page() -> None:
    memory = SeenImages({"2026-11": struct.pack("<Q", 1)}, at("2026-12-01"), 90)
    memory.add(2)
    memory.add(1)
    assert memory.pages() == {"2026-11": struct.pack("<Q", 1), "2026-12": struct.pack("<Q", 2)}


def test_a_page_is_dropped_when_its_whole_month_lies_before_the_horizon() -> None:
    pages = {
        month: struct.pack("<Q", n) for n, month in enumerate(["2026-07", "2026-08", "2026-11"])
    }
    kept = SeenImages(pages, at("2026-11-28"), 90)
    assert set(kept.pages()) == {"2026-08", "2026-11"}
    assert kept.add(0)
    assert not SeenImages(pages, at("2026-10-28"), 90).add(0)


def test_only_the_newest_fingerprints_are_kept() -> None:
    """32,000 are 256 KB: a creator's item has to stay below DynamoDB's 400 KB."""
    old = {"2026-10": struct.pack("<5Q", *range(5)), "2026-11": struct.pack("<2Q", 5, 6)}
    memory = SeenImages(old, NOW_S, 90)
    for fingerprint in range(7, MAX_FINGERPRINTS + 3):
        assert memory.add(fingerprint)
    pages = memory.pages()
    assert set(pages) == {"2026-10", "2026-11"}
    assert pages["2026-10"] == struct.pack("<2Q", 3, 4)
    assert sum(map(len, pages.values())) == MAX_FINGERPRINTS * 8
    for fingerprint in range(MAX_FINGERPRINTS + 3, MAX_FINGERPRINTS + 6):
        memory.add(fingerprint)
    assert set(memory.pages()) == {"2026-11"}
    assert memory.pages()["2026-11"][:8] == struct.pack("<Q", 6)


def test_a_page_with_a_broken_end_is_read_up_to_there() -> None:
    memory = SeenImages({"2026-11": struct.pack("<Q", 1) + b"abc"}, NOW_S, 90)
    assert not memory.add(1)
    assert memory.add(2)
    assert seen.MAX_FINGERPRINTS == 32_000
