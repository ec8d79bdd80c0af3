"""Many images in one object, each to be read by its range."""

from __future__ import annotations

import io
import zipfile
from random import Random

import msgspec
import pytest

from collage_lambda.originals.image_pack import (
    INDEX_MEMBER,
    MAX_TOTAL_BYTES,
    PackWriter,
    open_pack,
    spool,
)
from stream_ingest.contracts.errors import DecodeError


class Index(msgspec.Struct):
    """Any index."""

    names: list[str]


def packed(bodies: dict[str, bytes]) -> tuple[bytes, dict[str, int]]:
    with PackWriter() as pack:
        offsets = {name: pack.add(name, body) for name, body in bodies.items()}
        return pack.seal(Index(list(bodies))).read(), offsets


@pytest.mark.parametrize("size", [0, 1, 100, 9_000_000])
def test_bytes_are_at_the_offset_that_add_returns(size: int) -> None:
    """Also for packs larger than the spool's memory limit."""
    bodies = {f"{n:04d}": Random(n).randbytes(size + n) for n in range(3)}  # noqa: S311 - any bytes
    data, offsets = packed(bodies)
    for name, body in bodies.items():
        assert data[offsets[name] : offsets[name] + len(body)] == body


def test_a_pack_is_an_ordinary_zip_and_the_same_each_time() -> None:
    data, _ = packed({"0000": b"one", "0001": b"two"})
    assert data == packed({"0000": b"one", "0001": b"two"})[0]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["0000", "0001", INDEX_MEMBER]
        assert archive.read("0001") == b"two"


def test_an_index_comes_back() -> None:
    data, _ = packed({"a": b"1"})
    archive, index = open_pack(io.BytesIO(data), Index)
    assert index == Index(["a"])
    assert archive.read("a") == b"1"


@pytest.mark.parametrize(
    "data", [b"", b"no zip", packed({})[0][:-9], packed({})[0].replace(b"names", b"games")]
)
def test_a_file_that_is_not_a_pack_is_a_decode_error(data: bytes) -> None:
    with pytest.raises(DecodeError, match="pack: "):
        open_pack(io.BytesIO(data), Index)


def test_a_pack_is_limited_in_bytes() -> None:
    with PackWriter() as pack:
        assert pack.has_room(bytes(9))
        pack._bytes = MAX_TOTAL_BYTES - 8  # noqa: SLF001 - 256 MB would be slow
        assert not pack.has_room(bytes(9))
        assert pack.has_room(bytes(8))


def test_a_spool_starts_empty_and_is_closed_by_its_caller() -> None:
    with spool() as file:
        file.write(b"a")
        file.seek(0)
        assert file.read() == b"a"
    assert file.closed
