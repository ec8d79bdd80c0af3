"""Checks of the work in a stack: batches, items, dead letters. Edge (network)."""

from __future__ import annotations

import time
from itertools import islice

from ops_dashboard.doctor.deployed import Deployed, existing
from ops_dashboard.doctor.findings import Finding, note, wrong
from stream_ingest.aws.failed_objects import KINDS, MAX_COUNTED, FailedObjects
from stream_ingest.aws.queue_depth import queue_depth
from stream_ingest.batches.progress import (
    ENDED_BATCHES,
    FOLLOW_TRIGGER,
    STALE_AFTER_S,
    Batch,
    progress_of,
    sum_windows,
)
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second
from stream_ingest.intake.jobs import OWNER_PREFIX
from stream_ingest.records.rows import RefusalReason
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList

_MAX_BATCHES = 20
"""Maximum number of batches that are loaded, the oldest ones."""
_MAX_SHOWN = 3
"""Maximum number of unreadable items in a finding."""


def check_batches(stack: Deployed) -> str | Finding:
    """Find batches that are being sent for so long that their push may not come back."""
    registry = BatchRegistry(stack.aws("dynamodb"), stack.outputs.table_name, time.time)
    before = iso_second(from_epoch_s(int(time.time()) - STALE_AFTER_S))
    old = [batch_id for at, batch_id in registry.started_in("sending") if at < before]
    loaded = (_readable(registry, batch_id) for batch_id in old[:_MAX_BATCHES])
    stale = [each.batch_id for each in loaded if each and _has_push(each)]
    if not stale:
        return _incomplete(registry) or "none is sending for over a day"
    do = "continue it where it began: stream-ingest push --resume --batch-id ID; or end it:"
    text = f"sending for over a day: {', '.join(stale)}"
    return note("batches", text, f"{do} stream-ingest abandon ID")


def _has_push(batch: Batch) -> bool:
    """Return whether a push sends a batch: not a follower, and not the intake (`files`)."""
    return batch.trigger != FOLLOW_TRIGGER and not batch.owner.startswith(OWNER_PREFIX)


def _incomplete(registry: BatchRegistry) -> Finding | None:
    """Find batches that ended within a day without all of their rows or end marks."""
    newest = islice(registry.newest_in(ENDED_BATCHES), _MAX_BATCHES)
    loaded = (_readable(registry, batch_id) for _, batch_id in newest)
    found = [each.batch_id for each in loaded if each is not None and _is_incomplete(each)]
    if not found:
        return None
    text = f"ended within a day without all of their rows or end marks: {', '.join(found)}"
    do = "see ops-dashboard status --batch ID; after a fix: ops-dashboard dlq redrive --all"
    return note("batches", text, do)


def _readable(registry: BatchRegistry, batch_id: str) -> Batch | None:
    """Return a batch; None if there is none, or it cannot be read (`check_items`)."""
    try:
        return registry.load(batch_id)
    except UnreadableItemError:
        return None


def _is_incomplete(batch: Batch) -> bool:
    """Return whether a batch ended within a day, and lacks rows or end marks."""
    now_s = int(time.time())
    if batch.counted is None or batch.counted.since < now_s - STALE_AFTER_S:
        return False
    progress = progress_of(batch, sum_windows(()), now_s)
    return bool(progress.marks_missing or progress.refused.get(RefusalReason.QUARANTINED))


def check_items(stack: Deployed) -> str | Finding:
    """Find items of the table that functions could not read."""
    listed = UnreadableList(stack.aws("dynamodb"), stack.outputs.table_name, time.time)
    entries = list(listed.entries())
    if not entries:
        return "all that were met can be read"
    shown = "; ".join(f"{each.key}: {each.reason}" for each in entries[:_MAX_SHOWN])
    more = f"; and {len(entries) - _MAX_SHOWN:,} more" if len(entries) > _MAX_SHOWN else ""
    do = "see what can be done: ops-dashboard repair"
    return wrong("items", f"{len(entries):,} cannot be read: {shown}{more}", do)


def check_dead_letters(stack: Deployed) -> str | Finding:
    """Count what waits in dead-letter queues, and in the buckets of failed records."""
    sqs = stack.aws("sqs")
    depths = {
        kind: existing(queue_depth, sqs=sqs, url=url)
        for kind, url in sorted(stack.outputs.dead_letter_queues.items())
    }
    counts = {kind: depth.total for kind, depth in depths.items() if depth is not None}
    outputs = stack.outputs
    failed = FailedObjects(
        stack.aws("s3"), output_bucket=outputs.output_bucket, temp_bucket=outputs.temp_bucket
    )
    counts |= {kind: existing(failed.count, kind=kind, at_most=MAX_COUNTED) or 0 for kind in KINDS}
    waiting = {kind: count for kind, count in counts.items() if count}
    if not waiting:
        return "none"
    text = ", ".join(
        f"{count:,}{' or more' if count == MAX_COUNTED and kind in KINDS else ''} {kind}"
        for kind, count in waiting.items()
    )
    do = "list them: ops-dashboard dlq list; after a fix: ops-dashboard dlq redrive --all"
    return note("dead letters", text, do)
