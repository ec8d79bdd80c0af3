"""The originals of several windows in one pack, each to be read by its range."""

from __future__ import annotations

import io
import zipfile

import msgspec

from collage_lambda.originals.image_pack import INDEX_MEMBER, open_pack
from collage_lambda.originals.originals_pack import OriginalsReader
from collage_lambda.originals.shared_pack import SharedIndex, SharedPack
from collage_lambda.shares import MAX_SHARED_BYTES, is_shared_key
from tests.fakes.collage.shared_packs import add_share, originals


def test_each_share_is_a_pack_of_its_own_at_the_range_that_was_said() -> None:
    with SharedPack() as pack:
        shares = [
            add_share(pack, f"ann:00000{n}", b"a" * n, bytes(1_000_000 * n)) for n in range(3)
        ]
        data = pack.finish().read()
    for number, share in enumerate(shares):
        part = data[share.offset : share.offset + share.length]
        assert part == originals(b"a" * number, bytes(1_000_000 * number)).read()
        reader = OriginalsReader(io.BytesIO(part))
        assert (reader.count, reader.read("0")) == (2, b"a" * number)
    assert {share.key for share in shares} == {pack.key}
    assert is_shared_key(pack.key)


def test_people_can_open_it_with_any_zip_tool() -> None:
    with SharedPack() as pack:
        add_share(pack, "ann:000001", b"one")
        add_share(pack, "=C3=A9va:000002", b"two")
        with zipfile.ZipFile(pack.finish()) as outer:
            assert outer.testzip() is None
            assert outer.namelist() == ["0000.zip", "0001.zip", INDEX_MEMBER]
            index = msgspec.json.decode(outer.read(INDEX_MEMBER), type=SharedIndex)
            with zipfile.ZipFile(io.BytesIO(outer.read("0001.zip"))) as inner:
                assert inner.read("0000") == b"two"
    assert [each.window for each in index.members] == ["ann:000001", "=C3=A9va:000002"]


def test_a_window_that_does_not_fit_keeps_its_originals() -> None:
    with SharedPack(max_bytes=440) as pack:
        add_share(pack, "ann:000001", b"small")
        large = originals(bytes(400))
        assert pack.add_share("bob", "bob:000001", large) is None
        assert large.read(2) == b"PK", "it is rewound and open"
        assert len(open_pack(pack.finish(), SharedIndex)[1].members) == 1


def test_no_two_packs_have_one_key() -> None:
    keys = set()
    for _ in range(100):
        with SharedPack() as pack:
            keys.add(pack.key)
    assert len(keys) == 100


def test_five_windows_of_usual_covers_fit() -> None:
    assert MAX_SHARED_BYTES > 5 * 35 * 150_000
