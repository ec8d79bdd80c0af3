"""The page of photos shows what `photos backfill` and `photos render` have sent."""

from __future__ import annotations

import time

import boto3
import pytest
from msgspec.structs import replace

from ops_dashboard.console.account import Account
from ops_dashboard.console.photos.jobs import JobState, job_view
from ops_dashboard.photos.jobs.job import Job, JobKind
from ops_dashboard.photos.jobs.needs import Selection
from ops_dashboard.photos.jobs.runner import GROUP
from ops_dashboard.photos.jobs.store import JobStore
from rendition_lambda.lifecycle import iso_ms
from stream_ingest.aws.items import to_wire
from tests.fakes.ops.photos import TABLE
from tests.ops_dashboard.console.running import RunningConsole

NOW_S = 1_796_000_000.0
SLOWEST_S = GROUP / 0.1
"""Between two writes of a job at the lowest `--rate`."""
SENDING = Job(
    name="backfill-20261129-100000-000000",
    kind=JobKind.BACKFILL,
    selection=Selection(bucket="uploads", prefix="spring/", recipe="renditions"),
    recipes={},
    sent=300,
    total=1_000,
    started_at=iso_ms(NOW_S - 7_200),
    updated_at=iso_ms(NOW_S - 30),
)


@pytest.fixture
def store(photos_account: Account, moto_session: boto3.Session) -> JobStore:  # noqa: ARG001 - creates the table
    return JobStore(moto_session.client("dynamodb"), TABLE, time.time)


def job(kind: JobKind, number: int) -> Job:
    started_at = iso_ms(NOW_S + number)
    name = f"{kind}-20261129-1000{number:02}-000000"
    return replace(SENDING, name=name, kind=kind, started_at=started_at)


def test_the_newest_jobs_of_both_kinds_come_first(
    store: JobStore, photos_console: RunningConsole, moto_session: boto3.Session
) -> None:
    """A gallery may be named as their partition."""
    photo = {"gallery": "job#", "photo": "job#/a.jpg", "status": "active"}
    moto_session.client("dynamodb").put_item(TableName=TABLE, Item=to_wire(photo))
    for number in range(8):
        store.save(job(JobKind.RENDER, 2 * number))
        store.save(job(JobKind.BACKFILL, 2 * number + 1))
    answer = photos_console.get("/api/photos/jobs")
    names = [each["name"] for each in answer.json]
    assert names == [
        job(JobKind.BACKFILL if number % 2 else JobKind.RENDER, number).name
        for number in range(15, 5, -1)
    ]


def test_a_stack_without_jobs_shows_none(store: JobStore, photos_console: RunningConsole) -> None:
    assert store.newest(3) == []
    assert photos_console.get("/api/photos/jobs").json == []


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        (SENDING, JobState.SENDING),
        (replace(SENDING, updated_at=iso_ms(NOW_S - SLOWEST_S)), JobState.SENDING),
        (replace(SENDING, updated_at=iso_ms(NOW_S - 1_201)), JobState.INTERRUPTED),
        (replace(SENDING, finished_at=iso_ms(NOW_S - 9_000)), JobState.SENT),
    ],
)
def test_a_job_that_is_silent_and_not_finished_was_interrupted(
    changed: Job, state: JobState
) -> None:
    view = job_view(changed, NOW_S)
    assert (view.state, view.sent, view.total) == (state, 300, 1_000)
    assert (view.about, view.recipe) == ("s3://uploads/spring/", "renditions")
