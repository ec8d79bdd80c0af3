"""A creator's originals leave the packs that windows of others share, which lose nothing."""

from __future__ import annotations

from io import BytesIO

import pytest

from collage_lambda.originals.originals_pack import OriginalsReader
from ops_dashboard.erase.bucket import Bucket
from ops_dashboard.erase.report import UNREADABLE_PACKS
from ops_dashboard.erase.stored_files import SHARES, Scope
from stream_ingest.contracts.naming import window_id
from tests.fakes.collage.shared_packs import store_shares
from tests.fakes.ingest.aws import TEMP
from tests.fakes.ops.erase_bench import ANN, BOB, ERASE_S, SECOND, SHARED, EraseBench
from tests.fakes.ops.table import OpsTable


@pytest.fixture
def bench(ops_table: OpsTable) -> EraseBench:
    return EraseBench(ops_table.aws)


def share_of(bench: EraseBench, creator: str) -> bytes:
    share = bench.shares[window_id(creator, SHARED)]
    body = bench.aws.read(TEMP, share.key)
    return body[share.offset : share.offset + share.length]


def test_other_creators_keep_their_shares_of_packs_of_originals(bench: EraseBench) -> None:
    """At the ranges that the metadata of their windows names."""
    before = share_of(bench, BOB)
    bench.erasure().run(block=False)
    assert share_of(bench, BOB) == before
    reader = OriginalsReader(BytesIO(before))
    assert reader.read("0") == b"bytes of bob"
    assert set(share_of(bench, ANN)) == {0}


def test_every_version_of_a_pack_loses_a_creators_originals(bench: EraseBench) -> None:
    """Where the bucket of a team is versioned."""
    s3, key = bench.aws.s3, bench.shares[window_id(ANN, SHARED)].key
    s3.put_bucket_versioning(Bucket=TEMP, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket=TEMP, Key=key, Body=bench.aws.read(TEMP, key))
    bench.erasure().run(block=False)
    assert bench.places_of(ANN) == {f"{ANN}/state"}
    versions = s3.list_object_versions(Bucket=TEMP, Prefix=key)["Versions"]
    assert [each["IsLatest"] for each in versions] == [True]
    assert OriginalsReader(BytesIO(share_of(bench, BOB))).count == 1


def test_the_share_of_a_window_from_after_the_erasure_stays(bench: EraseBench) -> None:
    bench.erasure().run(block=False)
    bench.fold(ANN, range(402, 404), SECOND, ERASE_S + 1)
    after = window_id(ANN, 5)
    share = store_shares(bench.aws.s3, TEMP, {after: b"new", window_id(BOB, 9): b"more"})[after]
    files = bench.erasure()._files  # noqa: SLF001 - the pass of an erasure that began before
    assert not files.work(Scope(before=5), remove=True)
    body = bench.aws.read(TEMP, share.key)[share.offset :][: share.length]
    assert OriginalsReader(BytesIO(body)).read("0") == b"new"


def test_a_pack_of_erased_creators_alone_is_deleted(bench: EraseBench) -> None:
    for creator in (ANN, BOB):
        bench.erasure(creator=creator).run(block=False)
    assert bench.shares[window_id(ANN, SHARED)].key not in bench.aws.keys_in(TEMP)


def test_a_pack_that_cannot_be_read_is_reported(bench: EraseBench) -> None:
    key = bench.shares[window_id(ANN, SHARED)].key
    bench.aws.s3.put_object(Bucket=TEMP, Key=key, Body=b"no zip file")
    result = bench.erasure().run(block=False)
    assert result.kept[UNREADABLE_PACKS] == 1
    assert bench.aws.read(TEMP, key) == b"no zip file"


def test_a_pack_that_another_erasure_has_replaced_since_it_was_listed_is_read_again(
    bench: EraseBench,
) -> None:
    key = bench.shares[window_id(ANN, SHARED)].key
    (listed,) = Bucket(bench.aws.s3, TEMP).versions(key)
    body = bench.aws.read(TEMP, key)
    bench.aws.s3.put_object(Bucket=TEMP, Key=key, Body=bytes(50) + body)
    files = bench.erasure()._files  # noqa: SLF001 - what was listed is handed to it
    found = files._shared(files._temp, listed, Scope(before=None), remove=False)  # noqa: SLF001
    assert found == {SHARES: 1}
