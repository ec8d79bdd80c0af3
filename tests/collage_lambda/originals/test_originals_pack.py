from __future__ import annotations

import hashlib
import io
import zipfile

import pytest

from collage_lambda.originals import image_pack
from collage_lambda.originals.originals_pack import OriginalEntry, OriginalsReader, OriginalsWriter
from stream_ingest.contracts.errors import DecodeError


def entry(index: int, data: bytes, identity: str | None = None) -> OriginalEntry:
    return OriginalEntry(
        index=index,
        identity=identity or f"image-{index}",
        url="https://a/b?x-signature=c",
        sha256=hashlib.sha256(data).hexdigest(),
    )


def packed(*originals: bytes) -> bytes:
    with OriginalsWriter() as packer:
        for index, data in reversed(list(enumerate(originals))):
            packer.add_original(entry(index, data), data)
        return packer.finish().read()


def test_what_is_packed_is_read_back_by_identity() -> None:
    stored = OriginalsReader(io.BytesIO(packed(b"one", b"", b"three" * 9_999)))
    assert stored.count == 3
    assert stored.read("image-0") == b"one"
    assert stored.read("image-1") == b""
    assert stored.read("image-2") == b"three" * 9_999
    assert stored.read("image-3") is None


def test_any_zip_tool_opens_a_pack() -> None:
    with zipfile.ZipFile(io.BytesIO(packed(b"one", b"two"))) as archive:
        assert sorted(archive.namelist()) == ["0000", "0001", "index.json"]
        assert archive.read("0001") == b"two"
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())


def test_an_original_that_changed_is_not_used() -> None:
    data = packed(b"the original")
    assert (
        OriginalsReader(io.BytesIO(data.replace(b"the original", b"the 0riginal"))).read("image-0")
        is None
    )


@pytest.mark.parametrize("data", [b"", b"junk", packed(b"a")[:-30]])
def test_a_file_that_is_not_a_pack_of_originals_is_a_decode_error(data: bytes) -> None:
    with pytest.raises(DecodeError):
        OriginalsReader(io.BytesIO(data))


def test_another_kind_of_zip_is_a_decode_error() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.json", b'{"schema": 2, "images": []}')
    with pytest.raises(DecodeError):
        OriginalsReader(buffer)


def test_originals_beyond_the_limit_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_pack, "MAX_TOTAL_BYTES", 10)
    with OriginalsWriter() as packer:
        packer.add_original(entry(0, b"12345678"), b"12345678")
        packer.add_original(entry(1, b"12345678"), b"12345678")
        packer.add_original(entry(2, b"12"), b"12")
        assert packer.count == 2
        assert OriginalsReader(packer.finish()).read("image-2") == b"12"


def test_a_large_pack_does_not_stay_in_memory() -> None:
    data = bytes(9_000_000)
    with OriginalsWriter() as packer:
        packer.add_original(entry(0, data), data)
        packer.add_original(entry(1, data), data)
        file = packer.finish()
        assert getattr(file, "_rolled")  # noqa: B009 - whether it went to disk is not public
        assert OriginalsReader(file).read("image-1") == data
