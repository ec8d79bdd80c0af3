"""Whole windows: a real HTTP server in front, moto's AWS behind."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from PIL import Image

from collage_lambda.builder import Builder, BuildSettings
from collage_lambda.download.fallbacks import DownloadSettings
from collage_lambda.download.fetch import FetchLimits, Surroundings
from collage_lambda.download.resolver import system_lookup
from collage_lambda.download.retries import RetryPolicy
from collage_lambda.image.decoder import Decoder
from collage_lambda.image.heif_process import HeifProcess
from collage_lambda.lease import LeaseLostError, WindowLeasedError, WindowLeases
from collage_lambda.messages import Message
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.output.announcer import Announcer
from collage_lambda.output.keys import keys_of
from collage_lambda.output.links import Links
from collage_lambda.output.publisher import Publisher
from collage_lambda.output.store import Outputs, PublishConflictError
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.worker import CollageWorker, Ending, Outcome
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import (
    CollageCreated,
    CollageFailed,
    WindowReady,
    convert_detail,
)
from stream_ingest.contracts.timestamps import from_epoch_s
from tests.fakes.collage.aws import BUS, OUTPUT, TABLE, TEMP, CollageAws
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.collage.events import LAYOUT, window_image, window_ready
from tests.fakes.collage.images import difference, plain_jpeg

COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30)]
LINK_LIFE_S = 900
LIMITS = FetchLimits(
    attempt_s=1.0, read_s=1.0, retry=RetryPolicy(attempts=2, base_s=0.001, cap_s=0.001)
)


class Clock:
    now_s: float = 1_800_000_000

    def __call__(self) -> float:
        return self.now_s


class Bench:
    """One worker with all that it works on."""

    def __init__(self, aws: CollageAws, server: CoverServer, threads: ThreadPoolExecutor) -> None:
        self.aws, self.server, self.clock = aws, server, Clock()
        self._threads = threads
        self.windows = WindowLeases(aws.dynamodb, TABLE, self.clock)
        self.outputs = Outputs(aws.s3, OUTPUT, copies_by_creator=True, threads=threads)
        self.announcer = Announcer(aws.events, BUS)
        self.refused: frozenset[str] = frozenset()
        self.limits = LIMITS
        for index, colour in enumerate(COLOURS):
            server.bodies[f"{index}"] = plain_jpeg(colour)

    def worker(self, *, keep_originals: bool = True) -> CollageWorker:
        temp = TempStore(self.aws.s3, TEMP)
        builder = Builder(
            BuildSettings(
                downloads=DownloadSettings(
                    allowed=frozenset({self.server.source}),
                    at_once=64,
                    at_once_per_host=40,
                    limits=self.limits,
                ),
                keep_originals=keep_originals,
                refused_images=self.refused,
            ),
            temp=temp,
            lookup=system_lookup(self._threads),
            threads=self._threads,
            uploads=self._threads,
            decoder=Decoder(threading.Lock(), HeifProcess()),
            surroundings=Surroundings(),
        )
        return CollageWorker(
            windows=self.windows,
            outputs=self.outputs,
            temp=temp,
            shelf=PackStore(self.aws.s3, TEMP, self.aws.dynamodb, TABLE),
            builder=builder,
            publisher=Publisher(
                self.outputs,
                Links(self.aws.s3, OUTPUT, LINK_LIFE_S, self.clock),
                self.announcer,
                self.clock,
            ),
            clock=self.clock,
        )

    def work(
        self,
        event: WindowReady,
        replay: str | None = None,
        *,
        remaining_s: float = 60,
        keep_originals: bool = True,
        owner: str = "me",
    ) -> Outcome:
        worker = self.worker(keep_originals=keep_originals)
        message = Message(event=event, replay=replay)
        return worker.work(message, owner=owner, remaining_s=remaining_s)

    def event(self, *paths: str, **changes: object) -> WindowReady:
        images = [window_image(self.server.url(path)) for path in paths]
        return window_ready(images, **changes)

    def cells(self, event: WindowReady) -> list[Image.Image]:
        """Return the cells of the published collage."""
        image = Image.open(io.BytesIO(self.aws.read(keys_of(event).collage)))
        px = event.layout.cell_px
        return [
            image.crop((column * px, row * px, column * px + px, row * px + px))
            for row in range(event.layout.rows)
            for column in range(event.layout.cols)
        ]

    def metadata(self, event: WindowReady) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.aws.read(keys_of(event).metadata))
        return document


@pytest.fixture
def bench(aws: CollageAws, server: CoverServer) -> Iterator[Bench]:
    with ThreadPoolExecutor(4) as threads:
        yield Bench(aws, server, threads)


def shows(cell: Image.Image, colour: tuple[int, int, int]) -> bool:
    return difference(cell, Image.new("RGB", cell.size, colour)) < 4


def test_a_window_becomes_a_collage_with_each_image_in_its_cell(bench: Bench) -> None:
    event = bench.event("body/0", "body/1", "body/2", "body/3")
    outcome = bench.work(event)
    assert outcome.ending is Ending.CREATED
    cells = bench.cells(event)
    assert all(shows(cell, colour) for cell, colour in zip(cells, COLOURS, strict=False))
    assert all(shows(cell, (255, 255, 255)) for cell in cells[4:])
    item = bench.aws.window(event.window_id)
    keys = keys_of(event)
    assert item["status"] == "completed"
    assert (item["images_ok"], item["images_failed"], item["failures"]) == (4, 0, {})
    assert (item["collage_key"], item["metadata_key"]) == (keys.collage, keys.metadata)
    assert (item["thumbnail_key"], item["originals_key"]) == (keys.thumbnail, keys.originals)
    assert item["collage_sha256"] == hashlib.sha256(bench.aws.read(keys.collage)).hexdigest()
    assert bench.aws.stored(TEMP) == [keys.originals]


def test_the_bus_hears_of_the_collage(bench: Bench) -> None:
    event = bench.event("body/0", "status/404")
    bench.work(event)
    (heard,) = bench.aws.heard()
    created = convert_detail(heard["Detail"], CollageCreated)
    collage = bench.aws.read(created.key)
    assert (created.bucket, created.window_id) == (OUTPUT, event.window_id)
    assert (created.bytes, created.sha256) == (len(collage), hashlib.sha256(collage).hexdigest())
    assert (created.width_px, created.height_px) == LAYOUT.size_px
    assert (created.images_ok, created.failures) == (1, {"not_found": 1})
    assert created.url is not None
    assert f"/{created.key}?" in created.url
    assert created.url_expires_at == from_epoch_s(int(bench.clock()) + LINK_LIFE_S)


def test_g9_a_bad_image_costs_its_cell_and_metadata_says_why(bench: Bench) -> None:
    bench.server.bodies["html"] = b"<!doctype html><html>gone</html>"
    bench.server.bodies["cut"] = plain_jpeg(COLOURS[0])[:-100]
    event = bench.event("body/0", "status/403", "body/html", "body/cut", "flaky/1/2")
    outcome = bench.work(event)
    assert outcome.ending is Ending.CREATED
    cells = bench.cells(event)
    assert shows(cells[0], COLOURS[0])
    assert shows(cells[4], COLOURS[2])
    assert all(shows(cells[index], (255, 255, 255)) for index in (1, 2, 3, 5))
    document = bench.metadata(event)
    found = [(cell["status"], cell.get("reason"), cell["attempts"]) for cell in document["cells"]]
    assert found == [
        ("ok", None, 1),
        ("failed", "forbidden", 1),
        ("failed", "not_an_image", 1),
        ("failed", "truncated", 1),
        ("ok", None, 2),
    ]
    assert document["failures"] == {"forbidden": 1, "not_an_image": 1, "truncated": 1}
    assert document["cells"][1]["http_status"] == 403
    first = document["cells"][0]
    assert (first["row"], first["column"], first["format"]) == (0, 0, "JPEG")
    assert first["sha256"] == hashlib.sha256(bench.server.bodies["0"]).hexdigest()
    assert (first["width"], first["bytes"]) == (120, len(bench.server.bodies["0"]))
    assert bench.aws.window(event.window_id)["status"] == "partial"


def test_fallbacks_are_tried_in_turn_also_after_bytes_that_are_no_image(bench: Bench) -> None:
    bench.server.bodies["html"] = b"<html></html>"
    urls = [bench.server.url(path) for path in ("status/404", "body/html", "body/3")]
    event = window_ready([window_image(*urls, identity="x")])
    bench.work(event)
    assert shows(bench.cells(event)[0], COLOURS[3])
    (cell,) = bench.metadata(event)["cells"]
    assert (cell["url"], cell["attempts"]) == (urls[2], 3)


def test_two_urls_with_the_same_bytes_take_one_cell_and_the_metadata_says_so(
    bench: Bench,
) -> None:
    bench.server.bodies["again"] = bench.server.bodies["1"]
    event = bench.event("body/0", "body/1", "body/again", "body/2")
    outcome = bench.work(event)
    cells = bench.cells(event)
    assert shows(cells[1], COLOURS[1])
    assert shows(cells[2], (255, 255, 255))
    assert shows(cells[3], COLOURS[2])
    _, first, again, _ = bench.metadata(event)["cells"]
    assert (again["status"], again["reason"], again["detail"]) == (
        "failed",
        "same_bytes",
        "as cell 1",
    )
    assert again["sha256"] == first["sha256"]
    assert outcome.end is not None
    assert (outcome.end.images_ok, outcome.end.failures) == (3, {"same_bytes": 1})


def test_a_placeholder_that_settings_refuse_is_taken_for_missing(bench: Bench) -> None:
    bench.refused = frozenset({hashlib.sha256(bench.server.bodies["0"]).hexdigest()})
    urls = [bench.server.url(path) for path in ("body/0", "body/3")]
    event = window_ready([window_image(urls[0]), window_image(*urls, identity="x")])
    bench.work(event)
    cells = bench.cells(event)
    assert shows(cells[0], (255, 255, 255))
    assert shows(cells[1], COLOURS[3])
    assert bench.metadata(event)["failures"] == {"placeholder": 1}


def test_an_image_of_several_creators_is_named_once(bench: Bench) -> None:
    worker = bench.worker()
    named = []
    for creator in ("ann", "ben", "cy", "di"):
        image = window_image(bench.server.url("body/0"))
        event = window_ready([image], creator)
        outcome = worker.work(Message(event=event), owner="me", remaining_s=60)
        assert outcome.build is not None
        named.append(outcome.build.repeated)
    assert named == [[], [], [hashlib.sha256(bench.server.bodies["0"]).hexdigest()], []]


def test_in_debug_the_answers_for_failed_images_are_kept(bench: Bench) -> None:
    bench.server.bodies["html"] = b"<!doctype html>" + b"x" * 10_000
    paths = ["body/0", "status/403", "body/html", "hang"]
    event = msgspec.structs.replace(bench.event(*paths), debug=True)
    bench.work(event)
    folder = keys_of(event).failures
    kept = [key for key in bench.aws.stored(TEMP) if key.startswith("debug/")]
    assert kept == [f"{folder}/{cell:03d}.json" for cell in (1, 2, 3)]
    forbidden, html, hung = (json.loads(bench.aws.read(key, TEMP)) for key in kept)
    assert [each["reason"] for each in (forbidden, html, hung)] == [
        *("forbidden", "not_an_image", "timeout"),
    ]
    (answer,) = forbidden["answers"]
    assert (answer["status"], answer["url"]) == (403, bench.server.url("status/403"))
    (answer,) = html["answers"]
    assert answer["status"] == 200
    assert "content-length" in {name.lower() for name, _ in answer["headers"]}
    assert base64.b64decode(answer["beginning_base64"]) == bench.server.bodies["html"][:4_096]
    assert hung["answers"] == []


def test_without_debug_no_answer_is_kept(bench: Bench) -> None:
    bench.work(bench.event("body/0", "status/403"))
    assert not [key for key in bench.aws.stored(TEMP) if key.startswith("debug/")]


def test_a_window_without_any_image_fails_and_has_only_metadata(bench: Bench) -> None:
    event = bench.event("status/404", "status/403")
    outcome = bench.work(event)
    assert outcome.ending is Ending.FAILED
    assert bench.aws.stored() == [keys_of(event).metadata]
    assert bench.aws.stored(TEMP) == []
    item = bench.aws.window(event.window_id)
    assert (item["status"], item["images_failed"]) == ("failed", 2)
    assert item["error"] == "no image could be had"
    assert "collage_key" not in item
    (heard,) = bench.aws.heard()
    failed = convert_detail(heard["Detail"], CollageFailed)
    assert failed.failures == {"not_found": 1, "forbidden": 1}
    assert bench.metadata(event)["collage_key"] is None


def test_the_same_message_again_changes_nothing(bench: Bench) -> None:
    event = bench.event("body/0")
    bench.work(event)
    before = bench.aws.window(event.window_id)
    bench.aws.heard()
    bench.server.hits.clear()
    assert bench.work(event).ending is Ending.ALREADY_DONE
    assert bench.aws.window(event.window_id) == before
    assert not bench.server.hits
    assert bench.aws.heard() == []


def test_a_window_that_another_worker_holds_comes_again_later(bench: Bench) -> None:
    event = bench.event("body/0")
    bench.windows.claim(event, replay=None, owner="other", lease_s=60)
    with pytest.raises(WindowLeasedError):
        bench.work(event)
    assert not bench.server.hits


def test_a_replay_is_built_from_the_originals_when_the_urls_are_dead(bench: Bench) -> None:
    event = bench.event("body/0", "body/1")
    bench.work(event)
    first = bench.aws.read(keys_of(event).collage)
    bench.server.bodies.clear()
    bench.server.hits.clear()
    outcome = bench.work(event, replay="again")
    assert outcome.ending is Ending.CREATED
    assert not bench.server.hits
    assert bench.aws.read(keys_of(event).collage) == first
    assert {cell["origin"] for cell in bench.metadata(event)["cells"]} == {"stored"}
    assert bench.aws.window(event.window_id)["replayed_as"] == "again"
    assert bench.aws.window(event.window_id)["originals_key"] == keys_of(event).originals
    assert convert_detail(bench.aws.heard()[-1]["Detail"], CollageCreated).replay == "again"
    assert bench.work(event, replay="again").ending is Ending.ALREADY_DONE


def test_a_replay_fetches_only_what_is_missing_and_keeps_all(bench: Bench) -> None:
    event = bench.event("body/0", "body/late")
    bench.work(event)
    bench.server.bodies["late"] = plain_jpeg(COLOURS[2])
    bench.server.hits.clear()
    bench.work(event, replay="again")
    assert set(bench.server.hits) == {"body/late"}
    assert shows(bench.cells(event)[1], COLOURS[2])
    bench.server.bodies.clear()
    bench.work(event, replay="and again")
    assert bench.metadata(event)["images_ok"] == 2


def test_a_rebuild_that_is_worse_leaves_the_collage_alone(bench: Bench) -> None:
    """URLs die; a replay without stored originals must not turn a collage white."""
    event = bench.event("body/0", "body/1")
    bench.work(event, keep_originals=False)
    before = bench.aws.window(event.window_id)
    collage = bench.aws.read(keys_of(event).collage)
    bench.aws.heard()
    del bench.server.bodies["1"]
    assert bench.work(event, replay="again").ending is Ending.KEPT
    bench.server.bodies.clear()
    assert bench.work(event, replay="and again").ending is Ending.KEPT
    assert bench.aws.read(keys_of(event).collage) == collage
    assert bench.metadata(event)["images_ok"] == 2
    item = bench.aws.window(event.window_id)
    assert item.pop("replayed_as") == "and again"
    assert {**item, "attempts": 1} == before
    assert bench.aws.heard() == []


def test_without_originals_to_keep_the_temp_bucket_stays_empty(bench: Bench) -> None:
    event = bench.event("body/0")
    bench.work(event, keep_originals=False)
    assert bench.aws.stored(TEMP) == []
    assert "originals_key" not in bench.aws.window(event.window_id)


def test_images_too_many_for_the_bus_are_read_from_the_temp_bucket(bench: Bench) -> None:
    listed = bench.event("body/0", "body/1")
    key = "processing/windows/charli/000012.json"
    bench.aws.s3.put_object(Bucket=TEMP, Key=key, Body=msgspec.json.encode(listed.images))
    event = window_ready([], image_count=2, images_key=key)
    assert bench.work(event).ending is Ending.CREATED
    assert shows(bench.cells(event)[1], COLOURS[1])


@pytest.mark.parametrize("body", [None, b"[]", b"junk"])
def test_a_window_whose_image_list_is_lost_fails_with_its_reason(
    bench: Bench, body: bytes | None
) -> None:
    key = "processing/windows/charli/000012.json"
    if body is not None:
        bench.aws.s3.put_object(Bucket=TEMP, Key=key, Body=body)
    event = window_ready([], image_count=2, images_key=key)
    outcome = bench.work(event)
    assert outcome.ending is Ending.FAILED
    item = bench.aws.window(event.window_id)
    assert (item["status"], item["failures"]) == ("failed", {"not_listed": 2})
    assert "image" in item["error"]
    (heard,) = bench.aws.heard()
    assert convert_detail(heard["Detail"], CollageFailed).images_failed == 2


def test_a_collage_outlives_a_replay_whose_image_list_is_gone(bench: Bench) -> None:
    """Long lists lie in the temp bucket for days, archived events for months."""
    listed = bench.event("body/0", "body/1")
    key = "processing/windows/charli/000012.json"
    bench.aws.s3.put_object(Bucket=TEMP, Key=key, Body=msgspec.json.encode(listed.images))
    event = window_ready([], image_count=2, images_key=key)
    bench.work(event)
    bench.aws.s3.delete_object(Bucket=TEMP, Key=key)
    assert bench.work(event, replay="again").ending is Ending.KEPT
    item = bench.aws.window(event.window_id)
    assert (item["status"], item["collage_key"]) == ("completed", keys_of(event).collage)


def test_the_window_ends_before_the_invocation_does(bench: Bench) -> None:
    """What is late then is a timeout, and the others are shown."""
    event = bench.event("body/0", "hang")
    worker = bench.worker()
    message = Message(event=event)
    builder = worker._builder  # noqa: SLF001 - its limits are made longer than the window's
    settings = builder._settings  # noqa: SLF001 - as above
    patient = msgspec.structs.replace(LIMITS, attempt_s=50.0, read_s=50.0, image_s=100.0)
    downloads = msgspec.structs.replace(settings.downloads, limits=patient)
    builder._settings = msgspec.structs.replace(settings, downloads=downloads)  # noqa: SLF001 - as above
    lease: Any = bench.windows.claim(event, replay=None, owner="me", lease_s=60)
    outcome = worker._finish(message, lease, 0.5)  # noqa: SLF001 - shorter than `work` allows
    assert outcome.ending is Ending.CREATED
    assert bench.metadata(event)["failures"] == {"timeout": 1}
    assert "window ran out" in bench.metadata(event)["cells"][1]["detail"]


def test_an_invocation_without_time_begins_nothing(bench: Bench) -> None:
    event = bench.event("body/0")
    with pytest.raises(TransientError, match="no time left"):
        bench.work(event, remaining_s=19)
    assert bench.aws.window(event.window_id) == {}


class Broken:
    """A part that fails at its first call, before or after the call took effect."""

    def __init__(self, part: object, method: str, *, after: bool) -> None:
        self._part, self._method, self._after, self._left = part, method, after, 1

    def __getattr__(self, name: str) -> object:
        real = getattr(self._part, name)
        if name != self._method or not self._left:
            return real

        def broken(*args: object, **kwargs: object) -> object:
            self._left = 0
            if self._after:
                real(*args, **kwargs)
            msg = f"{name} broke"
            raise TransientError(msg)

        return broken


def lasting(heard: dict[str, Any]) -> dict[str, Any]:
    """Return a detail without its link, which is signed anew each time."""
    detail: dict[str, Any] = heard["Detail"]
    return {name: detail[name] for name in detail if not name.startswith("url")}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("part", "method"),
    [
        ("outputs", "publish"),
        ("announcer", "announce"),
        ("windows", "finish"),
    ],
)
def test_a_failure_at_any_step_is_made_good_by_the_next_delivery(
    bench: Bench, part: str, method: str, *, after: bool
) -> None:
    """Nothing lost, nothing doubled but the event, which consumers recognise by its window."""
    event = bench.event("body/0", "status/404")
    whole = getattr(bench, part)
    setattr(bench, part, Broken(whole, method, after=after))
    with pytest.raises(TransientError):
        bench.work(event)
    done_already = part == "windows" and after
    ending = bench.work(event, owner="next").ending
    assert ending is (Ending.ALREADY_DONE if done_already else Ending.CREATED)
    item = bench.aws.window(event.window_id)
    assert (item["status"], item["images_ok"], item["images_failed"]) == ("partial", 1, 1)
    assert shows(bench.cells(event)[0], COLOURS[0])
    heard = bench.aws.heard()
    assert len(heard) in {1, 2}
    assert all(lasting(each) == lasting(heard[0]) for each in heard)


def test_a_slow_worker_that_lost_its_lease_overwrites_nothing(bench: Bench) -> None:
    event = bench.event("body/0", "body/1")
    slow: Any = bench.windows.claim(event, replay=None, owner="slow", lease_s=10)
    bench.clock.now_s += 11
    bench.work(event, owner="quick")
    before = {key: bench.aws.read(key) for key in bench.aws.stored()}
    item = bench.aws.window(event.window_id)
    bench.server.bodies["1"] = plain_jpeg(COLOURS[3])
    with pytest.raises(LeaseLostError):
        bench.worker()._finish(Message(event=event), slow, 30)  # noqa: SLF001 - from where it was slow
    assert {key: bench.aws.read(key) for key in bench.aws.stored()} == before
    assert bench.aws.window(event.window_id) == item


def test_a_slow_worker_whose_clock_is_slow_too_cannot_overwrite_the_collage(bench: Bench) -> None:
    """It saw no collage when it claimed, and its put says so; by now there is one."""
    event = bench.event("body/0", "body/1")
    slow: Any = bench.windows.claim(event, replay=None, owner="slow", lease_s=10)
    bench.clock.now_s += 11
    bench.work(event, owner="quick")
    before = (bench.aws.read(keys_of(event).collage), bench.aws.window(event.window_id))
    bench.clock.now_s -= 11
    bench.server.bodies["1"] = plain_jpeg(COLOURS[3])
    with pytest.raises(PublishConflictError):
        bench.worker()._finish(Message(event=event), slow, 30)  # noqa: SLF001 - from where it was slow
    assert (bench.aws.read(keys_of(event).collage), bench.aws.window(event.window_id)) == before


def test_a_window_that_is_lost_at_its_very_end_is_not_ended_twice(bench: Bench) -> None:
    event = bench.event("body/0")
    lease: Any = bench.windows.claim(event, replay=None, owner="slow", lease_s=10)
    bench.clock.now_s += 11
    other: Any = bench.windows.claim(event, replay=None, owner="quick", lease_s=10)
    assert other.owner == "quick"
    bench.clock.now_s -= 11
    with pytest.raises(LeaseLostError):
        bench.worker()._finish(Message(event=event), lease, 30)  # noqa: SLF001 - from where it was slow
    assert bench.aws.window(event.window_id)["lease_owner"] == "quick"


def test_a_window_of_35_hostile_and_good_images_shows_the_good_ones(bench: Bench) -> None:
    bad = ["hang", "trickle", "reset", "loop", "endless", "gzip-bomb", "declares-huge"]
    good = [f"good{number}" for number in range(27)]
    bench.server.bodies |= {name: plain_jpeg(COLOURS[0]) + name.encode() for name in good}
    paths = [*bad, "lies-short/0", *(f"body/{name}" for name in good)]
    layout = msgspec.structs.replace(LAYOUT, rows=5, cols=7)
    event = window_ready(
        [window_image(bench.server.url(path), identity=f"{n}") for n, path in enumerate(paths)],
        layout=layout,
    )
    bench.limits = FetchLimits(attempt_s=5.0, read_s=3.0, retry=RetryPolicy(attempts=1))
    bench.work(event)
    cells = bench.cells(event)
    assert all(shows(cell, (255, 255, 255)) for cell in cells[:8])
    assert all(shows(cell, COLOURS[0]) for cell in cells[8:])
    failures = bench.metadata(event)["failures"]
    assert failures == {"timeout": 2, "connection": 2, "too_many_redirects": 1, "too_large": 3}
