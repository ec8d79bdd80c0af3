"""The main job on the embedded AWS: rows in, the right picture in the right cell out.

Nothing here goes past Kinesis, DynamoDB, EventBridge or SQS; the Lambdas run from their own zips.
"""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from ops_dashboard.local.demo.batches import DEFAULT_LAYOUT
from ops_dashboard.local.demo.check import collage_differences, figure_differences
from ops_dashboard.local.samples.creators import CREATORS, SampleCreator
from ops_dashboard.local.samples.generator import Sample
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.settings import CollageLayout
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.samples import make_sample, write_rows

pytestmark = pytest.mark.timeout(240)

BATCH = "first"


@pytest.fixture(scope="module")
def first(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, Path]:
    """A first batch of three creators with every awkwardness, pushed by a process and ended."""
    sample = make_sample(pipeline.covers, CREATORS[:3], seed=11)
    path = write_rows(sample, tmp_path_factory.mktemp("rows"), "first.csv")
    options = (f"--csv={path}", "--flush", f"--batch-id={BATCH}", "--wait")
    done = pipeline.command("stream-ingest", "push", *options)
    assert done.returncode == 0, done.stderr
    return sample, path


def test_every_figure_is_that_of_the_generated_rows(
    pipeline: Pipeline, first: tuple[Sample, Path]
) -> None:
    sample, _ = first
    status = pipeline.status(BATCH)
    assert figure_differences(dict(sample.expectation.summary()), status) == []
    assert status["rows_read"] == status["rows_accepted"] + sum(status["refused"].values())
    assert status["images_ok"] + status["images_failed"] == status["rows_accepted"]
    assert status["ended"]


def test_every_cell_shows_the_cover_of_its_row(
    pipeline: Pipeline, first: tuple[Sample, Path]
) -> None:
    sample, _ = first
    keys = pipeline.keys("collages/2")
    collages = {Path(key).name: pipeline.read(key) for key in keys if "/csv-push/" in key}
    own = {name: data for name, data in collages.items() if is_of(name, sample)}
    assert collage_differences(sample.expectation, own, DEFAULT_LAYOUT) == []


def is_of(name: str, sample: Sample) -> bool:
    return name.partition("_collage_")[0] in {
        creator_key(each) for each in sample.expectation.cells
    }


def beside(collage_key: str, tree: str, kind: str) -> str:
    """Return the key of another object of a collage's window, but for its suffix."""
    folder, _, name = collage_key.replace("collages/", f"{tree}/", 1).rpartition("/")
    creator, _, rest = name.rpartition("_collage_")
    return f"{folder}/{creator}_{kind}_{rest}"


def test_copies_thumbnails_and_metadata_stand_beside_each_collage(
    pipeline: Pipeline, first: tuple[Sample, Path]
) -> None:
    assert first
    for key in pipeline.keys("collages/2"):
        name = Path(key).name
        creator = name.partition("_collage_")[0]
        data = pipeline.read(key)
        assert pipeline.read(f"collages/by-creator/{creator}/{name}") == data
        thumbnail = Image.open(io.BytesIO(pipeline.read(beside(key, "thumbnails", "thumb"))))
        assert thumbnail.width < Image.open(io.BytesIO(data)).width
        head = pipeline.aws.clients.s3.head_object(Bucket=pipeline.outputs.output_bucket, Key=key)
        assert head["ServerSideEncryption"] == "AES256"
        assert head["CacheControl"] == "private, max-age=3600"
        metadata_key = beside(key, "metadata", "metadata").removesuffix(".jpg") + ".json"
        metadata = json.loads(pipeline.read(metadata_key))
        assert len(metadata["cells"]) == metadata["images_ok"] + metadata["images_failed"]
        assert metadata["collage_key"] == key
        if metadata["batch_id"] == BATCH:
            assert metadata["source"] == str(first[1].resolve())
        assert metadata["lambda_request_id"]


def test_a_batch_that_ended_is_reported_in_all_five_places(
    pipeline: Pipeline, first: tuple[Sample, Path]
) -> None:
    sweeper = pipeline.outputs.sweeper_function  # as each minute
    assert "FunctionError" not in pipeline.aws.clients.functions.invoke(FunctionName=sweeper)
    status = pipeline.status(BATCH)
    assert status["status"] == "ended"
    summaries = pipeline.keys("results/processing-summaries/")
    (key,) = [each for each in summaries if f"/processing_summary_{BATCH}_" in each]
    summary = json.loads(pipeline.read(key))
    assert summary["summary_key"] == key
    for name in ("rows_read", "rows_accepted", "refused", "windows", "collages", "images_ok"):
        assert summary[name] == status[name], name
    lines = list(csv.DictReader(io.StringIO(pipeline.read(summary["results_key"]).decode())))
    assert len(lines) == summary["windows"]
    assert {line["collage_key"] for line in lines} <= set(pipeline.keys("collages/2"))
    assert summary["source"] == status["source"] == str(first[1].resolve())
    assert summary["processing_ms"] >= summary["longest_ms"] > 0
    assert summary["bytes_downloaded"] > 0
    day = summary["ended_at"][:10]
    name = f"processing_log_{day.replace('-', '')}.json"
    log = json.loads(pipeline.read(f"results/processing-logs/{day[:4]}/{day[5:7]}/{name}"))
    (entry,) = [each for each in log["batches"] if each["batch_id"] == BATCH]
    assert (entry["outcome"], entry["summary_key"]) == ("partial", key)
    stats = json.loads(pipeline.read(f"results/statistics/daily_stats_{day.replace('-', '')}.json"))
    assert stats["batches"][BATCH]["images_ok"] == summary["images_ok"]
    month = day[:7].replace("-", "")
    report = json.loads(pipeline.read(f"results/statistics/monthly_report_{month}.json"))
    assert report["days"][day] == stats["totals"]


def test_the_link_in_the_event_opens_the_collage_and_nothing_else(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    """ministack checks a link's signature; this request has no credentials."""
    clients, bus = pipeline.aws.clients, pipeline.outputs.bus_name
    url = clients.untyped("sqs").create_queue(QueueName="heard")["QueueUrl"]
    arn = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    events = clients.untyped("events")
    pattern = json.dumps({"detail-type": ["CollageCreated"], "detail": {"batch_id": ["linked"]}})
    events.put_rule(Name="heard", EventBusName=bus, EventPattern=pattern)
    target = {"Id": "heard", "Arn": arn["Attributes"]["QueueArn"]}
    events.put_targets(Rule="heard", EventBusName=bus, Targets=[target])
    creator = SampleCreator(name="linked", caption="linked", index=51, covers=2)
    sample = make_sample(pipeline.covers, [creator], seed=13, awkward=False)
    path = write_rows(sample, tmp_path, "linked.csv")
    pipeline.push(f"--csv={path}", "--flush", "--batch-id=linked")
    (message,) = clients.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    created = json.loads(message["Body"])["detail"]
    assert get(created["url"]) == (200, pipeline.read(created["key"]))
    other = created["url"].replace(created["key"], created["thumbnail_key"])
    assert get(other)[0] == 403
    left_s = (datetime.fromisoformat(created["url_expires_at"]) - datetime.now(UTC)).total_seconds()
    assert 3_000 < left_s <= 3_600


def get(url: str) -> tuple[int, bytes]:
    """Return status and body of a URL of the embedded AWS."""
    assert url.startswith("http://127.0.0.1:")
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - see above
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_refused_rows_are_stored_with_their_reason(
    pipeline: Pipeline, first: tuple[Sample, Path]
) -> None:
    sample, _ = first
    stored = [
        json.loads(line)["reason"]
        for key in pipeline.keys(f"failed/rows/{BATCH}/")
        for line in pipeline.read(key).splitlines()
    ]
    expected = {
        reason: count
        for reason, count in sample.expectation.refused.items()
        if reason != "duplicate"  # counted by the fold, and nothing is wrong with the row
    }
    assert {reason: stored.count(reason) for reason in set(stored)} == expected


def test_nothing_ends_as_a_dead_letter(pipeline: Pipeline, first: tuple[Sample, Path]) -> None:
    assert first
    for name, url in pipeline.outputs.dead_letter_urls.items():
        attributes = pipeline.aws.clients.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        assert attributes["ApproximateNumberOfMessages"] == "0", name


def test_the_same_rows_again_are_duplicates_and_change_nothing(
    pipeline: Pipeline, first: tuple[Sample, Path]
) -> None:
    sample, path = first
    before = set(pipeline.keys(""))
    pipeline.push(f"--csv={path}", "--flush", "--batch-id=again")
    status = pipeline.status("again")
    assert status["rows_accepted"] == 0
    assert status["windows"] == 0
    assert status["refused"]["duplicate"] == sample.expectation.rows_accepted + (
        sample.expectation.refused.get("duplicate", 0)
    )
    reports = ("failed/", "results/")
    after = {key for key in pipeline.keys("") if not key.startswith(reports)}
    assert after == {key for key in before if not key.startswith(reports)}


def test_a_batch_may_choose_its_own_collage(pipeline: Pipeline, tmp_path: Path) -> None:
    creator = SampleCreator(name="two.by.three", caption="two.by.three", index=50, covers=8)
    sample = make_sample(pipeline.covers, [creator], seed=12, awkward=False)
    path = write_rows(sample, tmp_path, "grid.csv")
    pipeline.push(
        f"--csv={path}",
        "--flush",
        "--batch-id=grid",
        "--rows=2",
        "--cols=3",
        "--cell-px=120",
        "--background=#000000",
    )
    layout = CollageLayout(rows=2, cols=3, cell_px=120, background="#000000", fit_rows=True)
    collages = {
        Path(key).name: pipeline.read(key)
        for key in pipeline.keys("collages/2")
        if "two.by.three" in key
    }
    regrouped = replace(sample.expectation, images_per_window=6)
    assert collage_differences(regrouped, collages, layout) == []


def test_a_second_deployment_of_the_same_stack_changes_nothing(pipeline: Pipeline) -> None:
    servers = (pipeline.covers, pipeline.mortal_covers, pipeline.late_covers)
    assert pipeline.aws.changes
    pipeline.aws.deploy(allowed_sources=[server.address for server in servers])
    assert pipeline.aws.changes == []
