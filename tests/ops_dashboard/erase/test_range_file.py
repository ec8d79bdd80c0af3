from __future__ import annotations

import io
import zipfile

import pytest

from ops_dashboard.erase.range_file import RangeFile, open_range


class Recorded:
    """Bytes that count how many of them were read."""

    def __init__(self, data: bytes) -> None:
        self.data, self.read, self.requests = data, 0, 0

    def read_range(self, first: int, last: int) -> bytes:
        part = self.data[first : last + 1]
        self.read += len(part)
        self.requests += 1
        return part


def test_a_zips_last_member_is_read_without_the_others() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as pack:
        pack.writestr("0000", bytes(2_000_000))
        pack.writestr("index.json", b"{}")
    recorded = Recorded(file.getvalue())
    pack = zipfile.ZipFile(open_range(len(recorded.data), recorded.read_range))
    assert pack.read("index.json") == b"{}"
    assert recorded.read < 200_000
    assert recorded.requests == 1


def test_reading_stops_at_the_end() -> None:
    file = RangeFile(5, Recorded(b"hello").read_range)
    assert file.seek(-2, io.SEEK_END) == 3
    assert (file.read(10), file.read(10), file.tell()) == (b"lo", b"", 5)
    assert file.seek(1) == 1
    assert file.seek(1, io.SEEK_CUR) == 2
    assert file.readable()
    assert file.seekable()


def test_an_unknown_place_to_seek_from_is_an_error() -> None:
    with pytest.raises(KeyError):
        RangeFile(5, Recorded(b"hello").read_range).seek(0, 9)
