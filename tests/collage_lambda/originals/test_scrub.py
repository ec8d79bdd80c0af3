"""One creator's originals are taken out of a pack that others read."""

from __future__ import annotations

import io
from contextlib import ExitStack

from collage_lambda.originals.image_pack import open_pack, spool
from collage_lambda.originals.owned_pack import OwnedMember
from collage_lambda.originals.scrub import originals_scrubber
from collage_lambda.originals.shared_pack import SharedIndex
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.shares import Share
from tests.fakes.collage.aws import TEMP, CollageAws
from tests.fakes.collage.shared_packs import store_shares


def stored(aws: CollageAws, *window_ids: str) -> dict[str, Share]:
    """Store a pack with an original of each window, whose bytes are the window's id."""
    return store_shares(aws.s3, TEMP, {each: each.encode() for each in window_ids})


def original_at(aws: CollageAws, share: Share) -> bytes | None:
    """Return the original of a share, as a rebuild reads it; None if there is none."""
    with ExitStack() as files:
        found = TempStore(aws.s3, TEMP).find_originals("own.zip", share, 1, files)
        return found.readers[0].read("0") if found.readers else None


def owned_by_ann(member: OwnedMember) -> bool:
    return member.creator == "ann"


def test_a_scrubbed_pack_serves_the_others_as_before(aws: CollageAws) -> None:
    shares = stored(aws, "bob:000001", "ann:000001", "eve:000001", "ann:000002")
    key = shares["bob:000001"].key
    scrubber = originals_scrubber(TempStore(aws.s3, TEMP))
    assert scrubber.scrub(key, owned_by_ann) == 2
    assert [original_at(aws, each) for each in shares.values()] == [
        b"bob:000001",
        None,
        b"eve:000001",
        None,
    ]
    data = aws.read(key, TEMP)
    assert b"ann" not in data
    archive, index = open_pack(io.BytesIO(data), SharedIndex)
    assert archive.testzip() is None
    assert [each.creator for each in index.members] == ["bob", "", "eve", ""]
    assert scrubber.scrub(key, owned_by_ann) == 0, "it is safe to repeat"


def test_a_pack_without_anybody_else_is_deleted(aws: CollageAws) -> None:
    key = stored(aws, "bob:000001", "ann:000001")["ann:000001"].key
    scrubber = originals_scrubber(TempStore(aws.s3, TEMP))
    scrubber.scrub(key, lambda member: member.creator == "bob")
    assert scrubber.scrub(key, owned_by_ann) == 1
    assert aws.stored(TEMP) == []
    assert scrubber.scrub(key, owned_by_ann) == 0


def test_a_pack_that_was_replaced_meanwhile_is_read_again(aws: CollageAws) -> None:
    """Two erasures of one pack at once: neither brings back what the other has removed."""
    shares = stored(aws, "ann:000001", "bob:000001", "eve:000001")
    key = shares["ann:000001"].key

    class Racing(TempStore):
        """Another erasure is first, once."""

        raced = False

        def replace(self, key: str, pack: object, etag: str) -> bool:
            if not self.raced:
                Racing.raced = True
                other = originals_scrubber(TempStore(aws.s3, TEMP))
                assert other.scrub(key, lambda member: member.creator == "bob") == 1
            return super().replace(key, pack, etag)  # type: ignore[arg-type] # a file

    assert originals_scrubber(Racing(aws.s3, TEMP)).scrub(key, owned_by_ann) == 1
    assert [original_at(aws, each) for each in shares.values()] == [None, None, b"eve:000001"]


def test_nothing_is_done_to_a_pack_that_is_gone(aws: CollageAws) -> None:
    (share,) = stored(aws, "ann:000001").values()
    aws.s3.delete_object(Bucket=TEMP, Key=share.key)
    assert originals_scrubber(TempStore(aws.s3, TEMP)).scrub(share.key, owned_by_ann) == 0
    with spool() as file:
        assert not TempStore(aws.s3, TEMP).load(share.key, file)
