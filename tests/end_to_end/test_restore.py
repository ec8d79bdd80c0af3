"""A table that is restored to an earlier moment, by the steps of docs/operations/restore.md.

The account is kept here: images by creator as the rows name them, and images as the metadata of
all collages in S3 list them.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops_dashboard.cli import app as ops_app
from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.samples.cover_server import CoverServer
from stream_ingest.records.rows import CoverRow, admit
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.samples import make_sample, plain_creator, write_rows
from tests.end_to_end.waiting import wait_for

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
CREATOR = "was.restored"


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    """A stack of its own, because its table is replaced."""
    with pytest.MonkeyPatch.context() as patch, CoverServer() as covers, LocalAws.start() as aws:
        patch.setenv("XDG_STATE_HOME", str(tmp_path))
        outputs = aws.deploy(allowed_sources=[covers.address])
        yield Pipeline(aws, outputs, covers, covers, covers)


def test_after_a_restore_no_collage_is_replaced_and_each_image_is_there_once(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    made = [rows_of(pipeline, tmp_path, name, seed) for seed, name in enumerate("abc")]
    files, images = zip(*made, strict=True)
    push(pipeline, files[0], "a")
    wait_for(lambda: pipeline.status("a")["collages"] == 1)
    moment, backup = datetime.now(UTC), back_up(pipeline)
    push(pipeline, files[1], "b")
    wait_for(lambda: pipeline.status("b")["collages"] == 1)
    before = objects(pipeline)

    set_mapping(pipeline, enabled=False)
    restore_table(pipeline, backup)
    start_functions_anew(pipeline)
    report = pipeline.ops("restore", f"--to={moment.isoformat()}")
    assert (report["windows"], report["unfinished"], report["batches"]) == (1, 0, ["b"])
    assert not report["is_applied"]
    done = pipeline.here(ops_app, "restore", f"--to={moment.isoformat()}", "--yes")
    assert "1 windows built since then" in done.stdout, done.output
    assert pipeline.ops("restore", f"--to={moment.isoformat()}")["windows"] == 0
    read_stream_again(pipeline)
    push(pipeline, files[2], "c")
    wait_for(lambda: len(windows(pipeline)) == 3)

    assert before.items() <= objects(pipeline).items()
    first, second, third = sorted(windows(pipeline))
    assert (first, second) == (f"{CREATOR}:000001", f"{CREATOR}:000002")
    assert int(third.partition(":")[2]) >= report["first_window"] > 10**11
    pushed = {identity for some in images for identity in some}
    shown = Counter(each for window in windows(pipeline).values() for each in window)
    assert max(shown.values()) == 1
    wait_for(lambda: open_images(pipeline) == len(pushed) - len(shown))
    assert shown.keys() <= pushed


def rows_of(pipeline: Pipeline, folder: Path, name: str, seed: int) -> tuple[Path, list[str]]:
    """Return a file of 40 rows, and the identities of their images."""
    creator = plain_creator(CREATOR, seed, 40)
    sample = make_sample(pipeline.covers, [creator], seed=40 + seed, awkward=False)
    rows = [admit(*row, int(time.time())) for row in sample.rows]
    images = [row.identity for row in rows if isinstance(row, CoverRow)]
    assert len(images) == 40
    return write_rows(sample, folder, f"{name}.csv"), images


def push(pipeline: Pipeline, path: Path, batch_id: str) -> None:
    """Push rows whose windows close when they are full, and at no other time."""
    options = ("--flush-policy=never", f"--batch-id={batch_id}")
    done = pipeline.command("stream-ingest", "push", f"--csv={path}", *options)
    assert done.returncode == 0, done.stderr


def windows(pipeline: Pipeline) -> dict[str, list[str]]:
    """Return the images of all windows that have a collage, by their metadata in S3."""
    found = {}
    for key in pipeline.keys("metadata/"):
        document = json.loads(pipeline.read(key))
        if pipeline.keys(document["collage_key"]):
            found[document["window_id"]] = [cell["identity"] for cell in document["cells"]]
    return found


def objects(pipeline: Pipeline) -> dict[str, bytes]:
    folders = ("collages/", "thumbnails/", "metadata/")
    return {key: pipeline.read(key) for folder in folders for key in pipeline.keys(folder)}


def open_images(pipeline: Pipeline) -> int:
    item = pipeline.aws.clients.dynamodb.get_item(
        TableName=pipeline.outputs.table_name,
        Key={"creator_name": {"S": CREATOR}, "item": {"S": "state"}},
        ConsistentRead=True,
    )["Item"]
    return int(item["open_images"]["N"])


def back_up(pipeline: Pipeline) -> str:
    """Return the ARN of a backup, which stands for point-in-time recovery."""
    made = pipeline.aws.clients.untyped("dynamodb").create_backup(
        TableName=pipeline.outputs.table_name, BackupName="before"
    )
    arn: str = made["BackupDetails"]["BackupArn"]
    return arn


def restore_table(pipeline: Pipeline, backup: str) -> None:
    dynamodb, name = pipeline.aws.clients.untyped("dynamodb"), pipeline.outputs.table_name
    dynamodb.delete_table(TableName=name)
    dynamodb.restore_table_from_backup(TargetTableName=name, BackupArn=backup)
    wait_for(lambda: dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE")


def start_functions_anew(pipeline: Pipeline) -> None:
    """Change the environment, as a deployment with `tableName` does.

    A process reads the table's age once a minute, and this restore takes a second.
    """
    functions = pipeline.aws.clients.untyped("lambda")
    for name in (pipeline.outputs.windowing_function, pipeline.outputs.sweeper_function):
        found = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": {**found, "RESTORED": "yes"}}
        )


def mapping_of(pipeline: Pipeline) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = pipeline.aws.clients.functions.list_event_source_mappings(
        FunctionName=pipeline.outputs.windowing_function
    )["EventSourceMappings"]
    return found


def set_mapping(pipeline: Pipeline, *, enabled: bool) -> None:
    functions = pipeline.aws.clients.functions
    functions.update_event_source_mapping(UUID=mapping_of(pipeline)["UUID"], Enabled=enabled)


def read_stream_again(pipeline: Pipeline) -> None:
    """Replace the mapping, as `pulumi up --replace` does: it begins at the oldest record."""
    functions, before = pipeline.aws.clients.untyped("lambda"), mapping_of(pipeline)
    functions.delete_event_source_mapping(UUID=before["UUID"])
    same = ("EventSourceArn", "BatchSize", "FunctionResponseTypes", "DestinationConfig")
    functions.create_event_source_mapping(
        FunctionName=pipeline.outputs.windowing_function,
        StartingPosition="TRIM_HORIZON",
        **{name: before[name] for name in same},
    )
