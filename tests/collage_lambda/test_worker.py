"""Whole windows: a real HTTP server and moto's AWS."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from collage_lambda.outcomes import Ending
from collage_lambda.output.keys import keys_of
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import CollageCreated, CollageFailed, convert_detail
from stream_ingest.contracts.timestamps import from_epoch_s
from tests.fakes.collage.aws import OUTPUT, TABLE, TEMP
from tests.fakes.collage.events import LAYOUT, window_ready
from tests.fakes.collage.worker_bench import COLOURS, LINK_LIFE_S, WHITE, WorkerBench, shows


def test_a_window_becomes_a_collage_with_each_image_in_its_cell(bench: WorkerBench) -> None:
    event = bench.event("body/0", "body/1", "body/2", "body/3")
    outcome = bench.work(event)
    assert outcome.ending is Ending.CREATED
    cells = bench.cells(event)
    assert all(shows(cell, colour) for cell, colour in zip(cells, COLOURS, strict=False))
    assert all(shows(cell, WHITE) for cell in cells[4:])
    item = bench.aws.window(event.window_id)
    keys = keys_of(event)
    assert item["status"] == "completed"
    assert (item["images_ok"], item["images_failed"], item["failures"]) == (4, 0, {})
    assert (item["collage_key"], item["metadata_key"]) == (keys.collage, keys.metadata)
    assert (item["thumbnail_key"], item["originals_key"]) == (keys.thumbnail, keys.originals)
    assert item["collage_bytes"] == len(bench.aws.read(keys.collage))
    assert item["bytes_downloaded"] == bench.metadata(event)["bytes_downloaded"] > 0
    assert item["collage_sha256"] == hashlib.sha256(bench.aws.read(keys.collage)).hexdigest()
    assert bench.aws.stored(TEMP) == [keys.originals]


def test_the_collage_is_announced_on_the_bus(bench: WorkerBench) -> None:
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


def test_a_window_without_any_image_fails_and_has_only_metadata(bench: WorkerBench) -> None:
    event = bench.event("status/404", "status/403")
    outcome = bench.work(event)
    assert outcome.ending is Ending.FAILED
    assert bench.aws.stored() == [keys_of(event).metadata]
    assert bench.aws.stored(TEMP) == []
    item = bench.aws.window(event.window_id)
    assert (item["status"], item["images_failed"]) == ("failed", 2)
    assert item["error"] == "every image failed"
    assert "collage_key" not in item
    (heard,) = bench.aws.heard()
    failed = convert_detail(heard["Detail"], CollageFailed)
    assert failed.failures == {"not_found": 1, "forbidden": 1}
    assert bench.metadata(event)["collage_key"] is None


def test_the_metadata_names_the_file_and_the_request_behind_a_collage(bench: WorkerBench) -> None:
    event = bench.event("body/0")
    source = "s3://input/csv-files/team/covers.csv?versionId=3"
    key = {"creator_name": {"S": f"batch#{event.batch_id}"}, "item": {"S": "batch"}}
    bench.aws.dynamodb.put_item(TableName=TABLE, Item=key | {"source": {"S": source}})
    bench.work(event, owner="8a1b-request/message/5c")
    metadata = bench.metadata(event)
    assert (metadata["source"], metadata["lambda_request_id"]) == (source, "8a1b-request")
    assert bench.aws.window(event.window_id)["request_id"] == "8a1b-request"


def test_a_window_of_a_batch_without_an_item_has_no_source(bench: WorkerBench) -> None:
    """A replay into an empty table, or a batch of an older producer."""
    event = bench.event("body/0")
    bench.work(event)
    assert bench.metadata(event)["source"] is None


def test_the_same_message_again_changes_nothing(bench: WorkerBench) -> None:
    event = bench.event("body/0")
    bench.work(event)
    before = bench.aws.window(event.window_id)
    bench.aws.heard()
    bench.server.hits.clear()
    assert bench.work(event).ending is Ending.ALREADY_DONE
    assert bench.aws.window(event.window_id) == before
    assert not bench.server.hits
    assert bench.aws.heard() == []


def test_an_image_list_too_long_for_an_event_is_read_from_the_temp_bucket(
    bench: WorkerBench,
) -> None:
    listed = bench.event("body/0", "body/1")
    key = "processing/windows/charli/000012.json"
    bench.aws.s3.put_object(Bucket=TEMP, Key=key, Body=msgspec.json.encode(listed.images))
    event = window_ready([], image_count=2, images_key=key)
    assert bench.work(event).ending is Ending.CREATED
    assert shows(bench.cells(event)[1], COLOURS[1])


@pytest.mark.parametrize("body", [None, b"[]", b"junk"])
def test_a_window_whose_image_list_is_gone_fails_with_that_reason(
    bench: WorkerBench, body: bytes | None
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


def test_an_invocation_with_too_little_time_does_not_claim_the_window(bench: WorkerBench) -> None:
    event = bench.event("body/0")
    with pytest.raises(TransientError, match="no time left"):
        bench.work(event, remaining_s=19)
    assert bench.aws.window(event.window_id) == {}
