"""What is in a pack of prefetched covers, and where."""

from __future__ import annotations

import hashlib

import pytest

from collage_lambda.originals.image_pack import MAX_TOTAL_BYTES, PackWriter, open_pack, spool
from collage_lambda.prefetch import cover_pack
from collage_lambda.prefetch.cover_pack import MAX_PACK_BYTES, CoverPacker, PackIndex
from stream_ingest.windowing.rules.prefetch import ExpiringCover
from stream_ingest.windowing.rules.state import OpenImage

NOW_S, LIFE_S = 1_794_000_000, 1_000


def at_risk(creator: str, number: int, window: str = "w") -> ExpiringCover:
    image = OpenImage(f"https://e.com/{number}", 1, identity=f"id-{number}")
    return ExpiringCover(creator=creator, window=window, image=image)


def test_covers_are_grouped_by_creator_whatever_arrived_first() -> None:
    arrivals = [("bob", 0), ("ann", 1), ("bob", 2), ("ann", 3)]
    bodies = {number: bytes([number]) * (40 + number) for _, number in arrivals}
    with CoverPacker(NOW_S, LIFE_S) as packer, PackWriter() as pack:
        for creator, number in arrivals:
            assert packer.add_cover([at_risk(creator, number)], f"url-{number}", bodies[number])
        assert packer.count == len(arrivals)
        index = packer.write(pack)
        data = pack.seal(index).read()
    assert [member.identity for member in index.members] == ["id-1", "id-3", "id-0", "id-2"]
    for member in index.members:
        body = bodies[int(member.identity[3:])]
        assert data[member.offset : member.offset + member.length] == body
        assert member.sha256 == hashlib.sha256(body).hexdigest()
        assert member.url == f"url-{member.identity[3:]}"
    assert (index.fetched_at, index.until) == (NOW_S, NOW_S + LIFE_S)


def test_an_index_is_read_back_as_it_was_written() -> None:
    with CoverPacker(NOW_S, LIFE_S) as packer, PackWriter() as pack, spool() as file:
        packer.add_cover([at_risk("ann", 0), at_risk("ann", 0, "v")], "url", b"body")
        index = packer.write(pack)
        file.write(pack.seal(index).read())
        assert open_pack(file, PackIndex)[1] == index
    found = index.fetched("prefetched/p.zip")["ann"]
    assert [(each.window, each.identity) for each in found] == [("w", "id-0"), ("v", "id-0")]
    covers = [each.prefetched for each in found if each.prefetched]
    assert [(each.member, each.offset, each.pack) for each in covers] == [
        (0, covers[0].offset, "prefetched/p.zip"),
        (1, covers[0].offset, "prefetched/p.zip"),
    ]


def test_covers_that_do_not_fit_are_left_for_the_next_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cover_pack, "MAX_PACK_BYTES", 10)
    with CoverPacker(NOW_S, LIFE_S) as packer:
        assert packer.add_cover([at_risk("ann", 0)], "url", b"12345678")
        assert not packer.add_cover([at_risk("ann", 1)], "url", b"123")
        assert packer.add_cover([at_risk("ann", 2)], "url", b"12")
        assert packer.count == 2


def test_the_covers_fit_on_lambdas_disk_twice() -> None:
    """512 MB: once as they came, and once as the pack."""
    assert 2 * MAX_PACK_BYTES + 10_000_000 < 512 << 20
    assert MAX_PACK_BYTES < MAX_TOTAL_BYTES
