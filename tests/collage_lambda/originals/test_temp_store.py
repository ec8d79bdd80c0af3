from __future__ import annotations

import io

import msgspec
import pytest

from collage_lambda.originals.pack import spool
from collage_lambda.originals.temp_store import NOTHING_KEPT, TempStore
from collage_lambda.originals.window_pack import OriginalsEntry, OriginalsPacker
from stream_ingest.contracts.errors import DecodeError
from tests.fakes.collage.aws import TEMP, CollageAws
from tests.fakes.collage.events import window_image

IMAGES = (window_image("http://a/b", "http://c/d"), window_image("http://a/e"))


@pytest.fixture
def store(aws: CollageAws) -> TempStore:
    return TempStore(aws.s3, TEMP)


def test_a_long_image_list_is_read(store: TempStore, aws: CollageAws) -> None:
    aws.s3.put_object(Bucket=TEMP, Key="list", Body=msgspec.json.encode(IMAGES))
    assert store.load_images("list") == IMAGES


@pytest.mark.parametrize("body", [b"", b"{}", b'[{"identity": 1}]'])
def test_what_is_no_image_list_says_so(store: TempStore, aws: CollageAws, body: bytes) -> None:
    aws.s3.put_object(Bucket=TEMP, Key="list", Body=body)
    with pytest.raises(DecodeError, match="list"):
        store.load_images("list")


def test_a_list_that_is_gone_says_so(store: TempStore) -> None:
    with pytest.raises(DecodeError, match="not there any more"):
        store.load_images("list")


def test_originals_are_stored_and_found_again(store: TempStore) -> None:
    digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
    with OriginalsPacker() as packer, spool() as file:
        packer.keep(OriginalsEntry(index=0, identity="a", url="u", sha256=digest), b"foo")
        store.save_originals("originals/a.zip", packer.finish(), NOTHING_KEPT)
        kept = store.load_originals("originals/a.zip", file)
        assert kept.originals is not None
        assert kept.originals.read("a") == b"foo"


def test_originals_that_are_gone_or_broken_are_none(store: TempStore, aws: CollageAws) -> None:
    aws.s3.put_object(Bucket=TEMP, Key="broken", Body=b"PK nonsense")
    with spool() as file:
        assert store.load_originals("missing", file) == NOTHING_KEPT
    with spool() as file:
        broken = store.load_originals("broken", file)
    assert (broken.originals, broken.count) == (None, 0)
    store.save_originals("broken", io.BytesIO(b"whole"), broken)
    assert aws.s3.get_object(Bucket=TEMP, Key="broken")["Body"].read() == b"whole"


def test_originals_replace_what_was_seen_and_nothing_else(
    store: TempStore, aws: CollageAws
) -> None:
    """A worker that lost its lease may come late, with fewer images."""

    def content() -> bytes:
        return aws.s3.get_object(Bucket=TEMP, Key="a")["Body"].read()

    store.save_originals("a", io.BytesIO(b"first"), NOTHING_KEPT)
    store.save_originals("a", io.BytesIO(b"late"), NOTHING_KEPT)
    assert content() == b"first"
    with spool() as file:
        seen = store.load_originals("a", file)
    store.save_originals("a", io.BytesIO(b"second"), seen)
    store.save_originals("a", io.BytesIO(b"late"), seen)
    assert content() == b"second"
