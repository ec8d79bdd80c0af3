"""The endpoint of jobs: what `photos backfill` and `photos render` have sent. Edge (DynamoDB).

They are in the table `photos`, and not among the runs of replays and uploads: a job knows how far
it has gone through a bucket, and not which photos are its own, and whoever works with photos need
not write to the table of windows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

import msgspec
from aiohttp import web

from ops_dashboard.console.api.json_api import CachedValue, in_thread, json_response
from ops_dashboard.console.photo_access import PhotoAccess
from ops_dashboard.photos.jobs.job import Job, JobKind

_LIFETIME_S = 5.0
_SHOWN = 10
_SILENT_S = 1_200
"""A job that sends is written after each group of requests: at the lowest rate, a hundred at 0.1 a
second, every 17 minutes."""


class JobState(StrEnum):
    """How far a job is, for people."""

    SENDING = "sending"
    INTERRUPTED = "interrupted"
    SENT = "sent"


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """A job, as the page shows it; times are ISO 8601 in UTC."""

    name: str
    kind: JobKind
    about: str
    """The beginning of the addresses of its originals."""
    recipe: str
    """Empty for all."""
    state: JobState
    started_at: str
    updated_at: str
    sent: int
    total: int


class PhotoJobs:
    """Serves the jobs of one stack."""

    def __init__(self, access: PhotoAccess, clock: Callable[[], float] = time.time) -> None:
        """Read by `access`; `clock` gives epoch seconds."""
        self._access, self._clock = access, clock
        self._jobs = CachedValue(lambda: in_thread(access.jobs.newest, _SHOWN), _LIFETIME_S)

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the list."""
        return [web.get("/api/photos/jobs", self._get)]

    async def _get(self, _request: web.Request) -> web.Response:
        now_s = self._clock()
        return json_response([job_view(job, now_s) for job in await self._jobs.get()])


def job_view(job: Job, now_s: float) -> JobView:
    """Return what the page shows of a job."""
    selection = job.selection
    return JobView(
        name=job.name,
        kind=job.kind,
        about=f"s3://{selection.bucket}/{selection.prefix}",
        recipe=selection.recipe,
        state=_state(job, now_s),
        started_at=job.started_at,
        updated_at=job.updated_at,
        sent=job.sent,
        total=job.total,
    )


def _state(job: Job, now_s: float) -> JobState:
    if job.finished_at:
        return JobState.SENT
    silent_s = now_s - datetime.fromisoformat(job.updated_at).timestamp()
    return JobState.INTERRUPTED if silent_s > _SILENT_S else JobState.SENDING
