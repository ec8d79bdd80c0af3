from __future__ import annotations

import io

import msgspec
import pytest

from collage_lambda.originals.image_pack import spool
from collage_lambda.originals.originals_pack import OriginalEntry, OriginalsWriter
from collage_lambda.originals.temp_store import NO_STORED_ORIGINALS, TempStore
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
def test_an_unreadable_image_list_is_a_decode_error(
    store: TempStore, aws: CollageAws, body: bytes
) -> None:
    aws.s3.put_object(Bucket=TEMP, Key="list", Body=body)
    with pytest.raises(DecodeError, match="list"):
        store.load_images("list")


def test_a_missing_image_list_is_a_decode_error(store: TempStore) -> None:
    with pytest.raises(DecodeError, match="is gone"):
        store.load_images("list")


def test_stored_originals_are_read_back(store: TempStore) -> None:
    digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
    with OriginalsWriter() as packer, spool() as file:
        packer.add_original(OriginalEntry(index=0, identity="a", url="u", sha256=digest), b"foo")
        store.save_originals("originals/a.zip", packer.finish(), NO_STORED_ORIGINALS)
        stored = store.load_originals("originals/a.zip", file)
        (reader,) = stored.readers
        assert reader.read("a") == b"foo"


def test_missing_or_broken_originals_are_none(store: TempStore, aws: CollageAws) -> None:
    aws.s3.put_object(Bucket=TEMP, Key="broken", Body=b"PK nonsense")
    with spool() as file:
        assert store.load_originals("missing", file) == NO_STORED_ORIGINALS
    with spool() as file:
        broken = store.load_originals("broken", file)
    assert (broken.readers, broken.count) == ((), 0)
    store.save_originals("broken", io.BytesIO(b"whole"), broken)
    assert aws.s3.get_object(Bucket=TEMP, Key="broken")["Body"].read() == b"whole"


def test_originals_replace_only_the_object_that_was_read(store: TempStore, aws: CollageAws) -> None:
    """A worker that lost its lease may come late, with fewer images."""

    def content() -> bytes:
        return aws.s3.get_object(Bucket=TEMP, Key="a")["Body"].read()

    store.save_originals("a", io.BytesIO(b"first"), NO_STORED_ORIGINALS)
    store.save_originals("a", io.BytesIO(b"late"), NO_STORED_ORIGINALS)
    assert content() == b"first"
    with spool() as file:
        seen = store.load_originals("a", file)
    store.save_originals("a", io.BytesIO(b"second"), seen)
    store.save_originals("a", io.BytesIO(b"late"), seen)
    assert content() == b"second"
