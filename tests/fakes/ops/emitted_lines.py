"""EMF lines that the handlers print in a run with every kind of result, as dicts.

The real handlers on moto's AWS: windowing on the event of tests/events, the sweeper on a batch with
refused rows that ends, the collage function on messages that end in every possible way, the
prefetch function on a cover that is there and one that is gone, the intake on an empty event.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from collage_lambda import handler as collage
from collage_lambda import wiring as collage_wiring
from collage_lambda.prefetch import handler as prefetch_handler
from collage_lambda.prefetch import wiring as prefetch_wiring
from collage_lambda.settings import CollageSettings
from rendition_lambda import handler as photos
from rendition_lambda import telemetry as photos_telemetry
from rendition_lambda.cdn import InvalidationError
from rendition_lambda.lifecycle import PhotoLeasedError
from rendition_lambda.links import handler as links
from rendition_lambda.photo_item import Photo, PhotoStatus
from rendition_lambda.photo_work import Ending, Outcome
from rendition_lambda.sweeping.sweep import Swept
from stream_ingest.aws.items import to_wire
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts import table
from stream_ingest.contracts.events import CoversExpiring
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.intake import handler as intake
from stream_ingest.intake.job_runner import JobOutcome, JobReport
from stream_ingest.intake.telemetry import Telemetry
from stream_ingest.records.codec import BUCKETS
from stream_ingest.sources.rejection import Rejection
from stream_ingest.windowing import handler as windowing
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.sweeper import handler as sweeper
from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.collage import aws as collage_aws
from tests.fakes.collage.aws import CollageAws
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.collage.events import envelope, expiring_envelope, window_image, window_ready
from tests.fakes.collage.images import plain_jpeg
from tests.fakes.ingest.aws import IngestAws
from tests.fakes.ingest.fold import put_open_window
from tests.fakes.ingest.rows import header
from tests.fakes.lambda_variables import lambda_variables
from tests.fakes.sqs_delivery import sqs_event
from tests.paths import EVENTS


@dataclass(frozen=True)
class Context:
    """The context of an invocation, as Lambda passes it to a handler."""

    aws_request_id: str = "request-1"
    function_name: str = "function"
    memory_limit_in_mb: str = "1769"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


_EMPTY_INTAKE = SimpleNamespace(direct=SimpleNamespace(answer=lambda *_, **__: {}))


def run_handlers() -> list[dict[str, Any]]:
    """Run all five handlers; return every printed line with ``_aws``."""
    printed = io.StringIO()
    with redirect_stdout(printed), pytest.MonkeyPatch.context() as patch:
        set_aws_variables(patch)
        with _ingest() as aws:
            _run_windowing(aws)
            _run_sweeper(aws)
        intake.make_handler(lambda: _EMPTY_INTAKE)({}, Context())  # type: ignore[arg-type]  # fakes
        _run_intake()
        _run_photos(patch)
        _run_links(patch)
        with _collage(patch) as (collage_aws_, server):
            _run_collage(collage_aws_, server)
            _run_prefetch(collage_aws_, server)
    return [json.loads(line) for line in printed.getvalue().splitlines() if '"_aws"' in line]


def _run_links(patch: pytest.MonkeyPatch) -> None:
    for status in (200, 403):
        answers = SimpleNamespace(answer=lambda _, status=status: {"statusCode": status})
        patch.setattr(links, "app", lambda answers=answers: answers)
        request = {"requestContext": {"http": {"method": "POST"}}, "rawPath": "/upload/begin"}
        links.handle(request, Context())  # type: ignore[arg-type]  # what powertools reads


def _run_photos(patch: pytest.MonkeyPatch) -> None:
    key = "g/a.jpg"
    photo = Photo(gallery="g", photo=key, status=PhotoStatus.FAILED, reason="corrupt", bytes=5)
    for ending in Ending:
        outcome = Outcome(ending=ending, photo=photo)
        photos_telemetry.log_outcome(photos.logger, photos.meter, outcome, 1_000)
    for error in (PhotoLeasedError(key, 5), InvalidationError("throttled")):
        photos_telemetry.log_failure(photos.logger, photos.meter, error)
    photos_telemetry.log_sweep(photos.logger, photos.meter, Swept(announced=1, oldest_age_s=5))
    redelivery = SimpleNamespace(schedule=lambda *_: None)
    app = SimpleNamespace(uploads_bucket="uploads", max_receives=5, redelivery=redelivery)
    patch.setattr(photos, "app", lambda: app)
    photos.handle(sqs_event("{}"), Context())  # type: ignore[arg-type]  # what powertools reads


def _run_intake() -> None:
    """Report a rejected file and a message that failed, as the intake's parts do."""
    telemetry = Telemetry(intake.meter)
    telemetry.report(JobReport(outcome=JobOutcome.REJECTED, why=Rejection.NO_ROWS, size=9))
    telemetry.count_failure()
    intake.meter.flush()


@contextmanager
def _ingest() -> Iterator[IngestAws]:
    with mock_aws():
        yield IngestAws({name: boto3.client(name) for name in ("dynamodb", "events", "s3")})  # type: ignore[call-overload]  # by name


def _run_windowing(aws: IngestAws) -> None:
    event = json.loads((EVENTS / "windowing_kinesis.json").read_text())
    app = aws.app()
    windowing.make_handler(lambda: app)(event, Context())  # type: ignore[arg-type]


def _run_sweeper(aws: IngestAws) -> None:
    batch = header("refused", flush=FlushPolicy(kind="batch-end", idle_s=600))
    aws.registry.register(batch)
    totals = Totals(rows_read=3, rows_sent=0, refused={"expired": 3})
    aws.registry.record_totals("refused", totals, sent=True)
    aws.registry.record_drained("refused", set(range(BUCKETS)))
    tick = json.loads((EVENTS / "sweeper_schedule.json").read_text())
    app = aws.sweeper_app()
    sweeper.make_handler(lambda: app)(tick, Context())  # type: ignore[arg-type]


@contextmanager
def _collage(patch: pytest.MonkeyPatch) -> Iterator[tuple[CollageAws, CoverServer]]:
    with ExitStack() as stack:
        server = stack.enter_context(CoverServer())
        aws = stack.enter_context(CollageAws())
        variables = lambda_variables(
            table=collage_aws.TABLE,
            bus=collage_aws.BUS,
            output=collage_aws.OUTPUT,
            temp=collage_aws.TEMP,
            ALLOWED_SOURCES=f"127.0.0.1:{server.port}",
            KEEP_ORIGINALS="off",
        )
        for name, value in variables.items():
            patch.setenv(name, value)
        settings = CollageSettings.from_env(os.environ)
        built = collage_wiring.build(settings, collage_wiring.connect(settings), time.time)
        patch.setattr(collage, "app", lambda: built)
        prefetcher = prefetch_wiring.build(settings, prefetch_wiring.connect(settings), time.time)
        patch.setattr(prefetch_handler, "app", lambda: prefetcher)
        yield aws, server


def _run_collage(aws: CollageAws, server: CoverServer) -> None:
    server.bodies["0"] = plain_jpeg((200, 30, 30))
    fine = window_image(server.url("body/0"))
    gone = window_image(server.url("status/404"))
    created = window_ready([fine, gone], number=1)
    failed = window_ready([gone], number=2)
    leased = window_ready([fine], number=3)
    aws.put_window(leased.window_id, status="processing", lease_owner="x", lease_until=2**33)
    _deliver(envelope(created), envelope(failed), envelope(created), envelope(leased), "no json")
    worse = window_ready([gone, gone], number=1)
    _deliver(envelope(worse, replay="again"))  # with fewer images, so the collage is kept
    erased = window_ready([window_image("https://e.com/1")], creator="erased")
    state = {"creator_name": "erased", "item": "state", "erased_at": int(time.time())}
    aws.dynamodb.put_item(TableName=collage_aws.TABLE, Item=to_wire(state))
    _deliver(envelope(erased))
    run = {"creator_name": "runs#", "item": table.run_item("replay-1"), "cancelled": True}
    aws.dynamodb.put_item(TableName=collage_aws.TABLE, Item=to_wire(run))
    _deliver(envelope(created, replay="replay-1"))


def _deliver(*bodies: str) -> None:
    collage.handle(sqs_event(*bodies), Context())  # type: ignore[arg-type]


def _run_prefetch(aws: CollageAws, server: CoverServer) -> None:
    soon = int(time.time()) + 3_600
    urls = [f"{server.url(path)}?x-expires={soon}" for path in ("body/0", "status/404")]
    put_open_window(
        CreatorRepository(aws.dynamodb, collage_aws.TABLE), "charli", urls, int(time.time())
    )
    event = CoversExpiring(pack="prefetched/one.zip", creators=("charli",), covers=len(urls))
    bodies = (expiring_envelope(event), "no json")
    prefetch_handler.handle(sqs_event(*bodies), Context())  # type: ignore[arg-type]
