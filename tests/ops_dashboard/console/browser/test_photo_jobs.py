"""The page of photos says how far jobs are, and how one that was interrupted is continued."""

from __future__ import annotations

import time

import boto3
import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from ops_dashboard.photos.jobs.job import Job, JobKind
from ops_dashboard.photos.jobs.needs import Selection
from ops_dashboard.photos.jobs.store import JobStore
from rendition_lambda.lifecycle import iso_ms
from tests.end_to_end.console_browser import Visit
from tests.fakes.ops.photos import TABLE
from tests.ops_dashboard.console.running import RunningConsole

pytestmark = pytest.mark.timeout(240)

JOB = Job(
    name="backfill-20261129-100000-000000",
    kind=JobKind.BACKFILL,
    selection=Selection(bucket="uploads", prefix="spring/"),
    recipes={},
    sent=300,
    total=1_000,
)


@pytest.fixture
def console(photos_console: RunningConsole) -> RunningConsole:
    """A console of a stack that renders photos."""
    return photos_console


def test_a_job_shows_its_progress_or_how_to_continue_it(
    here: Visit, moto_session: boto3.Session
) -> None:
    dynamodb, now_s = moto_session.client("dynamodb"), time.time()
    hour_ago_s = now_s - 3_600
    JobStore(dynamodb, TABLE, lambda: hour_ago_s).save(replace(JOB, started_at=iso_ms(hour_ago_s)))
    newer = "render-20261129-110000-000000"
    sending = replace(JOB, name=newer, kind=JobKind.RENDER, started_at=iso_ms(now_s))
    JobStore(dynamodb, TABLE, time.time).save(sending)
    page = here.open("/photos")
    rows = page.locator("#jobs article")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("sending")
    expect(rows.first).to_contain_text("300 of 1,000 requests sent")
    expect(rows.last).to_contain_text(f"photos backfill --stack test --resume {JOB.name}")
    assert here.violations() == []
