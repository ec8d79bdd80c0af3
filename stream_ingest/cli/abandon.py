"""Runs `stream-ingest abandon`. Edge."""

from __future__ import annotations

import sys

import msgspec

from stream_ingest.aws.stack import stack_outputs
from stream_ingest.batches.outcome import with_outcome
from stream_ingest.batches.progress import BatchProgress
from stream_ingest.cli.terminal import say
from stream_ingest.cli.wait import follow
from stream_ingest.push import abandon as abandonment
from stream_ingest.push.runner import registry_of
from stream_ingest.records.rows import RefusalReason


def run_abandon(batch_id: str, stack: str, *, wait: bool, json: bool) -> None:
    """End a batch, print what becomes of it, and follow it to its end if `wait`."""
    batch = abandonment.abandon(batch_id, stack)
    say(f"batch {batch_id}: abandoned by {batch.abandoned_by}")
    if not wait:
        say("  it ends in some minutes, when the rows that it has sent are counted:")
        say(f"  ops-dashboard status --batch {batch_id} --stack {stack}")
    outputs = stack_outputs(stack)
    missing = f"batch {batch_id!r} is not in table {outputs.table_name}"
    registry = registry_of(outputs)
    progress = follow(registry, batch_id, start_timeout_s=0, missing=missing) if wait else None
    if json:
        shown = with_outcome(progress) if progress else None
        fields = {"batch_id": batch_id, "abandoned_at": batch.abandoned_at, "progress": shown}
        sys.stdout.write(msgspec.json.encode(fields).decode() + "\n")
    elif progress:
        _print(progress)


def _print(progress: BatchProgress) -> None:
    refused = dict(progress.refused)
    not_sent = refused.pop(RefusalReason.NOT_SENT, 0)
    say(
        f"  {progress.rows_sent:,} rows sent, {progress.rows_accepted:,} accepted,"
        f" {sum(refused.values()):,} refused, {progress.collages:,} collages"
    )
    read = f"{not_sent:,} rows were read and not sent; " if not_sent else ""
    say(f"  {read}what its source has after the last row that was read is unknown")
