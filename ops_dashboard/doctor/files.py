"""Checks of dropped files and of the intake's jobs. Edge (network).

The sweeper starts a file that no job knows within an hour, while it is younger than `MAX_AGE_S`;
ADR 91. A job that is neither claimed nor has a message in the queue stands still: its
continuation is a dead letter, or was lost with one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

from ops_dashboard.doctor.deployed import Deployed
from ops_dashboard.doctor.findings import Finding, State, note, passed, wrong
from stream_ingest.aws.dynamodb import BatchGet
from stream_ingest.aws.items import Item
from stream_ingest.batches.progress import OPEN_BATCHES
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second, parse_utc
from stream_ingest.intake.job_item import read_state
from stream_ingest.intake.jobs import CSV_FOLDER, Job, job_of
from stream_ingest.intake.unread.former_jobs import FormerJobs
from stream_ingest.intake.unread.listing import NONE_DELETED, read_page
from stream_ingest.intake.unread.unread_files import EVERY_S, MAX_AGE_S

UNKNOWN_AFTER_S = 2 * EVERY_S
"""Age from which a file must be known to a job: it was found by a search, and by another one."""
STILL_AFTER_S = 2 * 3_600
"""Time without progress after which a job stands still: four times its visibility timeout."""
WAITING_AFTER_S = 3_600
"""Time after which a message of the intake's queue should have been handled."""
_METRIC_MINUTES = 30
_MAX_PAGES = 10
"""Pages of 1,000 versions that are read."""
_MAX_BATCHES = 100
"""Maximum number of batches whose jobs are read, the oldest ones."""
_MAX_SHOWN = 3
_CHECK = "files"
_RUNBOOK = "docs/operations/runbook.md#files-waiting"
Uploaded = tuple[Job, int]
"""The job of a file, and when it was uploaded (epoch s)."""


def check_files(stack: Deployed, clock: Callable[[], float] = time.time) -> Finding:
    """Find files that no job knows, jobs that stand still, and a queue that is not read."""
    now_s = int(clock())
    waiting_s = _oldest_message_s(stack, now_s)
    uploads, is_whole = _uploads(stack, now_s - UNKNOWN_AFTER_S)
    registry = BatchRegistry(stack.aws("dynamodb"), stack.outputs.table_name, clock)
    sending = _sending(registry, now_s - STILL_AFTER_S)
    items = _items(stack, [*(job.batch_id for job, _ in uploads), *sending])
    unknown = _unknown(stack, registry, [each for each in uploads if each[0].batch_id not in items])
    still = sorted(_standing_still(registry, items.values(), now_s - STILL_AFTER_S - waiting_s))
    oldest_s = now_s - MAX_AGE_S
    problems = (
        _unread([job for job, at in unknown if at >= oldest_s]),
        _stopped(still),
        _too_old([job for job, at in unknown if at < oldest_s]),
        _waiting(waiting_s),
    )
    good = f"{len(uploads):,} below {CSV_FOLDER} are known to jobs, of which none stands still"
    return _merged([each for each in problems if each], good if is_whole else f"the first {good}")


def _merged(findings: list[Finding], good: str) -> Finding:
    """Return the findings as one, as grave as the gravest; on `good` if there are none."""
    if not findings:
        return passed(_CHECK, good)
    is_wrong = any(each.state is State.WRONG for each in findings)
    return Finding(
        check=_CHECK,
        state=State.WRONG if is_wrong else State.NOTE,
        found="; ".join(each.found for each in findings),
        do="; ".join(each.do or "" for each in findings),
    )


def _oldest_message_s(stack: Deployed, now_s: int) -> int:
    """Return the age of the oldest message in the intake's queue, 0 if SQS has measured none."""
    moment = from_epoch_s(now_s)
    metric = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [
            {"Name": "QueueName", "Value": stack.outputs.request_queue_url.rpartition("/")[2]}
        ],
    }
    query = {"Id": "age", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
    found: Any = stack.aws("cloudwatch").get_metric_data(
        MetricDataQueries=[query],
        StartTime=moment - timedelta(minutes=_METRIC_MINUTES),
        EndTime=moment,
        ScanBy="TimestampDescending",
    )
    values = [each["Values"] for each in found["MetricDataResults"] if each["Id"] == "age"]
    return int(values[0][0]) if values and values[0] else 0


def _uploads(stack: Deployed, before_s: int) -> tuple[list[Uploaded], bool]:
    """Return the files uploaded before a second, and whether all of the folder was read."""
    bucket, deleted = stack.outputs.input_bucket, NONE_DELETED
    pages = stack.aws("s3").get_paginator("list_object_versions")
    found: list[Uploaded] = []
    is_whole = True
    for page in islice(pages.paginate(Bucket=bucket, Prefix=CSV_FOLDER), _MAX_PAGES):
        listing = read_page(bucket, page, deleted)
        deleted, is_whole = listing.deleted, not page.get("IsTruncated", False)
        for upload in listing.uploads:
            job, at = job_of(upload, is_own=True), upload.uploaded_at or 0
            if job is not None and at < before_s:
                found.append((job, at))
    return found, is_whole


def _sending(registry: BatchRegistry, before_s: int) -> list[str]:
    """Return the oldest batches that are being sent, of those that began before a second."""
    before = iso_second(from_epoch_s(before_s))
    begun = (batch_id for at, batch_id in registry.started_in("sending") if at < before)
    return list(islice(begun, _MAX_BATCHES))


def _items(stack: Deployed, batch_ids: Iterable[str]) -> Mapping[str, Item]:
    """Return the items of jobs, by their batches."""
    batch_get = BatchGet(stack.aws("dynamodb"), stack.outputs.table_name)
    keys = {(table.batch_partition(each), table.INTAKE) for each in batch_ids}
    found = batch_get.items(sorted(keys), "read jobs", consistent=True)
    return {table.batch_of(item[table.PARTITION_KEY]): item for item in found}


def _unknown(
    stack: Deployed, registry: BatchRegistry, uploads: Iterable[Uploaded]
) -> list[Uploaded]:
    """Return the files that no job of an earlier version knows, either."""
    uploaded = {job.batch_id: (job, at) for job, at in uploads}
    since_s = min((at for _, at in uploaded.values()), default=0)
    batch_get = BatchGet(stack.aws("dynamodb"), stack.outputs.table_name)
    jobs = [job for job, _ in uploaded.values()]
    return [
        uploaded[job.batch_id]
        for job in FormerJobs(registry, batch_get).without_known(jobs, since_s)
    ]


def _standing_still(registry: BatchRegistry, items: Iterable[Item], before_s: int) -> Iterator[str]:
    """Yield lines on the jobs that nobody has claimed and that made no progress since a second."""
    for item in items:
        began_s = int(item["started_at"])
        if item["phase"] != "reading" or max(began_s, int(item["held_until"])) >= before_s:
            continue
        job = read_state(item).job
        try:
            batch = registry.load(job.batch_id)
        except UnreadableItemError:  # `work.check_items`
            continue
        at = iso_second(from_epoch_s(began_s))
        if batch is not None:
            if batch.status not in OPEN_BATCHES or batch.abandoned_at is not None:
                continue
            at = batch.updated_at or at
        if parse_utc(at).timestamp() < before_s:
            line = f"after line {int(item['line']):,} " if item.get("line") else ""
            yield f"{job.batch_id} ({_address(job)}) {line}since {at}"


def _unread(jobs: list[Job]) -> Finding | None:
    if not jobs:
        return None
    named = _shown([job.object.key for job in jobs])
    text = f"no job knows {_files(len(jobs))}, although the sweeper should have found them: {named}"
    do = f"see the sweeper's errors; until they are gone: {_by_hand(jobs[0])}"
    return wrong(_CHECK, text, do)


def _stopped(texts: list[str]) -> Finding | None:
    if not texts:
        return None
    do = (
        "redrive its dead letter (ops-dashboard dlq list); without one: stream-ingest abandon ID,"
        " stream-ingest submit FILE, then remove the file"
    )
    return wrong(_CHECK, f"jobs stand still: {_shown(texts)}", do)


def _too_old(jobs: list[Job]) -> Finding | None:
    if not jobs:
        return None
    named = _shown([job.object.key for job in jobs])
    text = (
        f"{_files(len(jobs))} older than {MAX_AGE_S // DAY_S} days, which the sweeper does not"
        f" start any more, and no job knows: {named}"
    )
    do = f"read what is wanted and remove the rest: {_by_hand(jobs[0])}"
    return note(_CHECK, text, do)


def _waiting(waiting_s: int) -> Finding | None:
    if waiting_s <= WAITING_AFTER_S:
        return None
    text = f"a file or request has waited for the intake for {waiting_s // 60:,} minutes"
    return note(_CHECK, text, f"see {_RUNBOOK}")


def _by_hand(job: Job) -> str:
    """Return how a file is read that the sweeper does not start."""
    return f"stream-ingest submit {_address(job)}, then remove the file"


def _address(job: Job) -> str:
    """Return a file's address as `submit` takes it, which names no version."""
    return f"s3://{job.object.bucket}/{job.object.key}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _shown(names: list[str]) -> str:
    more = len(names) - _MAX_SHOWN
    return ", ".join(names[:_MAX_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
