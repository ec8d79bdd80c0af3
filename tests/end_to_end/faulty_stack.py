"""A deployed stack with faults injected in its functions.

The functions run from their own zips, with `fault_hook` added. Two waits are shortened: visibility
timeouts are `VISIBILITY_S` instead of minutes, and tests set the functions' clock ahead
when a lease or the outbox's delay has to pass.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.samples.cover_server import CoverServer
from ops_dashboard.local.samples.creators import SampleCreator
from ops_dashboard.local.samples.generator import Sample, generate_sample
from ops_dashboard.local.samples.video_row import csv_bytes
from ops_dashboard.packaging.bundles import Platform, build_bundle
from stream_ingest.aws.items import from_wire
from stream_ingest.batches.progress import BatchProgress
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.cli.main import app as ingest_app
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.settings import CollageLayout
from tests.end_to_end import fault_hook
from tests.end_to_end.fault_hook import FOLDER, HANDLER, FaultFolder
from tests.end_to_end.kinesis_proxy import StandStill, kill_push
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.waiting import wait_for

LAYOUT = CollageLayout(rows=3, cols=4, cell_px=120, fit_rows=True)
PUSH_LAYOUT = ("--rows=3", "--cols=4", "--cell-px=120")
"""Twelve images a window: 40 covers are three windows at once and a fourth that is flushed."""
COVERS = 40
VISIBILITY_S = 3
PATIENCE_S = 60.0
_SEEDS = iter(range(1_000, 2_000))


@dataclass(frozen=True)
class FaultyStack(Pipeline):
    """A pipeline with injected `faults`; the queue `audit_url` receives all events of the bus."""

    faults: FaultFolder
    audit_url: str
    received: dict[str, list[dict[str, Any]]]
    """Events received so far, by batch."""
    endpoint: str
    """The AWS endpoint for commands, or a proxy in front of it."""

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables for our commands."""
        return {**os.environ, **self.aws.environment(), "AWS_ENDPOINT_URL": self.endpoint}

    def command(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of our commands to its end."""
        return subprocess.run(  # noqa: S603 - our own commands, no shell
            [Path(sys.executable).with_name(name), *arguments],
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def sample(self, name: str, creators: int = 1, covers: int = COVERS) -> Sample:
        """Return rows of new creators, whose covers are served."""
        names = [f"{name}-{index}" for index in range(creators)]
        sample = generate_sample(
            now=datetime.now(UTC),
            signer=self.covers.signer,
            seed=next(_SEEDS),
            creators=[
                SampleCreator(index=index, name=each, caption=each, covers=covers)
                for index, each in enumerate(names)
            ],
            awkward=False,
            images_per_window=LAYOUT.cells,
        )
        self.covers.add(sample.covers)
        return sample

    def send(self, sample: Sample, batch_id: str) -> None:
        """Push a sample with `stream-ingest`, without waiting for its batch."""
        with csv_file(sample) as path:
            done = self.here(ingest_app, "push", *push_options(path, batch_id))
        assert done.exit_code == 0, done.stderr

    def kill_push(self, path: Path, batch_id: str, moment: StandStill) -> None:
        """Push a file and end the process with SIGKILL at a moment."""
        kill_push(self.aws.endpoint, self.variables, moment, *push_options(path, batch_id))

    def progress(self, batch_id: str) -> BatchProgress:
        """Return the progress of a batch."""
        registry = BatchRegistry(
            self.aws.clients.dynamodb, self.outputs.table_name, self.faults.now_s
        )
        found = registry.progress(batch_id)
        assert found is not None, f"{batch_id} is not registered"
        return found

    def wait_for_faults(self, times: int) -> None:
        """Sweep until the armed fault was injected `times` times."""

        def injected() -> bool:
            self.sweep()
            return self.faults.fired() >= times

        self.wait(injected, "the fault was not injected")

    def sweep_until_ended(self, batch_id: str) -> None:
        """Sweep until a batch has ended."""

        def ended() -> bool:
            self.sweep()
            return self.progress(batch_id).status == "ended"

        self.wait(ended, "the batch did not end")

    def wait(self, condition: Callable[[], bool], complaint: str) -> None:
        """Poll until a condition is true; fails with `complaint` after `PATIENCE_S`."""
        wait_for(condition, complaint, PATIENCE_S)

    def log(self, function: str) -> str:
        """Return the log of a function so far."""
        group = f"/aws/lambda/{getattr(self.outputs, f'{function}_function')}"
        pages = (
            self.aws.clients.untyped("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=group)
        )
        return "\n".join(event["message"] for page in pages for event in page["events"])

    def windows_of(self, creator: str) -> list[dict[str, Any]]:
        """Return the status items of a creator's windows."""
        pages = self.aws.clients.dynamodb.get_paginator("query").paginate(
            TableName=self.outputs.table_name,
            KeyConditionExpression="creator_name = :key AND begins_with(#item, :window)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={
                ":key": {"S": creator_key(creator)},
                ":window": {"S": "window#"},
            },
        )
        return [from_wire(item) for page in pages for item in page["Items"]]

    def events_of(self, batch_id: str) -> list[dict[str, Any]]:
        """Return the events of a batch that the bus has delivered."""
        sqs = self.aws.clients.sqs
        while messages := sqs.receive_message(QueueUrl=self.audit_url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                event = json.loads(message["Body"])
                batch = event["detail"].get("batch_id", "")  # an event about creators has none
                self.received.setdefault(batch, []).append(event)
                sqs.delete_message(QueueUrl=self.audit_url, ReceiptHandle=message["ReceiptHandle"])
        return self.received.get(batch_id, [])


@contextmanager
def faulty_stack(folder: Path) -> Iterator[FaultyStack]:
    """Start an embedded AWS with a stack whose functions include `fault_hook`."""
    faults = FaultFolder(folder)
    with CoverServer(clock=faults.now_s) as covers, LocalAws.start() as aws:
        outputs = aws.deploy(
            allowed_sources=[covers.address],
            settings={
                "collageMaxReceives": 1_000,
                "collageMaxConcurrency": 2,
                "intakeMaxReceives": 1_000,
                "photos": True,
                "photosCdn": True,
                "photosMaxReceives": 1_000,
                "defaultGrid": f"{LAYOUT.rows}x{LAYOUT.cols}",
                "defaultCellPx": LAYOUT.cell_px,
            },
        )
        photos = outputs.photos
        assert photos is not None
        for url in (outputs.collage_queue_url, outputs.request_queue_url, photos.queue_url):
            aws.clients.sqs.set_queue_attributes(
                QueueUrl=url, Attributes={"VisibilityTimeout": str(VISIBILITY_S)}
            )
        hook_function(aws, outputs.windowing_function, "windowing", faults)
        hook_function(aws, outputs.sweeper_function, "windowing", faults)
        hook_function(aws, outputs.intake_function, "intake", faults)
        hook_function(aws, outputs.collage_function, "collage", faults)
        hook_function(aws, outputs.prefetch_function, "collage", faults)
        hook_function(aws, photos.function, "rendition", faults)
        yield FaultyStack(
            aws=aws,
            outputs=outputs,
            covers=covers,
            mortal_covers=covers,
            late_covers=covers,
            faults=faults,
            audit_url=_audit(aws, outputs.bus_name),
            received={},
            endpoint=aws.endpoint,
        )


def hook_function(aws: LocalAws, function: str, bundle: str, faults: FaultFolder) -> None:
    """Put `fault_hook` between Lambda and a function's handler: faults, and its clock."""
    functions = aws.clients.functions
    before = functions.get_function_configuration(FunctionName=function)
    functions.update_function_code(FunctionName=function, ZipFile=hooked_zip(bundle))
    functions.update_function_configuration(
        FunctionName=function,
        Handler="fault_hook.handle",
        Environment={
            "Variables": {
                **before["Environment"]["Variables"],
                FOLDER: str(faults.path),
                HANDLER: before["Handler"],
            }
        },
    )


def hooked_zip(bundle: str) -> bytes:
    """Return a function's own zip with `fault_hook` added."""
    data = io.BytesIO(build_bundle(bundle, Platform.LOCAL).path.read_bytes())
    with zipfile.ZipFile(data, "a") as archive:
        archive.write(fault_hook.__file__, "fault_hook.py")
    return data.getvalue()


def _audit(aws: LocalAws, bus: str) -> str:
    """Return the URL of a new queue that receives all our events of the bus."""
    url = aws.clients.sqs.create_queue(QueueName="audit")["QueueUrl"]
    arn = aws.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    pattern = json.dumps({"source": [{"prefix": "coverstream."}]})
    aws.clients.events.put_rule(Name="audit", EventBusName=bus, EventPattern=pattern)
    aws.clients.events.put_targets(
        Rule="audit",
        EventBusName=bus,
        Targets=[{"Id": "audit", "Arn": arn["Attributes"]["QueueArn"]}],
    )
    return url


def push_options(path: Path, batch_id: str) -> list[str]:
    """Return the options to push a file."""
    return [f"--csv={path}", "--flush", f"--batch-id={batch_id}", *PUSH_LAYOUT]


@contextmanager
def csv_file(sample: Sample) -> Iterator[Path]:
    """Write a sample's rows as a CSV file, which exists inside the block."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.csv")
        path.write_bytes(csv_bytes(sample.rows))
        yield path
