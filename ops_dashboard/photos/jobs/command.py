"""``ops-dashboard photos backfill`` and ``render``. Edge: the composition root."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import msgspec

from ops_dashboard.photos.items import PhotoItems
from ops_dashboard.photos.jobs.bucket import PhotoBucket
from ops_dashboard.photos.jobs.estimate import Estimate, estimate
from ops_dashboard.photos.jobs.job import Job, JobKind, current_recipes
from ops_dashboard.photos.jobs.needs import Counts, Selection
from ops_dashboard.photos.jobs.report import (
    JobReport,
    cost_lines,
    counts_table,
    report_of,
    to_send,
)
from ops_dashboard.photos.jobs.runner import JobRunner
from ops_dashboard.photos.jobs.store import JobStore
from ops_dashboard.photos.jobs.walk import Walk
from ops_dashboard.photos.sender import RequestSender
from ops_dashboard.photos.stack import PhotoStack
from ops_dashboard.planner.command import shipped_figures
from ops_dashboard.planner.measured import Figures
from ops_dashboard.printing.tables import counted, duration_text
from ops_dashboard.printing.terminal import confirm, print_json, print_line, print_table
from rendition_lambda.lifecycle import iso_ms
from stream_ingest.cli.progress import show_progress
from stream_ingest.cli.terminal import say, sigterm_interrupts
from stream_ingest.contracts.errors import TransientError, UserError


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a job is run."""

    rate: float
    dry_run: bool
    yes: bool
    json: bool


def run_job(kind: JobKind, stack: str, options: Options, what: Selection | str) -> None:
    """Start a job over a selection, of uploads if it names no bucket, or continue one by name.

    Raises as `JobCommand.start` and `JobCommand.resume`.
    """
    opened = PhotoStack.open(stack)
    command = JobCommand(kind, opened, options)
    if isinstance(what, str):
        command.resume(what)
        return
    bucket = what.bucket or opened.outputs.uploads_bucket
    command.start(msgspec.structs.replace(what, bucket=bucket))


class JobCommand:
    """Starts and continues jobs of one kind in one stack."""

    def __init__(self, kind: JobKind, stack: PhotoStack, options: Options) -> None:
        """Work on a stack."""
        self._kind, self._stack, self._options = kind, stack, options
        outputs = stack.outputs
        self._store = JobStore(stack.dynamodb, outputs.table, time.time)

    def start(self, selection: Selection) -> None:
        """Count, ask, and send a new job; raises `UserError` for a bucket that is not allowed."""
        self._check_bucket(selection.bucket)
        for each in self._store.unfinished():
            if (each.kind, each.selection) == (self._kind, selection):
                say(f"{each.name} is unfinished ({_progress(each)}); {self._how_to_resume(each)}")
        now_s = time.time()
        job = Job(
            name=f"{self._kind}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}",
            kind=self._kind,
            selection=selection,
            recipes=current_recipes(),
            started_at=iso_ms(now_s),
        )
        self._run(job)

    def resume(self, name: str) -> None:
        """Continue a job; raises `UserError` if it is finished or of other recipes."""
        job = self._store.load(name)
        if job.kind != self._kind:
            msg = f"{name} is a job of `photos {job.kind}`: continue it with that command"
            raise UserError(msg)
        if job.finished_at:
            msg = f"{name} is finished: it ended at {job.finished_at}"
            raise UserError(msg)
        if job.recipes != current_recipes():
            msg = (
                f"the recipes have changed since {name} began: start a new one, which leaves out"
                " what is done"
            )
            raise UserError(msg)
        self._check_bucket(job.selection.bucket)
        self._run(job)

    def _run(self, job: Job) -> None:
        options = self._options
        runner = self._runner(job.selection.bucket)
        with sigterm_interrupts(), show_progress("counting") as update:
            counts = runner.count(job, lambda done: update(f"{done:,} photos", done, None))
        total = to_send(counts)
        if not options.json:
            self._show(job, counts)
        if options.dry_run or not total:
            if options.json:
                print_json(self._report(counts))
            say("dry run: nothing is rendered" if total else "nothing to send")
            return
        if not options.yes:
            confirm(f"send {counted(total, 'request')} to render?", "nothing was sent")
        job = self._store.save(msgspec.structs.replace(job, total=job.sent + total))
        job = self._send(runner, job)
        sent = counted(job.sent, "request")
        say(f"{job.name}: {sent} sent; `ops-dashboard photos list` shows the photos")
        if options.json:
            print_json(self._report(counts, job.name, job.sent))

    def _report(self, counts: Counts, job: str = "", sent: int = 0) -> JobReport:
        at_once = self._stack.outputs.backfill_concurrency
        return report_of(counts, _estimated(counts), at_once, job, sent)

    def _send(self, runner: JobRunner, job: Job) -> Job:
        started_s, before = time.monotonic(), job.sent

        def text(sent: int) -> str:
            elapsed_s = time.monotonic() - started_s
            left_s = elapsed_s / max(1, sent - before) * max(0, job.total - sent)
            return f"{sent:,} of {job.total:,} requests sent, about {duration_text(left_s)} left"

        try:
            with sigterm_interrupts(), show_progress(job.name) as update:
                return runner.run(job, lambda sent: update(text(sent), sent, job.total))
        except (KeyboardInterrupt, TransientError):
            say(f"{job.name} was interrupted; {self._how_to_resume(job)}")
            raise

    def _show(self, job: Job, counts: Counts) -> None:
        outputs, selection = self._stack.outputs, job.selection
        print_table(counts_table(counts, f"s3://{selection.bucket}/{selection.prefix}"))
        if to_send(counts):
            for line in cost_lines(_estimated(counts), outputs.backfill_concurrency):
                print_line(line)

    def _runner(self, bucket: str) -> JobRunner:
        stack, outputs = self._stack, self._stack.outputs
        uploads = outputs.uploads_bucket
        return JobRunner(
            Walk(
                PhotoBucket(stack.s3, bucket, uploads),
                PhotoItems(stack.dynamodb, outputs.table),
                uploads,
            ),
            sender_of(stack, self._options.rate),
            self._store,
            uploads,
            time.time,
        )

    def _check_bucket(self, bucket: str) -> None:
        outputs = self._stack.outputs
        if bucket not in {outputs.uploads_bucket, *outputs.other_buckets}:
            known = ", ".join(outputs.other_buckets) or "none"
            msg = (
                f"the stack may not read bucket {bucket!r}: add it to photosOtherBuckets"
                f" (now {known}) and deploy the stack"
            )
            raise UserError(msg)

    def _how_to_resume(self, job: Job) -> str:
        command = f"ops-dashboard photos {self._kind} --stack {self._stack.name}"
        return f"continue it with: {command} --resume {job.name}"


def _estimated(counts: Counts) -> Estimate:
    return estimate(counts, Figures(measured=shipped_figures()))


def sender_of(stack: PhotoStack, rate: float) -> RequestSender:
    """Return the sender to a stack's queue of backfills."""
    return RequestSender(
        stack.sqs,
        stack.outputs.backfill_queue_url,
        rate=rate,
        clock=time.monotonic,
        sleep=time.sleep,
    )


def _progress(job: Job) -> str:
    return f"{job.sent:,} of {job.total:,} requests sent, last at {job.updated_at}"
