from __future__ import annotations

import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.windowing.rules.state import (
    CreatorState,
    OpenImage,
    OpenWindow,
    Tally,
    Watermark,
    decode_body,
    encode_body,
)

WRITTEN = (
    "789c9bccd8b8307b46f3b29cc4cafcd292d62545f9e5c5ac4b92f3738ad99727a7e6e4c417549c39"
    "b1bcb0343127b3a4327e55526272767a517e695eca72e53430d898999b989e5a1c5f905a145f9e99"
    "97925faebc342da7b438a369493690bb24332527751988882f3ec7c069d5b030696109fbc429eb33"
    "4a4a0a8aadf4f553f592f373f50d1927a289182dca4cb199b83029b97161d22456760039414655"
)
COUNTS = st.integers(0, 1 << 53)
WINDOWS = st.builds(
    OpenWindow,
    st.just(BatchSettings()),
    st.text(max_size=9),
    st.text(max_size=9),
    COUNTS,
    st.lists(
        st.builds(
            OpenImage,
            st.text(max_size=9),
            st.integers(-(1 << 47), 1 << 47),
            st.lists(st.text(max_size=9), max_size=3).map(tuple),
            st.none() | st.text(max_size=9),
        ),
        max_size=4,
    ).map(tuple),
    st.none() | COUNTS,
    st.lists(st.text(max_size=9), max_size=2).map(tuple),
    st.none() | COUNTS,
)
STATES = st.builds(
    CreatorState,
    creator=st.just("charli"),
    open=st.dictionaries(st.text(max_size=9), WINDOWS, max_size=3),
    watermarks=st.dictionaries(
        st.text(max_size=9), st.builds(Watermark, COUNTS, COUNTS), max_size=3
    ),
)


@given(STATES)
def test_a_body_is_read_as_it_was_written(state: CreatorState) -> None:
    assert decode_body(encode_body(state)) == (state.open, state.watermarks, state.recorded)


@given(st.binary(max_size=80))
def test_bytes_that_were_never_a_body_are_a_decode_error(data: bytes) -> None:
    for attempt in (data, zlib.compress(data)):
        with pytest.raises(DecodeError):
            decode_body(attempt)


@given(STATES, st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_body_is_refused_or_still_a_body(
    state: CreatorState, damage: list[tuple[int, int]]
) -> None:
    content = bytearray(zlib.decompress(encode_body(state)))
    for at, byte in damage:
        content[at % len(content)] = byte
    try:
        decode_body(zlib.compress(bytes(content)))
    except DecodeError:
        return


def test_a_body_of_a_later_schema_is_reported_as_such() -> None:
    later = zlib.compress(msgspec.msgpack.encode([2, {}, {}]))
    with pytest.raises(DecodeError, match="schema 2, this release reads 1"):
        decode_body(later)


def test_a_body_written_before_is_still_read() -> None:
    """The items of a running deployment: its open windows would be lost with their layout."""
    image = OpenImage("https://e.com/1", 1, ("https://e.com/2",), "id")
    window = OpenWindow(BatchSettings(), "b", "t", 7, (image,), 60, ("b",), 99)
    written = bytes.fromhex(WRITTEN)
    assert decode_body(written) == ({"k": window}, {"b": Watermark(5, 7)}, {})


def test_tallies_add_up_counter_by_counter() -> None:
    assert Tally(1, 2, 3) + Tally(10, 20, 30) == Tally(11, 22, 33)
    assert not Tally()
    assert all((Tally(accepted=1), Tally(duplicates=1), Tally(windows=1)))
