"""A window with prefetched covers: read from their packs, and let go of once its collage is
there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from collage_lambda.lease import WindowLeases
from collage_lambda.outcomes import Ending
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import WindowImage, WindowReady
from tests.fakes.collage.aws import TABLE, TEMP, CollageAws
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.collage.events import window_ready
from tests.fakes.collage.pipelines import ImagePipelines
from tests.fakes.collage.worker_bench import COLOURS, WorkerBench, shows
from tests.fakes.prefetch_bench import PACK, PrefetchBench
from tests.faults.harness.injector import Fault, Faults, Faulty, Kind


class PrefetchedWindow:
    """A closed window of ann's whose two covers are prefetched, and an open window of bob."""

    def __init__(self, aws: CollageAws, server: CoverServer, pipelines: ImagePipelines) -> None:
        self.aws, self.server = aws, server
        self.prefetch, self.collage = (
            PrefetchBench(aws, server, pipelines),
            WorkerBench(aws, server, pipelines),
        )
        self.prefetch.clock.now_s = time.time()  # that of the other bench's downloads
        self.prefetch.put("ann", "body/0", "body/1")
        self.prefetch.put("bob", "body/2")
        self.prefetch.prefetch("ann", "bob")
        self.images = self.prefetch.close("ann")
        server.hits.clear()

    def event(self, *more: WindowImage) -> WindowReady:
        return window_ready([*self.images, *more], creator="ann")

    def event_in_s3(self, key: str = "processing/windows/ann/000012.json") -> WindowReady:
        """Return the same event with its images in S3; no object if the key has "gone" in it."""
        if "gone" not in key:
            self.aws.s3.put_object(Bucket=TEMP, Key=key, Body=msgspec.json.encode(self.images))
        return msgspec.structs.replace(self.event(), images=(), images_key=key)

    def cells(self, event: WindowReady) -> list[dict[str, Any]]:
        cells: list[dict[str, Any]] = self.collage.metadata(event)["cells"]
        return cells

    def waiting(self) -> set[int]:
        return self.prefetch.items().get(PACK, set())


@pytest.fixture
def prefetched(aws: CollageAws, server: CoverServer) -> Iterator[PrefetchedWindow]:
    with ImagePipelines() as pipelines:
        yield PrefetchedWindow(aws, server, pipelines)


def test_prefetched_covers_are_shown_without_a_download_and_released(
    prefetched: PrefetchedWindow,
) -> None:
    prefetched.server.bodies.clear()
    event = prefetched.event()
    assert prefetched.waiting() == {0, 1, 2}
    assert prefetched.collage.work(event).ending is Ending.CREATED
    assert not prefetched.server.hits
    cells = prefetched.collage.cells(event)
    assert all(shows(cell, colour) for cell, colour in zip(cells, COLOURS[:2], strict=False))
    assert [cell["origin"] for cell in prefetched.cells(event)] == ["prefetched", "prefetched"]
    assert prefetched.waiting() == {2}
    assert prefetched.prefetch.packs() == [PACK]


def test_the_last_window_deletes_the_pack(prefetched: PrefetchedWindow) -> None:
    prefetched.collage.work(prefetched.event())
    (bobs,) = prefetched.prefetch.close("bob")
    assert prefetched.collage.work(window_ready([bobs], creator="bob")).ending is Ending.CREATED
    assert prefetched.prefetch.packs() == []
    assert prefetched.prefetch.items() == {}


def test_a_long_windows_image_list_is_read_for_build_and_release(
    prefetched: PrefetchedWindow,
) -> None:
    event = prefetched.event_in_s3()
    assert prefetched.collage.work(event).ending is Ending.CREATED
    assert not prefetched.server.hits
    assert prefetched.waiting() == {2}


@pytest.mark.parametrize("images", ["in the event", "in S3"])
def test_the_next_delivery_releases_covers_after_a_crash(
    prefetched: PrefetchedWindow, monkeypatch: pytest.MonkeyPatch, images: str
) -> None:
    event = prefetched.event_in_s3() if images == "in S3" else prefetched.event()
    with monkeypatch.context() as patch:
        faults = Faults([Fault(Kind.THROTTLED, operation="update_item", nth=2)])
        patch.setattr(
            prefetched.collage.aws, "dynamodb", Faulty(prefetched.aws.dynamodb, "dynamodb", faults)
        )
        faulty, clock = prefetched.collage.aws.dynamodb, prefetched.collage.clock
        prefetched.collage.windows = WindowLeases(faulty, TABLE, clock)
        with pytest.raises(TransientError):
            prefetched.collage.work(event)
        assert faults.injected
    assert prefetched.aws.window(event.window_id)["status"] == "completed"
    assert prefetched.waiting() == {0, 1, 2}
    assert prefetched.collage.work(event).ending is Ending.ALREADY_DONE
    assert prefetched.waiting() == {2}
    assert prefetched.collage.work(event).ending is Ending.ALREADY_DONE


def test_a_missing_image_list_does_not_redeliver_a_completed_window(
    prefetched: PrefetchedWindow,
) -> None:
    prefetched.collage.work(prefetched.event())
    again = prefetched.event_in_s3("processing/gone.json")
    assert prefetched.collage.work(again).ending is Ending.ALREADY_DONE


def test_a_failed_window_keeps_its_prefetched_covers_for_a_retry(
    prefetched: PrefetchedWindow,
) -> None:
    """Also if its message is redelivered: failed is not completed."""
    event = prefetched.event_in_s3("processing/gone.json")
    assert prefetched.collage.work(event).ending is Ending.FAILED
    assert prefetched.collage.work(event).ending is Ending.ALREADY_DONE
    refused = prefetched.event()
    assert prefetched.collage.work(refused).ending is Ending.ALREADY_DONE
    assert prefetched.waiting() == {0, 1, 2}
    assert prefetched.collage.work(refused, replay="retry").ending is Ending.CREATED
    assert not prefetched.server.hits
    assert prefetched.waiting() == {2}


def test_a_window_whose_pack_is_gone_is_built_from_its_urls(prefetched: PrefetchedWindow) -> None:
    prefetched.aws.s3.delete_object(Bucket=TEMP, Key=PACK)
    event = prefetched.event()
    assert prefetched.collage.work(event).ending is Ending.CREATED
    assert [cell["origin"] for cell in prefetched.cells(event)] == ["download", "download"]


@pytest.mark.parametrize("body", [b"x" * 9_000, b"short", b""])
def test_a_window_whose_pack_was_replaced_is_built_from_its_urls(
    prefetched: PrefetchedWindow, body: bytes
) -> None:
    prefetched.aws.s3.put_object(Bucket=TEMP, Key=PACK, Body=body)
    event = prefetched.event()
    assert prefetched.collage.work(event).ending is Ending.CREATED
    assert [cell["origin"] for cell in prefetched.cells(event)] == ["download", "download"]


@pytest.mark.parametrize(
    ("lost", "reason"),
    [("not_found", "not_found"), ("placeholder", "placeholder"), ("no reason of ours", "expired")],
)
def test_a_cover_lost_before_it_expired_keeps_its_reason(
    prefetched: PrefetchedWindow, lost: str, reason: str
) -> None:
    dead = msgspec.structs.replace(
        prefetched.images[0],
        url=prefetched.server.url("body/0?x-expires=1"),
        prefetched=None,
        lost=lost,
        identity="x",
    )
    event = prefetched.event(dead)
    prefetched.collage.work(event)
    line = prefetched.cells(event)[-1]
    assert (line["status"], line["reason"]) == ("failed", reason)
    assert not prefetched.server.hits


def test_a_lost_cover_that_can_be_downloaded_again_is_shown(prefetched: PrefetchedWindow) -> None:
    alive = msgspec.structs.replace(
        prefetched.images[0],
        url=prefetched.server.url("body/3"),
        prefetched=None,
        lost="not_found",
        identity="x",
    )
    event = prefetched.event(alive)
    prefetched.collage.work(event)
    assert prefetched.cells(event)[-1]["origin"] == "download"


def test_a_replay_after_the_pack_is_gone_reads_the_originals(prefetched: PrefetchedWindow) -> None:
    event = prefetched.event()
    prefetched.collage.work(event)
    prefetched.aws.s3.delete_object(Bucket=TEMP, Key=PACK)
    prefetched.server.bodies.clear()
    assert prefetched.collage.work(event, replay="again").ending is Ending.CREATED
    assert [cell["origin"] for cell in prefetched.cells(event)] == ["stored", "stored"]
