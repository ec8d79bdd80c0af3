"""Windows built again: from stored originals, and never worse than before."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from collage_lambda.outcomes import Ending
from collage_lambda.output.keys import keys_of
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.events import CollageCreated, convert_detail
from tests.fakes.collage.aws import TEMP
from tests.fakes.collage.events import window_ready
from tests.fakes.collage.images import plain_jpeg
from tests.fakes.collage.worker_bench import COLOURS, WorkerBench, shows


def test_a_replay_is_built_from_stored_originals_when_the_urls_are_dead(bench: WorkerBench) -> None:
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


def test_a_replay_downloads_only_missing_images_and_stores_all(bench: WorkerBench) -> None:
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


def test_a_rebuild_with_fewer_images_leaves_the_collage_alone(bench: WorkerBench) -> None:
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
    assert item.pop("kept_because") == "the new build has fewer images: 1, not 2"
    assert {**item, "attempts": 1} == before
    assert bench.aws.heard() == []


def test_a_window_whose_number_was_used_before_fails_and_leaves_the_collage_alone(
    bench: WorkerBench,
) -> None:
    """So it is where a table lost windows and numbers them again, which `rules.numbering` stops."""
    event = bench.event("body/0", "body/1")
    bench.work(event)
    collage, metadata = bench.aws.read(keys_of(event).collage), bench.metadata(event)
    bench.aws.forget_window(event.window_id)
    again = msgspec.structs.replace(event, closed_at=event.closed_at + timedelta(seconds=1))
    assert keys_of(again).collage == keys_of(event).collage
    with pytest.raises(ConflictError, match="was published by another worker"):
        bench.work(again)
    assert bench.work(again).ending is Ending.FAILED
    item = bench.aws.window(event.window_id)
    assert (item["status"], item["failures"]) == ("failed", {"not_listed": 2})
    assert "belongs to another window, which closed at" in item["error"]
    assert bench.aws.read(keys_of(event).collage) == collage
    assert bench.metadata(event) == metadata


def test_the_temp_bucket_stays_empty_if_originals_are_not_kept(bench: WorkerBench) -> None:
    event = bench.event("body/0")
    bench.work(event, keep_originals=False)
    assert bench.aws.stored(TEMP) == []
    assert "originals_key" not in bench.aws.window(event.window_id)


def test_a_replay_whose_image_list_is_gone_leaves_the_collage_alone(bench: WorkerBench) -> None:
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
    assert item["kept_because"] == f"image list {key} is gone"
    bench.aws.s3.put_object(Bucket=TEMP, Key=key, Body=msgspec.json.encode(listed.images))
    assert bench.work(event, replay="with the list").ending is Ending.CREATED
    assert "kept_because" not in bench.aws.window(event.window_id)
