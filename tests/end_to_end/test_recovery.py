"""The operator's ways back: replay, retry, dead letters, resumed pushes."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops_dashboard.cli import app as ops_app
from ops_dashboard.local.demo.batches import DEFAULT_LAYOUT
from ops_dashboard.local.demo.check import collage_differences
from ops_dashboard.local.samples.generator import Sample
from stream_ingest.contracts.settings import CollageLayout
from tests.end_to_end.discarded_delivery import store_discarded
from tests.end_to_end.kinesis_proxy import StandStill, kill_push
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.samples import make_sample, plain_creator, write_rows
from tests.end_to_end.waiting import wait_for
from tests.fakes.command_line import Commands

pytestmark = pytest.mark.timeout(240)


def collages_of(pipeline: Pipeline, creator: str) -> dict[str, bytes]:
    keys = pipeline.keys(f"collages/by-creator/{creator}/")
    return {Path(key).name: pipeline.read(key) for key in keys}


def window_item(pipeline: Pipeline, window_id: str) -> dict[str, Any]:
    creator, _, number = window_id.partition(":")
    answer = pipeline.aws.clients.dynamodb.get_item(
        TableName=pipeline.outputs.table_name,
        Key={"creator_name": {"S": creator}, "item": {"S": f"window#{number}"}},
        ConsistentRead=True,
    )
    return answer["Item"]


def test_a_replay_rebuilds_every_collage_when_all_urls_are_dead(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    creator = plain_creator("mortal.one", 51, 40)
    sample = make_sample(pipeline.mortal_covers, [creator], seed=31, awkward=False)
    path = write_rows(sample, tmp_path, "mortal.csv")
    start = datetime.now(UTC).replace(microsecond=0).isoformat()  # windows close at whole seconds
    pipeline.push(f"--csv={path}", "--flush", "--batch-id=mortal")
    before = collages_of(pipeline, "mortal.one")
    assert len(before) == 2
    pipeline.mortal_covers.switch_off()
    for _ in range(2):  # replaying twice doubles nothing
        done = pipeline.here(ops_app, "replay", f"--from={start}", "--wait", "--json")
        assert done.exit_code == 0, done.stderr
        assert "may lag by ten minutes" in done.stderr
        end = json.loads(done.stdout)
        assert end["waiting"] == 0
        assert end["windows"] >= 2
    assert collages_of(pipeline, "mortal.one") == before
    assert pipeline.status("mortal")["windows"] == 2


def test_a_creator_is_replayed_from_the_table(pipeline: Pipeline, tmp_path: Path) -> None:
    creator = plain_creator("once.more", 52, 3)
    sample = make_sample(pipeline.covers, [creator], seed=32, awkward=False)
    pipeline.push(f"--csv={write_rows(sample, tmp_path, 'once.csv')}", "--flush", "--batch-id=once")
    end = pipeline.ops("replay", "--creator=once.more", "--wait")
    assert end["by_status"] == {"completed": 1}
    assert window_item(pipeline, "once.more:000001")["replayed_as"]["S"] == end["name"]
    assert (
        collage_differences(sample.expectation, collages_of(pipeline, "once.more"), DEFAULT_LAYOUT)
        == []
    )


def test_a_retry_fetches_what_failed_in_passing_and_nothing_else(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    """The covers' server is down at first, but for those that another one serves."""
    here = make_sample(pipeline.covers, [plain_creator("tried.again", 53, 20)], seed=33)
    late = make_sample(
        pipeline.late_covers, [plain_creator("tried.again", 59, 5)], seed=34, awkward=False
    )
    both = merged(here, late)
    path = tmp_path / "retry.csv"
    path.write_bytes(both)
    pipeline.push(f"--csv={path}", "--flush", "--batch-id=retry")
    first = window_item(pipeline, "tried.again:000001")
    assert first["failures"]["M"]["connection"]["N"] == "5"
    requests_before = pipeline.covers.requests
    with pipeline.late_covers:
        end = pipeline.ops("retry", "--failed", "--batch=retry", "--wait")
    assert end["windows"] == 1
    after = window_item(pipeline, "tried.again:000001")
    assert int(after["images_ok"]["N"]) == int(first["images_ok"]["N"]) + 5
    assert "connection" not in after["failures"]["M"]
    assert pipeline.covers.requests == requests_before


def merged(first: Sample, second: Sample) -> bytes:
    """Return both samples as one CSV file."""
    from ops_dashboard.local.samples.video_row import csv_bytes  # noqa: PLC0415 - used here alone

    return csv_bytes([*first.rows, *second.rows])


def test_a_dead_message_is_listed_and_redriven(pipeline: Pipeline, tmp_path: Path) -> None:
    creator = plain_creator("dead.letter", 54, 2)
    sample = make_sample(pipeline.covers, [creator], seed=35, awkward=False)
    pipeline.push(f"--csv={write_rows(sample, tmp_path, 'dead.csv')}", "--flush", "--batch-id=dead")
    detail = json.loads(stored_event(pipeline, "dead.letter", "000001"))
    pipeline.aws.clients.sqs.send_message(
        QueueUrl=pipeline.outputs.dead_letter_urls["collage"],
        MessageBody=json.dumps(
            {"detail-type": "WindowReady", "source": "coverstream.windowing", "detail": detail}
        ),
    )
    (letter,) = letters(pipeline, "collage")
    assert letter["window_id"] == "dead.letter:000001"
    assert letters(pipeline, "collage") == [letter]
    done = pipeline.ops("dlq", "redrive", letter["ref"])
    assert [each["id"] for each in done["sent"]] == [letter["id"]]
    name = f"redrive-{letter['id']}"
    wait_for(lambda: replayed_as(pipeline, "dead.letter:000001") == name)
    assert letters(pipeline, "collage") == []


def letters(pipeline: Pipeline, kind: str) -> list[dict[str, Any]]:
    """Return the dead letters of a kind; other tests may have left some of another."""
    return [letter for letter in pipeline.ops("dlq", "list") if letter["kind"] == kind]


def stored_event(pipeline: Pipeline, creator: str, number: str) -> bytes:
    import zlib  # noqa: PLC0415 - used here alone

    answer = pipeline.aws.clients.dynamodb.get_item(
        TableName=pipeline.outputs.table_name,
        Key={"creator_name": {"S": creator}, "item": {"S": f"images#{number}"}},
    )
    return zlib.decompress(answer["Item"]["detail"]["B"])


def replayed_as(pipeline: Pipeline, window_id: str) -> str:
    item = window_item(pipeline, window_id)
    return item.get("replayed_as", {}).get("S", "") if "lease_owner" not in item else ""


def test_records_that_lambda_gave_up_on_are_redriven_as_a_batch(pipeline: Pipeline) -> None:
    """AWS writes the whole invocation to S3; ministack never does, so the object is ours."""
    sample = make_sample(
        pipeline.covers, [plain_creator("given.up", 55, 3)], seed=36, awkward=False
    )
    store_discarded(pipeline, sample)
    (letter,) = letters(pipeline, "stream")
    assert letter["why"] == "RetryAttemptsExhausted on shardId-000000000000"
    done = pipeline.ops("dlq", "redrive", "--all")
    (batch_id,) = done["batches"]
    wait_for(lambda: pipeline.status(batch_id)["ended"])
    found = collages_of(pipeline, "given.up")
    assert collage_differences(sample.expectation, found, CollageLayout()) == []
    assert letters(pipeline, "stream") == []


def test_an_unreadable_record_is_stored_listed_and_stops_nothing(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    pipeline.aws.clients.kinesis.put_record(
        StreamName=pipeline.outputs.stream_name, Data=b"\x09future", PartitionKey="bucket-000"
    )
    sample = make_sample(pipeline.covers, [plain_creator("goes.on", 56, 2)], seed=37, awkward=False)
    pipeline.push(f"--csv={write_rows(sample, tmp_path, 'on.csv')}", "--flush", "--batch-id=on")
    assert pipeline.status("on")["collages"] == 1
    (letter,) = (each for each in letters(pipeline, "record") if "version 9" in each["why"])
    done = pipeline.ops("dlq", "redrive", "--all")
    assert done["sent"] == []
    assert any("codec version 9" in why for why in done["unreadable"])
    (dropped,) = pipeline.ops("dlq", "drop", letter["ref"], "--yes")
    copy = {"Bucket": pipeline.outputs.output_bucket, "Key": dropped["copy"]}
    assert b"codec version 9" in pipeline.aws.clients.s3.get_object(**copy)["Body"].read()
    assert letter["id"] not in {each["id"] for each in letters(pipeline, "record")}


def test_a_killed_push_is_resumed_with_nothing_lost_or_doubled(
    pipeline: Pipeline, commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Windows of 400 that never fill, so that no cover is fetched."""
    rows = 12_000
    path = tmp_path / "many.csv"
    with path.open("w") as file:
        file.write("creator_name,cover_url,created_at\n")
        for number in range(rows):
            file.write(
                f"killed{number % 40},https://p16-sign.tiktokcdn.com/tos-x/{number:032x}"
                "~tplv-noop.image?x-expires=1999999999,2026-11-01 00:00:00\n"
            )
    options = ("--flush-policy=never", "--rows=20", "--cols=20", "--batch-id=killed")
    kill_push(pipeline.aws.endpoint, pipeline.variables, StandStill(10), f"--csv={path}", *options)
    checkpoint = Path(os.environ["XDG_STATE_HOME"], "coverstream/push/killed.push")
    assert checkpoint.exists()
    for name, value in pipeline.aws.environment().items():
        monkeypatch.setenv(name, value)
    refused = commands.run("stream-ingest", "push", f"--csv={path}", "--batch-id=killed")
    assert refused.code == 2
    assert "push --resume --batch-id killed" in refused.err
    done = commands.run("stream-ingest", "push", "--resume", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert (report["rows_read"], report["rows_sent"]) == (rows, rows)
    assert not checkpoint.exists()
    wait_for(lambda: pipeline.status("killed")["settled"], limit_s=120)
    status = pipeline.status("killed")
    assert (status["rows_accepted"], status["refused"]) == (rows, {})
