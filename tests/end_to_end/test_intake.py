"""Files that are dropped into the input bucket become collages, or an error beside them."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ops_dashboard.local.demo.batches import DEFAULT_LAYOUT
from ops_dashboard.local.demo.check import collage_differences, figure_differences, window_in
from ops_dashboard.local.samples.creators import CREATORS
from ops_dashboard.local.samples.generator import Sample
from ops_dashboard.local.samples.video_row import csv_bytes
from stream_ingest.cli.main import app as ingest_app
from stream_ingest.contracts.naming import creator_key
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.samples import make_sample, plain_creator
from tests.end_to_end.waiting import wait_for

pytestmark = pytest.mark.timeout(240)

PATIENCE_S = 120
TOO_LATE = "manual-uploads/too-late.csv"
CANNOT_BE_DONE = (
    {"s3_key": "a.csv", "processing_config": {"quality": 200}},
    {"s3_key": TOO_LATE, "batch_id": "too-late"},
)
WRONG = "processing_config.quality"


@pytest.fixture(scope="module", autouse=True)
def failing(pipeline: Pipeline) -> None:
    """Requests that cannot be done: tried three times, seconds apart, while other tests run."""
    for request in CANNOT_BE_DONE:
        pipeline.aws.clients.sqs.send_message(
            QueueUrl=pipeline.outputs.request_queue_url,
            MessageBody=json.dumps({"s3_bucket": pipeline.outputs.input_bucket, **request}),
        )


def drop(pipeline: Pipeline, key: str, data: bytes) -> None:
    pipeline.aws.clients.s3.put_object(Bucket=pipeline.outputs.input_bucket, Key=key, Body=data)


def input_keys(pipeline: Pipeline, prefix: str = "") -> list[str]:
    found = pipeline.aws.clients.s3.list_objects_v2(
        Bucket=pipeline.outputs.input_bucket, Prefix=prefix
    )
    return [item["Key"] for item in found.get("Contents", [])]


def archived(pipeline: Pipeline, folder: str, name: str) -> str:
    """Wait until a file was moved; return its key, of which the batch's id is a part."""

    def found() -> list[str]:
        keys = input_keys(pipeline, f"archived/{folder}/")
        return [key for key in keys if key.endswith(f"/{name}")]

    wait_for(lambda: len(found()) == 1, f"{name} was not moved to archived/{folder}", PATIENCE_S)
    return found()[0]


def ended(pipeline: Pipeline, batch_id: str) -> dict[str, object]:
    """Wait until a batch has ended; return its status."""
    wait_for(
        lambda: bool(pipeline.status(batch_id)["ended"]), f"{batch_id} did not end", PATIENCE_S
    )
    return pipeline.status(batch_id)


def collages_of(pipeline: Pipeline, sample: Sample, trigger: str) -> dict[str, bytes]:
    own = {creator_key(creator) for creator in sample.expectation.cells}
    return {
        Path(key).name: pipeline.read(key)
        for key in pipeline.keys("collages/2")
        if f"/{trigger}/" in key and Path(key).name.partition("_collage_")[0] in own
    }


def test_a_dropped_file_becomes_collages_and_moves(pipeline: Pipeline) -> None:
    """The file is as awkward as spreadsheets make it: UTF-16 with a mark, packed with gzip."""
    sample = make_sample(pipeline.covers, CREATORS[6:9], seed=71)
    text = csv_bytes(sample.rows).decode()
    drop(pipeline, "csv-files/team a/Covers 7.csv.gz", gzip.compress(text.encode("utf-16")))
    key = archived(pipeline, "processed", "Covers 7.csv.gz")
    batch_id = key.split("/")[5]
    status = ended(pipeline, batch_id)
    assert figure_differences(dict(sample.expectation.summary()), status) == []
    assert status["trigger"] == "s3-trigger"
    assert batch_id.startswith("csv-Covers-7-")
    assert key.endswith(f"/{batch_id}/team a/Covers 7.csv.gz")
    # The event of the embedded AWS names no version (docs/facts.md#ministack), S3 itself does.
    assert "/csv-files/team a/Covers 7.csv.gz?versionId=" in str(status["source"])
    collages = collages_of(pipeline, sample, "s3-trigger")
    assert collage_differences(sample.expectation, collages, DEFAULT_LAYOUT) == []
    assert input_keys(pipeline, "csv-files/") == []


def test_a_malformed_file_gets_an_error_report_and_its_rows_before_the_error_count(
    pipeline: Pipeline,
) -> None:
    sample = make_sample(
        pipeline.covers, [plain_creator("half.way", 61, 3)], seed=72, awkward=False
    )
    data = csv_bytes(sample.rows)
    drop(pipeline, "csv-files/broken.csv", data + b'someone,"never closed,2026-11-01\n')
    key = archived(pipeline, "failed", "broken.csv")
    s3 = pipeline.aws.clients.s3
    body = s3.get_object(Bucket=pipeline.outputs.input_bucket, Key=f"{key}.errors.json")["Body"]
    report = json.loads(body.read())
    assert report["line"] == len(data.splitlines()) + 1
    assert report["reason"] == "a quote is opened and never closed"
    assert report["rows_read"] == 3
    status = ended(pipeline, report["batch_id"])
    assert (status["rows_accepted"], status["collages"]) == (3, 1)


def test_manual_uploads_start_nothing(pipeline: Pipeline) -> None:
    """A file that is dropped later has been processed, and this one has not been touched."""
    sample = make_sample(pipeline.covers, [plain_creator("by.hand", 62, 2)], seed=73, awkward=False)
    drop(pipeline, "manual-uploads/by-hand.csv", csv_bytes(sample.rows))
    drop(pipeline, "csv-files/later.csv", b"no,header\n")
    archived(pipeline, "failed", "later.csv")
    assert "manual-uploads/by-hand.csv" in input_keys(pipeline)
    assert not collages_of(pipeline, sample, "s3-trigger")


def test_a_request_runs_its_file_with_its_own_grid_prefix_and_trigger(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    """And once more with another grid: known images are taken again if a batch requires it."""
    sample = make_sample(
        pipeline.covers, [plain_creator("on.demand", 63, 10)], seed=74, awkward=False
    )
    path = tmp_path / "on-demand.csv"
    path.write_bytes(csv_bytes(sample.rows))
    first = submit(pipeline, str(path), "--rows=2", "--cols=3", "--output-prefix=campaign")
    assert (first["progress"]["rows_accepted"], first["progress"]["collages"]) == (10, 2)
    assert first["progress"]["trigger"] == "sqs-trigger"
    place = f"s3://{first['request']['s3_bucket']}/{first['request']['s3_key']}"
    second = submit(pipeline, place, "--rows=4", "--cols=3", "--no-dedup")
    assert (second["progress"]["rows_accepted"], second["progress"]["collages"]) == (10, 1)
    keys = [key for key in pipeline.keys("collages/") if "/on.demand_" in key]
    own = [key for key in keys if key.startswith("collages/campaign/2")]
    assert len(own) == 2
    assert {size_of(pipeline, key) for key in own} == {(600, 400)}
    (other,) = [key for key in keys if key.startswith("collages/2")]
    assert size_of(pipeline, other) == (600, 800)
    assert first["request"]["s3_key"] in input_keys(pipeline)


def test_the_message_that_is_in_use_is_understood_as_it_is(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    """Also as a test event in the Lambda console, which is answered with the batch."""
    sample = make_sample(
        pipeline.covers, [plain_creator("as.it.is", 48, 10)], seed=77, awkward=False
    )
    key = "manual-uploads/batch_20250119.csv"
    drop(pipeline, key, csv_bytes(sample.rows))
    message = {
        "processing_type": "csv_s3",
        "s3_bucket": pipeline.outputs.input_bucket,
        "s3_key": key,
        "output_prefix": "sqs-trigger/",
        "processing_config": {
            "group_by_creator": True,
            "rows": 5,
            "cols": 7,
            "max_images_per_creator": 35,
            "quality": 95,
            "max_workers": 8,
            "timeout": 30,
            "max_retries": 3,
            "priority": "high",
        },
    }
    path = tmp_path / "message.json"
    path.write_text(json.dumps(message))
    done = submit(pipeline, "--request", str(path))
    note = "processing_config.priority is not a known field and has no effect"
    assert done["notes"] == [note]
    assert done["progress"]["notes"] == [note]
    assert (done["progress"]["rows_accepted"], done["progress"]["collages"]) == (10, 1)
    keys = pipeline.keys("collages/sqs-trigger/2")
    (own,) = [each for each in keys if "/as.it.is_collage_" in each]
    assert size_of(pipeline, own) == (1400, 400)

    invoked = pipeline.aws.clients.functions.invoke(
        FunctionName=pipeline.outputs.intake_function, Payload=json.dumps(message).encode()
    )
    answer = json.loads(invoked["Payload"].read())
    assert (answer["status"], answer["notes"]) == ("done", [note])
    status = ended(pipeline, answer["batch_id"])
    assert status["refused"] == {"duplicate": 10}


def test_a_direct_invocation_that_is_wrong_is_answered_with_the_field(pipeline: Pipeline) -> None:
    invoked = pipeline.aws.clients.functions.invoke(
        FunctionName=pipeline.outputs.intake_function, Payload=b'{"s3_bucket": "x"}'
    )
    answer = json.loads(invoked["Payload"].read())
    assert answer == {
        "status": "refused",
        "error": "s3_bucket: expected text of 3 to 63 characters",
    }


def test_a_request_may_mix_creators_in_the_order_of_the_file(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    creators = [plain_creator(f"mixed.{number}", 45 + number, 2) for number in range(3)]
    sample = make_sample(pipeline.covers, creators, seed=75, awkward=False)
    path = tmp_path / "mixed.csv"
    path.write_bytes(csv_bytes(sample.rows))
    done = submit(pipeline, str(path), "--rows=1", "--cols=3", "--mix-creators", "--batch-id=mix")
    assert (done["progress"]["rows_accepted"], done["progress"]["collages"]) == (6, 2)
    keys = [key for key in pipeline.keys("collages/2") if "/mixed-mix_collage_" in key]
    windows = {window_in(Path(key).name) for key in keys}
    assert windows == {"mixed-mix:000001", "mixed-mix:000002"}


def letters(pipeline: Pipeline, why: str) -> list[dict[str, object]]:
    """Return the intake's dead letters that are there for a reason."""
    found = pipeline.ops("dlq", "list")
    return [each for each in found if each["kind"] == "intake" and each["why"].startswith(why)]


def letter(pipeline: Pipeline, why: str) -> dict[str, object]:
    """Wait for the dead letter that becomes of a request."""
    wait_for(lambda: bool(letters(pipeline, why)), "the request is no dead letter", PATIENCE_S)
    (found,) = letters(pipeline, why)
    return found


def test_a_bad_request_is_a_dead_letter_that_names_the_field(pipeline: Pipeline) -> None:
    found = letter(pipeline, WRONG)
    assert found["why"] == f"{WRONG} 200: expected a whole number from 1 to 100"
    assert found["tries"] == 3
    forget(pipeline, str(found["id"]))
    assert letters(pipeline, WRONG) == []


def forget(pipeline: Pipeline, message_id: str) -> None:
    """Delete one dead letter."""
    sqs, url = pipeline.aws.clients.sqs, pipeline.outputs.dead_letter_urls["intake"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    (handle,) = (
        each["ReceiptHandle"] for each in found["Messages"] if each["MessageId"] == message_id
    )
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)


def test_a_request_whose_file_comes_too_late_is_redriven(pipeline: Pipeline) -> None:
    sample = make_sample(
        pipeline.covers, [plain_creator("too.late", 49, 2)], seed=76, awkward=False
    )
    why = "s3_key: there is no object s3://"
    assert letter(pipeline, why)["tries"] == 3
    drop(pipeline, TOO_LATE, csv_bytes(sample.rows))
    pipeline.ops("dlq", "redrive", "--all")
    wait_for(lambda: not letters(pipeline, why), "the dead letter stays", PATIENCE_S)
    wait_for(lambda: bool(collages_of(pipeline, sample, "sqs-trigger")), "no collage", PATIENCE_S)
    status = ended(pipeline, "too-late")
    assert (status["rows_accepted"], status["collages"]) == (2, 1)


def submit(pipeline: Pipeline, *arguments: str) -> dict[str, Any]:
    done = pipeline.here(ingest_app, "submit", *arguments, "--wait", "--json")
    assert done.exit_code == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def size_of(pipeline: Pipeline, key: str) -> tuple[int, int]:
    return Image.open(io.BytesIO(pipeline.read(key))).size
