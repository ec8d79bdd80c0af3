from __future__ import annotations

import hashlib
import io
import zipfile

import pytest

from collage_lambda.originals import pack
from collage_lambda.originals.window_pack import OriginalsEntry, OriginalsPacker, StoredOriginals
from stream_ingest.contracts.errors import DecodeError


def entry(index: int, data: bytes, identity: str | None = None) -> OriginalsEntry:
    return OriginalsEntry(
        index=index,
        identity=identity or f"image-{index}",
        url="https://a/b?x-signature=c",
        sha256=hashlib.sha256(data).hexdigest(),
    )


def packed(*originals: bytes) -> bytes:
    with OriginalsPacker() as packer:
        for index, data in reversed(list(enumerate(originals))):
            packer.keep(entry(index, data), data)
        return packer.finish().read()


def test_what_is_packed_is_read_back_by_identity() -> None:
    stored = StoredOriginals(io.BytesIO(packed(b"one", b"", b"three" * 9_999)))
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
        StoredOriginals(io.BytesIO(data.replace(b"the original", b"the 0riginal"))).read("image-0")
        is None
    )


@pytest.mark.parametrize("data", [b"", b"junk", packed(b"a")[:-30]])
def test_what_is_no_pack_is_told(data: bytes) -> None:
    with pytest.raises(DecodeError):
        StoredOriginals(io.BytesIO(data))


def test_a_zip_of_another_kind_is_told() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.json", b'{"schema": 2, "images": []}')
    with pytest.raises(DecodeError):
        StoredOriginals(buffer)


def test_originals_beyond_the_limit_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "MAX_TOTAL_BYTES", 10)
    with OriginalsPacker() as packer:
        packer.keep(entry(0, b"12345678"), b"12345678")
        packer.keep(entry(1, b"12345678"), b"12345678")
        packer.keep(entry(2, b"12"), b"12")
        assert packer.count == 2
        assert StoredOriginals(packer.finish()).read("image-2") == b"12"


def test_a_large_pack_does_not_stay_in_memory() -> None:
    data = bytes(9_000_000)
    with OriginalsPacker() as packer:
        packer.keep(entry(0, data), data)
        packer.keep(entry(1, data), data)
        file = packer.finish()
        assert getattr(file, "_rolled")  # noqa: B009 - whether it went to disk is not public
        assert StoredOriginals(file).read("image-1") == data
