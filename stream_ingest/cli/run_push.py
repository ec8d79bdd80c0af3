"""Runs a push with its progress on the terminal, and prints its result. Edge (terminal)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stream_ingest.aws.stack import stack_outputs
from stream_ingest.batches.outcome import outcome_of, with_outcome
from stream_ingest.batches.progress import BatchProgress
from stream_ingest.cli.progress import show_progress
from stream_ingest.cli.terminal import say
from stream_ingest.cli.wait import arrived, follow, made
from stream_ingest.contracts.errors import UserError
from stream_ingest.push import runner
from stream_ingest.push.counting import PushReport
from stream_ingest.push.runner import Watch
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.source import NotResumableError
from stream_ingest.sources.source_options import SourceOptions

_INTERRUPTED = 130
_REHEARSED = "would be pushed"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a push, and the final progress of its batch if `--wait` was given."""

    report: PushReport
    progress: BatchProgress | None = None


def dry_run(chosen: SourceOptions, header: BatchHeader, stack: str) -> Result:
    """Read, check and pack all rows, but send nothing."""
    with _watching("reading", _REHEARSED) as watch:
        return Result(report=runner.dry_run(chosen, header, stack, watch))


def push(chosen: SourceOptions, header: BatchHeader, stack: str, *, wait: bool) -> Result:
    """Push as a new batch; follow it to its end if `wait`."""
    with _watching(f"batch {header.batch_id}") as watch:
        report = runner.push(chosen, header, stack, watch)
    return Result(report=report, progress=_follow(header.batch_id, stack) if wait else None)


def resume(
    batch_id: str,
    mysql: str | None,
    mysql_secret: str | None,
    mysql_ca: Path | None = None,
    *,
    wait: bool,
) -> Result:
    """Continue a push that was killed or stopped; its database's URL or secret is given again."""
    with _watching(f"batch {batch_id}") as watch:
        report, stack = runner.resume(batch_id, mysql, mysql_secret, watch, mysql_ca)
    return Result(report=report, progress=_follow(batch_id, stack) if wait else None)


def print_result(result: Result, *, json: bool, rehearsed: bool = False) -> None:
    """Print the result of a push, or of a dry run, as text on stderr, or as JSON on stdout."""
    report, followed = result.report, result.progress
    if json:
        progress = with_outcome(followed) if followed else None
        fields = msgspec.to_builtins(report) | {"progress": msgspec.to_builtins(progress)}
        sys.stdout.write(msgspec.json.encode(fields).decode() + "\n")
        return
    say(f"batch {report.batch_id}: {'dry run' if rehearsed else 'sent'}")
    say(f"  {describe(report, verb=_REHEARSED if rehearsed else 'sent')}")
    if report.rows_again:
        say(f"  {report.rows_again:,} of the rows read are in the overlap with earlier pushes")
    for reason, count in sorted(report.refused.items()):
        say(f"  refused as {reason}: {count:,}")
    if report.rejected is not None:
        say(f"  a push would reject the file: {report.rejected}")
    if followed:
        say(f"  {outcome_of(followed).text}")
        say(f"  {arrived(followed)}")
        say(f"  {made(followed)}")


def describe(report: PushReport, *, verb: str = "sent") -> str:
    """Return a report as a sentence; `verb` is what becomes of the rows that are not refused."""
    refused = sum(report.refused.values())
    rate = report.rows_read / report.seconds if report.seconds else 0
    records = f"{report.records:,} record{'s' * (report.records != 1)}"
    return (
        f"{report.rows_read:,} rows read, {report.rows_sent:,} {verb} in {records},"
        f" {refused:,} refused ({rate:,.0f} rows/s)"
    )


def _so_far(report: PushReport, verb: str) -> str:
    """Return the counts so far, short enough for a line with a bar."""
    rate = report.rows_read / report.seconds if report.seconds else 0
    return f"{report.rows_read:,} rows read, {report.rows_sent:,} {verb}, {rate:,.0f} rows/s"


@contextmanager
def _watching(title: str, verb: str = "sent") -> Iterator[Watch]:
    """Show progress; if the push stops before its end, say how to continue it."""
    stopped: list[tuple[PushReport, str]] = []
    try:
        with show_progress(title) as show:
            yield Watch(
                progress=lambda report: show(_so_far(report, verb), 0, None),
                message=say,
                stopped=lambda *report: stopped.append(report),
            )
    except BaseException as error:
        for report, stack in stopped:
            say(f"batch {report.batch_id} has not ended ({describe(report)})")
            end = f"end it with: stream-ingest abandon {report.batch_id} --stack {stack}"
            if isinstance(error, NotResumableError):
                say(end)
                raise
            mend = "mend its source and " if isinstance(error, UserError) else ""
            say(f"{mend}continue with: stream-ingest push --resume --batch-id {report.batch_id}")
            say(f"or {end}")
            if isinstance(error, KeyboardInterrupt):
                raise SystemExit(_INTERRUPTED) from None
        raise


def _follow(batch_id: str, stack: str) -> BatchProgress:
    outputs = stack_outputs(stack)
    missing = f"batch {batch_id!r} is not in table {outputs.table_name}"
    return follow(runner.registry_of(outputs), batch_id, start_timeout_s=0, missing=missing)
