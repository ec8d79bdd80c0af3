"""An account of photos whose jobs can be run, killed and continued."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ops_dashboard.photos.items import PhotoItems
from ops_dashboard.photos.jobs.bucket import PhotoBucket
from ops_dashboard.photos.jobs.job import Job, JobKind, current_recipes
from ops_dashboard.photos.jobs.needs import Selection
from ops_dashboard.photos.jobs.runner import JobRunner
from ops_dashboard.photos.jobs.store import JobStore
from ops_dashboard.photos.jobs.walk import Walk
from ops_dashboard.photos.sender import RequestSender
from rendition_lambda.messages import read_hints
from tests.fakes.photos.account import TABLE, TIMEOUT_S, PhotoAccount
from tests.fakes.photos.listed_s3 import ListedS3
from tests.fakes.photos.s3 import OTHER, UPLOADS
from tests.faults.harness.aws.errors import KilledError, Wire, known
from tests.faults.harness.injector import Fault, Faults, Faulty

QUEUE_URL = "https://sqs/photos-backfill"
FREE_RATE = 1e9


class BatchQueue:
    """A queue that takes batches; of every `refuses`-th request it refuses the first entry."""

    def __init__(self, refuses: int = 0) -> None:
        self.bodies: list[str] = []
        self.sent: Counter[str] = Counter()
        """How often each body was sent."""
        self._refuses, self._requests = refuses, 0

    def send_message_batch(self, **request: Wire) -> Wire:
        """Put up to ten messages; return which were refused."""
        known(request, "QueueUrl", "Entries")
        assert request["QueueUrl"] == QUEUE_URL
        entries = request["Entries"]
        assert 0 < len(entries) <= 10
        assert len({each["Id"] for each in entries}) == len(entries)
        self._requests += 1
        refused = entries[:1] if self._refuses and self._requests % self._refuses == 0 else []
        for each in entries[len(refused) :]:
            self.bodies.append(each["MessageBody"])
            self.sent[each["MessageBody"]] += 1
        failed = [
            {"Id": each["Id"], "SenderFault": False, "Code": "InternalError"} for each in refused
        ]
        return {"Failed": failed}


class JobAccount(PhotoAccount):
    """A stack with many photos, and an operator who runs jobs."""

    def __init__(self, page_keys: int = 1_000, refuses: int = 0) -> None:
        super().__init__()
        self.s3: ListedS3 = ListedS3(self.clock, page_keys)
        self.dynamodb._scan_items = page_keys  # noqa: SLF001 - pages as small as the bucket's
        self.batches = BatchQueue(refuses)
        self.jobs = 0

    def runner(self, faults: Iterable[Fault] = ()) -> JobRunner:
        """Return the parts of a process, with its faults."""
        injected = Faults(faults)
        s3: Any = Faulty(self.s3, "s3", injected)
        dynamodb: Any = Faulty(self.dynamodb, "dynamodb", injected)
        sqs: Any = Faulty(self.batches, "sqs", injected)
        items = PhotoItems(dynamodb, TABLE)
        sender = RequestSender(
            sqs, QUEUE_URL, rate=FREE_RATE, clock=self.clock, sleep=self.clock.advance
        )
        self.bucket = PhotoBucket(s3, UPLOADS, UPLOADS)
        walk = Walk(self.bucket, items, UPLOADS)
        return JobRunner(walk, sender, JobStore(dynamodb, TABLE, self.clock), UPLOADS, self.clock)

    def other_runner(self) -> JobRunner:
        """Return the parts of a process for the bucket that is not the stack's."""
        s3: Any = self.s3
        dynamodb: Any = self.dynamodb
        sqs: Any = self.batches
        sender = RequestSender(
            sqs, QUEUE_URL, rate=FREE_RATE, clock=self.clock, sleep=self.clock.advance
        )
        items = PhotoItems(dynamodb, TABLE)
        walk = Walk(PhotoBucket(s3, OTHER, UPLOADS), items, UPLOADS)
        return JobRunner(walk, sender, self.store(), UPLOADS, self.clock)

    def store(self) -> JobStore:
        """Return the jobs in the table."""
        return JobStore(self.dynamodb, TABLE, self.clock)  # type: ignore[arg-type]

    def begin(self, selection: Selection | None = None, kind: JobKind = JobKind.BACKFILL) -> Job:
        """Write a new job."""
        self.jobs += 1
        job = Job(
            name=f"{kind}-{self.jobs}",
            kind=kind,
            selection=selection or Selection(bucket=UPLOADS),
            recipes=current_recipes(),
        )
        return self.store().save(job)

    def backfill(self, selection: Selection | None = None, faults: Iterable[Fault] = ()) -> int:
        """Run a job to its end or its death, and the function on what was sent; return how much."""
        before = len(self.batches.bodies)
        self.finish(self.begin(selection), faults)
        sent = len(self.batches.bodies) - before
        self.work()
        return sent

    def finish(self, job: Job, faults: Iterable[Fault] = ()) -> Job | None:
        """Run a job in one process; return it finished, or None if the process was killed."""
        try:
            return self.runner(faults).run(job)
        except KilledError:
            return None

    def work(self) -> None:
        """Run the function on every message that was sent, each delivered twice."""
        reconciler = self.reconciler(Faults())
        for body in self.batches.bodies:
            for _ in range(2):
                for hint in read_hints(body, UPLOADS, (OTHER,)):
                    self.owners += 1
                    reconciler.reconcile(
                        hint.key,
                        owner=f"owner-{self.owners}",
                        remaining_s=TIMEOUT_S,
                        again=hint.again,
                        run=hint.run,
                    )
        self.batches.bodies.clear()
