"""Prefetched covers are read by one range per pack; missing or altered ones are not used."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from collage_lambda.originals.cached_images import NO_CACHED_IMAGES, CachedImages, PrefetchedCovers
from collage_lambda.originals.image_pack import PackWriter
from collage_lambda.originals.originals_pack import OriginalEntry, OriginalsReader, OriginalsWriter
from collage_lambda.originals.temp_store import TempStore
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import PrefetchedCover, WindowImage
from tests.fakes.collage.aws import TEMP, CollageAws
from tests.fakes.collage.events import CLOSED_AT
from tests.faults.harness.injector import Fault, Faults, Faulty, Kind

BODIES = [bytes([number]) * (100 + number) for number in range(4)]


@pytest.fixture
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(4) as running:
        yield running


def put_pack(aws: CollageAws, key: str, *bodies: bytes) -> list[PrefetchedCover]:
    """Put a pack and return where its members are."""
    with PackWriter() as pack:
        offsets = [pack.add(f"{number:04d}", body) for number, body in enumerate(bodies)]
        aws.s3.put_object(Bucket=TEMP, Key=key, Body=pack.seal(TEMPLATE))
    return [
        PrefetchedCover(
            pack=key,
            member=number,
            offset=offset,
            length=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
            until=2**31,
        )
        for number, (body, offset) in enumerate(zip(bodies, offsets, strict=True))
    ]


TEMPLATE = OriginalEntry(index=0, identity="", url="", sha256="")
"""Any index; it is not read here."""


def images(*covers: PrefetchedCover | None) -> list[WindowImage]:
    return [
        WindowImage(identity=f"id-{number}", url="u", created_at=CLOSED_AT, prefetched=prefetched)
        for number, prefetched in enumerate(covers)
    ]


def test_one_request_per_pack_reads_all_covers_of_a_window(
    aws: CollageAws, threads: Executor
) -> None:
    first, second = (
        put_pack(aws, "prefetched/1.zip", *BODIES),
        put_pack(aws, "prefetched/2.zip", BODIES[3]),
    )
    wanted = [first[1], None, second[0], first[2]]
    faults = Faults()
    temp = TempStore(Faulty(aws.s3, "s3", faults), TEMP)  # type: ignore[arg-type]
    with PrefetchedCovers() as prefetched:
        prefetched.load(images(*wanted), temp, threads)
        read = [prefetched.read(each) for each in wanted if each]
    assert read == [BODIES[1], BODIES[3], BODIES[2]]
    assert faults.calls == ["s3.get_object"] * 2


def test_only_the_byte_range_of_the_windows_covers_is_read(
    aws: CollageAws, threads: Executor
) -> None:
    ranges: list[str] = []
    covers = put_pack(aws, "prefetched/1.zip", *BODIES)

    class Listening:
        def get_object(self, **request: str) -> object:
            ranges.append(request["Range"])
            return aws.s3.get_object(**request)  # type: ignore[arg-type]

    with PrefetchedCovers() as prefetched:
        prefetched.load(images(covers[2], covers[1]), TempStore(Listening(), TEMP), threads)  # type: ignore[arg-type]
        assert prefetched.read(covers[1]) == BODIES[1]
    last = covers[2].offset + covers[2].length - 1
    assert ranges == [f"bytes={covers[1].offset}-{last}"]


def test_without_prefetched_covers_nothing_is_read(threads: Executor) -> None:
    with PrefetchedCovers() as prefetched:
        prefetched.load(images(None, None), TempStore(object(), TEMP), threads)  # type: ignore[arg-type]


def test_a_missing_pack_is_not_an_error(aws: CollageAws, threads: Executor) -> None:
    here, gone = (
        put_pack(aws, "prefetched/1.zip", *BODIES),
        put_pack(aws, "prefetched/2.zip", *BODIES),
    )
    aws.s3.delete_object(Bucket=TEMP, Key="prefetched/2.zip")
    with PrefetchedCovers() as prefetched:
        prefetched.load(images(here[0], gone[0]), TempStore(aws.s3, TEMP), threads)
        assert prefetched.read(here[0]) == BODIES[0]
        assert prefetched.read(gone[0]) is None


@pytest.mark.parametrize("body", [b"x" * 10_000, b"x" * 250, b"x", b""])
def test_a_replaced_pack_is_not_an_error(aws: CollageAws, threads: Executor, body: bytes) -> None:
    """Also one that ends within the range, or before it: S3 answers 416 then."""
    covers = put_pack(aws, "prefetched/1.zip", *BODIES)
    aws.s3.put_object(Bucket=TEMP, Key="prefetched/1.zip", Body=body)
    with PrefetchedCovers() as prefetched:
        prefetched.load(images(*covers[1:]), TempStore(aws.s3, TEMP), threads)
        assert [prefetched.read(each) for each in covers[1:]] == [None] * 3


def test_an_altered_cover_does_not_affect_the_others(aws: CollageAws, threads: Executor) -> None:
    covers = put_pack(aws, "prefetched/1.zip", *BODIES)
    data = bytearray(aws.read("prefetched/1.zip", TEMP))
    data[covers[1].offset] ^= 1
    aws.s3.put_object(Bucket=TEMP, Key="prefetched/1.zip", Body=bytes(data))
    with PrefetchedCovers() as prefetched:
        prefetched.load(images(*covers), TempStore(aws.s3, TEMP), threads)
        assert [prefetched.read(each) for each in covers] == [BODIES[0], None, *BODIES[2:]]


def test_an_unavailable_s3_is_a_transient_error(aws: CollageAws, threads: Executor) -> None:
    """The message is redelivered: the URLs may have expired, but the pack exists."""
    covers = put_pack(aws, "prefetched/1.zip", *BODIES)
    faults = Faults([Fault(Kind.THROTTLED)])
    temp = TempStore(Faulty(aws.s3, "s3", faults), TEMP)  # type: ignore[arg-type]
    with PrefetchedCovers() as prefetched, pytest.raises(TransientError):
        prefetched.load(images(*covers), temp, threads)


def test_originals_come_before_prefetched_covers(aws: CollageAws, threads: Executor) -> None:
    covers = put_pack(aws, "prefetched/1.zip", b"prefetched")
    with OriginalsWriter() as packer:
        sha256 = hashlib.sha256(b"stored").hexdigest()
        packer.add_original(
            OriginalEntry(index=0, identity="id-0", url="u", sha256=sha256), b"stored"
        )
        stored = OriginalsReader(io.BytesIO(packer.finish().read()))
    (image,) = images(covers[0])
    with PrefetchedCovers() as prefetched:
        prefetched.load([image], TempStore(aws.s3, TEMP), threads)
        found = list(CachedImages(stored=(stored,), prefetched=prefetched).bytes_of(image))
        assert found == [("stored", b"stored"), ("prefetched", b"prefetched")]
        assert list(CachedImages(prefetched=prefetched).bytes_of(image)) == [
            ("prefetched", b"prefetched")
        ]
    assert list(NO_CACHED_IMAGES.bytes_of(image)) == []
