"""Images of a window: what a bad one costs, and what is recorded of it."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import msgspec
import pytest

from collage_lambda.assembly.builder import SlowWindowError
from collage_lambda.download.limits import FetchLimits
from collage_lambda.download.retries import RetryPolicy
from collage_lambda.image import scaling
from collage_lambda.messages import Message
from collage_lambda.outcomes import Ending
from collage_lambda.output.keys import keys_of
from stream_ingest.contracts import table
from stream_ingest.contracts.settings import DownloadLimits
from tests.fakes.collage.aws import TEMP
from tests.fakes.collage.events import LAYOUT, window_image, window_ready
from tests.fakes.collage.images import plain_jpeg
from tests.fakes.collage.worker_bench import (
    COLOURS,
    LIMITS,
    WHITE,
    WorkerBench,
    build_claimed,
    shows,
)


def test_g9_a_bad_image_costs_its_cell_and_metadata_says_why(bench: WorkerBench) -> None:
    bench.server.bodies["html"] = b"<!doctype html><html>gone</html>"
    bench.server.bodies["cut"] = plain_jpeg(COLOURS[0])[:-100]
    event = bench.event("body/0", "status/403", "body/html", "body/cut", "flaky/1/2")
    outcome = bench.work(event)
    assert outcome.ending is Ending.CREATED
    cells = bench.cells(event)
    assert shows(cells[0], COLOURS[0])
    assert shows(cells[4], COLOURS[2])
    assert all(shows(cells[index], WHITE) for index in (1, 2, 3, 5))
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


def test_fallbacks_are_tried_in_order_even_after_bytes_that_are_not_an_image(
    bench: WorkerBench,
) -> None:
    bench.server.bodies["html"] = b"<html></html>"
    urls = [bench.server.url(path) for path in ("status/404", "body/html", "body/3")]
    event = window_ready([window_image(*urls, identity="x")])
    bench.work(event)
    assert shows(bench.cells(event)[0], COLOURS[3])
    (cell,) = bench.metadata(event)["cells"]
    assert (cell["url"], cell["attempts"]) == (urls[2], 3)


def test_two_urls_with_the_same_bytes_take_one_cell_and_the_metadata_says_so(
    bench: WorkerBench,
) -> None:
    bench.server.bodies["again"] = bench.server.bodies["1"]
    event = bench.event("body/0", "body/1", "body/again", "body/2")
    outcome = bench.work(event)
    cells = bench.cells(event)
    assert shows(cells[1], COLOURS[1])
    assert shows(cells[2], WHITE)
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


def test_a_placeholder_refused_by_settings_counts_as_missing(bench: WorkerBench) -> None:
    bench.refused = frozenset({hashlib.sha256(bench.server.bodies["0"]).hexdigest()})
    urls = [bench.server.url(path) for path in ("body/0", "body/3")]
    event = window_ready([window_image(urls[0]), window_image(*urls, identity="x")])
    bench.work(event)
    cells = bench.cells(event)
    assert shows(cells[0], WHITE)
    assert shows(cells[1], COLOURS[3])
    assert bench.metadata(event)["failures"] == {"placeholder": 1}


def test_debug_stores_the_responses_for_failed_images(bench: WorkerBench) -> None:
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


def test_without_debug_no_response_is_stored(bench: WorkerBench) -> None:
    bench.work(bench.event("body/0", "status/403"))
    assert not [key for key in bench.aws.stored(TEMP) if key.startswith("debug/")]


def test_a_batch_that_asks_for_one_try_has_each_url_requested_once(bench: WorkerBench) -> None:
    event = bench.event("body/0", "flaky/1/2")
    bench.work(msgspec.structs.replace(event, downloads=DownloadLimits(tries=1)))
    cells = bench.metadata(event)["cells"]
    assert [(cell["status"], cell["attempts"]) for cell in cells] == [("ok", 1), ("failed", 1)]


def test_a_batch_that_asks_for_little_time_does_not_wait_for_a_slow_server(
    bench: WorkerBench,
) -> None:
    bench.limits = msgspec.structs.replace(LIMITS, attempt_s=50.0, read_s=50.0, image_s=100.0)
    event = bench.event("body/0", "hang")
    limits = DownloadLimits(timeout_s=1, tries=1)
    started = time.monotonic()
    bench.work(msgspec.structs.replace(event, downloads=limits))
    assert time.monotonic() - started < 20
    assert bench.metadata(event)["failures"] == {"timeout": 1}


def test_the_least_side_of_an_image_is_a_setting(bench: WorkerBench) -> None:
    """The images of the bench are 120 pixels wide."""
    bench.min_side_px = 121
    event = bench.event("body/0")
    bench.work(event)
    assert bench.metadata(event)["failures"] == {"too_small": 1}


def test_a_stack_may_leave_all_scaling_to_pillow(
    bench: WorkerBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(scaling, "simd_resize", lambda: asked.append("pic-scale"))
    bench.work(bench.event("body/0"))
    assert asked
    asked.clear()
    bench.simd = False
    event = bench.event("body/1")
    bench.work(event)
    assert not asked
    assert bench.metadata(event)["failures"] == {}


@pytest.mark.parametrize(
    ("simd", "found", "name"),
    [
        (True, scaling.resize_by_pillow, "pic-scale"),
        (True, None, "Pillow"),
        (False, scaling.resize_by_pillow, "Pillow"),
    ],
)
def test_the_metadata_say_what_scaled_the_images(
    bench: WorkerBench,
    monkeypatch: pytest.MonkeyPatch,
    *,
    simd: bool,
    found: scaling.Resize | None,
    name: str,
) -> None:
    monkeypatch.setattr(scaling, "simd_resize", lambda: found)
    bench.simd = simd
    event = bench.event("body/0")
    bench.work(event)
    assert bench.metadata(event)["scaler"] == name


def test_the_window_ends_before_the_invocation_does(bench: WorkerBench) -> None:
    """What is late then is a timeout, and the others are shown."""
    event = bench.event("body/0", "hang")
    bench.limits = msgspec.structs.replace(LIMITS, attempt_s=50.0, read_s=50.0, image_s=100.0)
    lease: Any = bench.windows.claim(event, replay=None, owner="me", lease_s=60)
    outcome = build_claimed(bench.worker(), event, lease, 0.5)
    assert outcome.ending is Ending.CREATED
    assert bench.metadata(event)["failures"] == {"timeout": 1}
    assert "window ran out" in bench.metadata(event)["cells"][1]["detail"]


def test_a_window_beside_others_is_given_back_instead_of_published_with_late_images_missing(
    bench: WorkerBench,
) -> None:
    event = bench.event("body/0", "hang")
    bench.limits = msgspec.structs.replace(LIMITS, attempt_s=50.0, read_s=50.0, image_s=100.0)
    message = Message(event=event)
    with pytest.raises(SlowWindowError):
        bench.worker().work(message, owner="me", remaining_s=60, share_s=0.5)
    assert bench.aws.stored() == bench.aws.stored(TEMP) == bench.aws.heard() == []
    assert table.window_status(bench.aws.window(event.window_id)) == "queued"


def test_a_window_of_35_hostile_and_good_images_shows_the_good_ones(bench: WorkerBench) -> None:
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
    assert all(shows(cell, WHITE) for cell in cells[:8])
    assert all(shows(cell, COLOURS[0]) for cell in cells[8:])
    failures = bench.metadata(event)["failures"]
    assert failures == {"timeout": 2, "connection": 2, "too_many_redirects": 1, "too_large": 3}
