"""Counts what a job sends, and sends it, with its progress in the table. Edge (by its parts).

A group of requests is sent first, and the job's position is written after it. So a job that is
killed in between sends one group twice when it is continued, which renders no photo twice: the
function finds that it is done, or that it was rendered again for this job.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from msgspec.structs import replace

from ops_dashboard.photos.jobs.job import Job, Position
from ops_dashboard.photos.jobs.needs import ON_REQUEST, SENT, Counts, Need
from ops_dashboard.photos.jobs.store import JobStore
from ops_dashboard.photos.jobs.walk import Step, Walk
from ops_dashboard.photos.sender import RequestSender
from rendition_lambda.lifecycle import iso_ms
from rendition_lambda.messages import PhotoHint, RenderRequest, request_of
from rendition_lambda.recipe import recipe_of

GROUP = 100
"""Requests that are sent between two writes of the position."""
OTHER_RECIPE = "other"

Report = Callable[[int], None]


class JobRunner:
    """Runs jobs."""

    def __init__(
        self,
        walk: Walk,
        sender: RequestSender,
        store: JobStore,
        uploads: str,
        clock: Callable[[], float],
    ) -> None:
        """Put the parts together; `clock` gives epoch seconds."""
        self._walk, self._sender, self._store = walk, sender, store
        self._uploads, self._clock = uploads, clock

    def count(self, job: Job, report: Report = lambda _: None) -> Counts:
        """Return what a job would do from its position on; sends nothing."""
        counts: Counter[tuple[str, Need]] = Counter()
        for page, _ in self._walk.pages(job):
            counts.update((recipe_name(each.key), each.need) for each in page)
            report(counts.total())
        return counts

    def run(self, job: Job, report: Report = lambda _: None) -> Job:
        """Send everything that a job needs from its position on; return it finished.

        `report` gets the number of requests that were sent so far, also those of earlier calls.
        """
        for page, after in self._walk.pages(job):
            waiting: list[Step] = []
            for step in page:
                if step.need in SENT:
                    waiting.append(step)
                if len(waiting) == GROUP:
                    job = self._send(job, waiting, step.position)
                    report(job.sent)
                    waiting = []
            job = self._send(job, waiting, after)
            report(job.sent)
        return self._store.save(replace(job, finished_at=iso_ms(self._clock())))

    def _send(self, job: Job, steps: list[Step], position: Position) -> Job:
        self._sender.send([self._request(job, each) for each in steps])
        sent = job.sent + len(steps)
        return self._store.save(replace(job, position=position, sent=sent))

    def _request(self, job: Job, step: Step) -> RenderRequest:
        again = step.need in ON_REQUEST
        hint = PhotoHint(key=step.photo, again=again, run=job.name if again else "")
        return request_of(hint, self._uploads)


def recipe_name(key: str) -> str:
    """Return the name of a key's recipe; `OTHER_RECIPE` if it is no photo by its name."""
    recipe = recipe_of(key)
    return recipe.name if recipe else OTHER_RECIPE
