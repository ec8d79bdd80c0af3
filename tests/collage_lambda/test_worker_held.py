"""A window with held covers: read from their packs, and let go of once its collage is there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from collage_lambda.worker import Ending
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import WindowImage, WindowReady
from tests.collage_lambda.test_worker import COLOURS, Bench, shows
from tests.fakes.collage.aws import TEMP, CollageAws
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.collage.events import window_ready
from tests.fakes.prefetch_bench import PACK, HoldingBench
from tests.faults.harness.injector import Fault, Faults, Faulty, Kind


class HeldWindow:
    """A closed window of ann's whose two covers are held, beside one of bob that is open."""

    def __init__(self, aws: CollageAws, server: CoverServer, threads: ThreadPoolExecutor) -> None:
        self.aws, self.server = aws, server
        self.holding, self.collage = HoldingBench(aws, server, threads), Bench(aws, server, threads)
        self.holding.clock.now_s = time.time()  # that of the other bench's downloads
        self.holding.put("ann", "body/0", "body/1")
        self.holding.put("bob", "body/2")
        self.holding.hold("ann", "bob")
        self.images = self.holding.close("ann")
        server.hits.clear()

    def event(self, *more: WindowImage) -> WindowReady:
        return window_ready([*self.images, *more], creator="ann")

    def event_in_s3(self, key: str = "processing/windows/ann/000012.json") -> WindowReady:
        """Return the same with its images in an object, where that is not gone."""
        if "gone" not in key:
            self.aws.s3.put_object(Bucket=TEMP, Key=key, Body=msgspec.json.encode(self.images))
        return msgspec.structs.replace(self.event(), images=(), images_key=key)

    def cells(self, event: WindowReady) -> list[dict[str, Any]]:
        cells: list[dict[str, Any]] = self.collage.metadata(event)["cells"]
        return cells

    def waiting(self) -> set[int]:
        return self.holding.items().get(PACK, set())


@pytest.fixture
def held(aws: CollageAws, server: CoverServer) -> Iterator[HeldWindow]:
    with ThreadPoolExecutor(4) as threads:
        yield HeldWindow(aws, server, threads)


def test_held_covers_are_shown_without_a_request_and_let_go(held: HeldWindow) -> None:
    held.server.bodies.clear()
    event = held.event()
    assert held.waiting() == {0, 1, 2}
    assert held.collage.work(event).ending is Ending.CREATED
    assert not held.server.hits
    cells = held.collage.cells(event)
    assert all(shows(cell, colour) for cell, colour in zip(cells, COLOURS[:2], strict=False))
    assert [cell["origin"] for cell in held.cells(event)] == ["held", "held"]
    assert held.waiting() == {2}
    assert held.holding.packs() == [PACK]


def test_the_last_window_takes_the_pack_with_it(held: HeldWindow) -> None:
    held.collage.work(held.event())
    (bobs,) = held.holding.close("bob")
    assert held.collage.work(window_ready([bobs], creator="bob")).ending is Ending.CREATED
    assert held.holding.packs() == []
    assert held.holding.items() == {}


def test_a_long_windows_list_is_read_for_both(held: HeldWindow) -> None:
    event = held.event_in_s3()
    assert held.collage.work(event).ending is Ending.CREATED
    assert not held.server.hits
    assert held.waiting() == {2}


@pytest.mark.parametrize("images", ["in the event", "in S3"])
def test_whoever_died_before_letting_go_is_made_up_for_by_the_message(
    held: HeldWindow, monkeypatch: pytest.MonkeyPatch, images: str
) -> None:
    event = held.event_in_s3() if images == "in S3" else held.event()
    with monkeypatch.context() as patch:
        faults = Faults([Fault(Kind.THROTTLED, operation="update_item", nth=2)])
        patch.setattr(held.collage.aws, "dynamodb", Faulty(held.aws.dynamodb, "dynamodb", faults))
        held.collage.windows._dynamodb = held.collage.aws.dynamodb  # noqa: SLF001 - the same faults
        with pytest.raises(TransientError):
            held.collage.work(event)
        assert faults.struck
    assert held.aws.window(event.window_id)["status"] == "completed"
    assert held.waiting() == {0, 1, 2}
    assert held.collage.work(event).ending is Ending.ALREADY_DONE
    assert held.waiting() == {2}
    assert held.collage.work(event).ending is Ending.ALREADY_DONE


def test_a_list_that_is_gone_does_not_bring_a_done_window_back(held: HeldWindow) -> None:
    held.collage.work(held.event())
    again = held.event_in_s3("processing/gone.json")
    assert held.collage.work(again).ending is Ending.ALREADY_DONE


def test_a_failed_window_keeps_what_is_held_for_its_retry(held: HeldWindow) -> None:
    """Also where its message comes again: failed is not done."""
    event = held.event_in_s3("processing/gone.json")
    assert held.collage.work(event).ending is Ending.FAILED
    assert held.collage.work(event).ending is Ending.ALREADY_DONE
    refused = held.event()
    assert held.collage.work(refused).ending is Ending.ALREADY_DONE
    assert held.waiting() == {0, 1, 2}
    assert held.collage.work(refused, replay="retry").ending is Ending.CREATED
    assert not held.server.hits
    assert held.waiting() == {2}


def test_a_window_whose_pack_is_gone_is_built_from_its_urls(held: HeldWindow) -> None:
    held.aws.s3.delete_object(Bucket=TEMP, Key=PACK)
    event = held.event()
    assert held.collage.work(event).ending is Ending.CREATED
    assert [cell["origin"] for cell in held.cells(event)] == ["download", "download"]


@pytest.mark.parametrize("body", [b"x" * 9_000, b"short", b""])
def test_a_window_whose_pack_is_another_is_built_from_its_urls(
    held: HeldWindow, body: bytes
) -> None:
    held.aws.s3.put_object(Bucket=TEMP, Key=PACK, Body=body)
    event = held.event()
    assert held.collage.work(event).ending is Ending.CREATED
    assert [cell["origin"] for cell in held.cells(event)] == ["download", "download"]


@pytest.mark.parametrize(
    ("lost", "reason"),
    [("not_found", "not_found"), ("placeholder", "placeholder"), ("no reason of ours", "expired")],
)
def test_a_cover_that_was_lost_before_it_expired_says_why(
    held: HeldWindow, lost: str, reason: str
) -> None:
    dead = msgspec.structs.replace(
        held.images[0],
        url=held.server.url("body/0?x-expires=1"),
        held=None,
        lost=lost,
        identity="x",
    )
    event = held.event(dead)
    held.collage.work(event)
    told = held.cells(event)[-1]
    assert (told["status"], told["reason"]) == ("failed", reason)
    assert not held.server.hits


def test_a_cover_that_was_lost_and_can_be_had_again_is_shown(held: HeldWindow) -> None:
    alive = msgspec.structs.replace(
        held.images[0], url=held.server.url("body/3"), held=None, lost="not_found", identity="x"
    )
    event = held.event(alive)
    held.collage.work(event)
    assert held.cells(event)[-1]["origin"] == "download"


def test_a_replay_after_the_pack_is_gone_reads_the_originals(held: HeldWindow) -> None:
    event = held.event()
    held.collage.work(event)
    held.aws.s3.delete_object(Bucket=TEMP, Key=PACK)
    held.server.bodies.clear()
    assert held.collage.work(event, replay="again").ending is Ending.CREATED
    assert [cell["origin"] for cell in held.cells(event)] == ["stored", "stored"]
