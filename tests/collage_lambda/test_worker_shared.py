"""Windows of a delivery that share a pack of originals: built, built again, and given back."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import IO

import pytest

from collage_lambda import delivery as delivery_module
from collage_lambda.assembly.placeholders import Placeholders
from collage_lambda.originals import shared_pack
from collage_lambda.originals.image_pack import open_pack
from collage_lambda.originals.shared_pack import SharedIndex, SharedPack
from collage_lambda.outcomes import Ending
from collage_lambda.output.announcer import Announcer
from collage_lambda.output.keys import keys_of
from collage_lambda.shares import Share, is_shared_key
from collage_lambda.window_stages import BuiltWindow
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import WindowReady
from tests.fakes.collage.aws import OUTPUT, TEMP
from tests.fakes.collage.images import plain_jpeg
from tests.fakes.collage.shared_packs import originals
from tests.fakes.collage.worker_bench import COLOURS, WorkerBench
from tests.fakes.collage.worker_delivery import deliver
from tests.faults.harness.injector import Fault, Faults, Faulty, Kind


def share_of(bench: WorkerBench, event: WindowReady) -> Share | None:
    """Return the share that the object with a window's metadata names."""
    found = bench.aws.s3.head_object(Bucket=OUTPUT, Key=keys_of(event).metadata)
    return Share.parse(found["Metadata"].get("originals", ""))


def windows_in(bench: WorkerBench, key: str) -> list[str]:
    _, index = open_pack(io.BytesIO(bench.aws.read(key, TEMP)), SharedIndex)
    return [each.window for each in index.members]


@pytest.fixture
def pair(bench: WorkerBench) -> tuple[WindowReady, WindowReady]:
    """Windows of two creators."""
    ann = bench.event("body/0", "body/1", creator="ann", window_id="ann:000001")
    return ann, bench.event("body/2", "body/3", creator="bob", window_id="bob:000001")


def test_windows_of_a_delivery_store_their_originals_in_one_object(
    bench: WorkerBench, pair: tuple[WindowReady, WindowReady]
) -> None:
    assert deliver(bench, *pair)[0] == []
    (key,) = bench.aws.stored(TEMP)
    assert is_shared_key(key)
    assert windows_in(bench, key) == ["ann:000001", "bob:000001"]
    for event in pair:
        item, share = bench.aws.window(event.window_id), share_of(bench, event)
        assert (item["status"], item["originals_key"]) == ("completed", key)
        assert share is not None
        assert share.key == key


def test_the_time_in_which_windows_are_published_at_once_is_shared_by_them(
    bench: WorkerBench, pair: tuple[WindowReady, WindowReady], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their durations together are at most their invocation's."""

    def announce(*_: object) -> None:
        bench.clock.now_s += 20

    monkeypatch.setattr(Announcer, "announce", announce)
    assert deliver(bench, *pair)[0] == []
    assert [bench.aws.window(each.window_id)["duration_ms"] for each in pair] == [10_000] * 2


def test_a_window_alone_in_its_delivery_has_its_own_object(bench: WorkerBench) -> None:
    event = bench.event("body/0")
    deliver(bench, event)
    assert bench.aws.stored(TEMP) == [keys_of(event).originals]
    assert share_of(bench, event) is None


def test_a_replay_is_built_from_its_share_when_the_urls_are_dead(
    bench: WorkerBench, pair: tuple[WindowReady, WindowReady]
) -> None:
    """Also the second time, also after its item has expired, and nothing else is stored."""
    deliver(bench, *pair)
    stored, shares = bench.aws.stored(TEMP), [share_of(bench, each) for each in pair]
    collages = [bench.aws.read(keys_of(each).collage) for each in pair]
    bench.server.bodies.clear()
    bench.server.hits.clear()
    for replay in ("again", "and again"):
        for event in pair:
            assert bench.work(event, replay=replay).ending is Ending.CREATED
            assert {cell["origin"] for cell in bench.metadata(event)["cells"]} == {"stored"}
            bench.aws.forget_window(event.window_id)
    assert [bench.aws.read(keys_of(each).collage) for each in pair] == collages
    assert [share_of(bench, each) for each in pair] == shares
    assert bench.aws.stored(TEMP) == stored
    assert not bench.server.hits


def test_a_replay_that_finds_more_images_stores_them_under_the_windows_own_key(
    bench: WorkerBench,
) -> None:
    first = bench.event("body/0", "body/late", creator="ann", window_id="ann:000001")
    deliver(bench, first, bench.event("body/1"))
    share = share_of(bench, first)
    assert share
    bench.server.bodies["late"] = plain_jpeg(COLOURS[2])
    bench.server.hits.clear()
    bench.work(first, replay="again")
    assert set(bench.server.hits) == {"body/late"}
    assert bench.aws.stored(TEMP) == sorted([keys_of(first).originals, share.key])
    assert share_of(bench, first) is None
    assert bench.aws.window(first.window_id)["originals_key"] == keys_of(first).originals
    bench.server.bodies.clear()
    bench.work(first, replay="and again")
    assert bench.metadata(first)["images_ok"] == 2


def test_originals_of_a_rebuild_that_died_are_found_beside_the_share(bench: WorkerBench) -> None:
    """It had stored more than the share has, and not yet said so."""
    first = bench.event("body/0", "body/late", creator="ann", window_id="ann:000001")
    deliver(bench, first, bench.event("body/1"))
    share = share_of(bench, first)
    bench.server.bodies["late"] = plain_jpeg(COLOURS[2])
    metadata = bench.aws.s3.get_object(Bucket=OUTPUT, Key=keys_of(first).metadata)
    bench.work(first, replay="dies")
    bench.aws.s3.put_object(
        Bucket=OUTPUT,
        Key=keys_of(first).metadata,
        Body=metadata["Body"].read(),
        Metadata=metadata["Metadata"],
    )
    assert share_of(bench, first) == share
    bench.server.bodies.clear()
    assert bench.work(first, replay="again").ending is Ending.CREATED
    assert bench.metadata(first)["images_ok"] == 2
    assert share_of(bench, first) is None


@pytest.mark.parametrize("damage", ["gone", "shorter", "altered"])
def test_without_its_share_a_window_is_downloaded_again(
    bench: WorkerBench, pair: tuple[WindowReady, WindowReady], damage: str
) -> None:
    deliver(bench, *pair)
    (key,) = bench.aws.stored(TEMP)
    body = bench.aws.read(key, TEMP)
    if damage == "gone":
        bench.aws.s3.delete_object(Bucket=TEMP, Key=key)
    else:
        left = body[:40] if damage == "shorter" else bytes(len(body))
        bench.aws.s3.put_object(Bucket=TEMP, Key=key, Body=left)
    for event in pair:
        assert bench.work(event, replay="again").ending is Ending.CREATED
        assert bench.metadata(event)["images_ok"] == 2
        assert keys_of(event).originals in bench.aws.stored(TEMP)
        assert share_of(bench, event) is None


def test_a_window_of_a_former_release_is_built_from_its_own_object(bench: WorkerBench) -> None:
    event = bench.event("body/0")
    bench.work(event)  # as that release stored it: no share in any metadata
    bench.server.bodies.clear()
    assert bench.work(event, replay="again").ending is Ending.CREATED
    assert {cell["origin"] for cell in bench.metadata(event)["cells"]} == {"stored"}


@pytest.mark.parametrize("kind", [Kind.THROTTLED, Kind.DENIED])
def test_if_the_pack_cannot_be_stored_nothing_is_published_and_the_windows_are_built_again(
    bench: WorkerBench, pair: tuple[WindowReady, WindowReady], kind: Kind
) -> None:
    faults = Faults([Fault(kind, operation="put_object")])
    failed, log = deliver(bench, *pair, temp_s3=Faulty(bench.aws.s3, "s3", faults))
    assert failed == ["ann:000001", "bob:000001"]
    assert any("unhandled" in line for line in log.lines) is (kind is Kind.DENIED)
    assert bench.aws.stored(TEMP) == []
    assert bench.aws.stored() == []
    for event in pair:
        assert bench.aws.window(event.window_id)["status"] == "ready"
        assert "lease_owner" not in bench.aws.window(event.window_id)
    assert deliver(bench, *pair, receives=2)[0] == []
    assert bench.aws.stored(TEMP) == sorted(keys_of(each).originals for each in pair)
    assert {bench.aws.window(each.window_id)["status"] for each in pair} == {"completed"}
    assert [share_of(bench, each) for each in pair] == [None, None]


def test_a_window_that_cannot_be_published_costs_the_others_nothing(
    bench: WorkerBench, pair: tuple[WindowReady, WindowReady]
) -> None:
    """Its originals stay in the pack until they expire; an erasure finds them by its index."""
    ann, bob = pair
    bench.aws.s3.put_object(Bucket=OUTPUT, Key=keys_of(ann).collage, Body=b"of another window")
    assert deliver(bench, ann, bob)[0] == [ann.window_id]
    (key,) = bench.aws.stored(TEMP)
    assert windows_in(bench, key) == [ann.window_id, bob.window_id]
    bench.server.bodies.clear()
    assert bench.work(bob, replay="again").ending is Ending.CREATED


def test_a_window_that_is_given_back_after_it_was_composed_has_no_share(
    bench: WorkerBench, pair: tuple[WindowReady, WindowReady], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease is over when the pack is stored, and its creator may have been erased."""
    ann, bob = pair

    def record(_: object, creator: str, *__: object) -> list[str]:
        if creator == ann.creator:
            msg = "the table is throttled"
            raise TransientError(msg)
        return []

    monkeypatch.setattr(Placeholders, "record", record)
    assert deliver(bench, ann, bob)[0] == [ann.window_id]
    (key,) = bench.aws.stored(TEMP)
    assert windows_in(bench, key) == [bob.window_id]


def test_a_pack_for_which_there_is_no_space_costs_only_its_windows_a_receipt(
    bench: WorkerBench, pair: tuple[WindowReady, WindowReady], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_pack, "_IN_MEMORY_BYTES", 1)

    def open_full(**_: object) -> IO[bytes]:
        return Path("/dev/full").open("w+b")

    monkeypatch.setattr(tempfile, "TemporaryFile", open_full)
    failed, log = deliver(bench, *pair)
    assert failed == [each.window_id for each in pair]
    assert sum("storage (/tmp) is full" in line for line in log.lines) == len(pair)
    assert [bench.aws.window(each.window_id)["status"] for each in pair] == ["ready"] * 2


def test_a_window_that_does_not_fit_has_its_own_object(
    bench: WorkerBench,
    pair: tuple[WindowReady, WindowReady],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ann, bob = pair
    one = len(originals(*(bench.server.bodies[each] for each in "01")).read()) + 200
    monkeypatch.setattr(delivery_module, "SharedPack", partial(SharedPack, max_bytes=one))
    assert deliver(bench, ann, bob)[0] == []
    (key,) = [each for each in bench.aws.stored(TEMP) if is_shared_key(each)]
    assert windows_in(bench, key) == [ann.window_id]
    assert bench.aws.stored(TEMP) == sorted([key, keys_of(bob).originals])
    assert bench.aws.window(bob.window_id)["originals_key"] == keys_of(bob).originals


def test_windows_without_originals_end_without_a_pack(
    bench: WorkerBench, pair: tuple[WindowReady, WindowReady]
) -> None:
    none = bench.event("body/gone", creator="eve", window_id="eve:000001")
    assert deliver(bench, none, bench.event("body/lost"))[0] == []
    assert bench.aws.window(none.window_id)["status"] == "failed"
    assert deliver(bench, *pair, keep_originals=False)[0] == []
    assert bench.aws.stored(TEMP) == []
    assert "originals_key" not in bench.aws.window(pair[0].window_id)


def test_a_pack_is_not_stored_once_the_leases_of_its_windows_are_over(
    bench: WorkerBench,
    pair: tuple[WindowReady, WindowReady],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its creators may have been erased by then."""
    worker = bench.worker()
    store: Callable[..., Future[None]] = worker.store

    def late(pack: SharedPack, windows: Sequence[BuiltWindow]) -> Future[None]:
        bench.clock.now_s += 3_600
        return store(pack, windows)

    monkeypatch.setattr(worker, "store", late)
    failed, log = deliver(bench, *pair, worker=worker)
    assert failed == [each.window_id for each in pair]
    assert sum("the lease was over" in line for line in log.lines) == 2
    assert bench.aws.stored(TEMP) == bench.aws.stored(OUTPUT) == []
