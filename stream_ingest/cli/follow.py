"""Runs `stream-ingest follow`. Edge (signals, disk)."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import logging
import secrets
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from stream_ingest.aws import clients
from stream_ingest.aws.stack import stack_outputs
from stream_ingest.batches.batch_id import new_batch_id
from stream_ingest.cli.batch_arguments import option_name
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.batch_options import BatchOptions, lay_over, settings_of
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import parse_duration
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.follow.follower import Follower, FollowOptions
from stream_ingest.follow.gauges import Gauges
from stream_ingest.follow.health import check_health
from stream_ingest.push.checkpoint import folder
from stream_ingest.push.planning import check_overlap
from stream_ingest.sources.source_options import SourceOptions
from stream_ingest.sources.timerange import parse_range


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """When to read, and where the state is written."""

    every: str
    """Time from one read to the next, such as ``60s``."""
    per_read: bool
    """Whether each read with new rows is a batch; otherwise each UTC day is."""
    since: str | None
    health: Path | None


def print_health(check: Path) -> None:
    """Print what a health file says; raises `UserError` if reading has stopped."""
    say(check_health(check, datetime.now(UTC)))


def start_following(chosen: SourceOptions, pace: Pace, batch: BatchOptions, stack: str) -> None:
    """Push what is new in a table until a signal; raises `UserError` for wrong options."""
    now = datetime.now(UTC)
    chosen.check(now)
    parse_range(pace.since, None, now, None)
    every_s = _seconds(pace.every)
    outputs = stack_outputs(stack)
    check_overlap(chosen.overlap_span(), outputs.dedup_horizon_days)
    settings = settings_of(lay_over(batch, outputs.batch_defaults), option_name)
    if not settings.dedup:
        msg = "--no-dedup: a follower reads rows again after each start, and needs dedup"
        raise UserError(msg)
    how = FollowOptions(
        every_s=every_s,
        per_read=pace.per_read,
        start=pace.since,
        settings=settings,
        health=pace.health,
    )
    _follow(chosen, how, outputs)


def _follow(chosen: SourceOptions, how: FollowOptions, outputs: StackOutputs) -> None:
    """Follow until a signal, with a log on stderr."""
    cloudwatch = clients.session().client("cloudwatch", config=clients.CONFIG)
    follower = Follower(
        chosen,
        how,
        outputs,
        gauges=Gauges(cloudwatch, outputs.stack),
        new_batch_id=(lambda _: new_batch_id()) if how.per_read else _new_day_id,
    )
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("stream_ingest").setLevel(logging.INFO)
    with _only_follower(chosen, outputs):
        say(f"following {chosen.address()!r}, table {chosen.table_name}, every {how.every_s} s")
        asyncio.run(_run(follower))
    say("stopped; the next start continues here")


def _seconds(every: str) -> int:
    seconds = parse_duration(every)
    if seconds < 1:
        msg = f"--every {every}: expected at least 1s"
        raise UserError(msg)
    return seconds


def _new_day_id(day: date) -> str:
    return f"{day:%Y%m%d}-follow-{secrets.token_hex(2)}"


@contextlib.contextmanager
def _only_follower(chosen: SourceOptions, outputs: StackOutputs) -> Iterator[None]:
    """Hold a lock of the table; raises `UserError` if a process of this machine follows it."""
    name = f"{outputs.stack} {chosen.address().place} {chosen.table_name}"
    path = folder(follow=True) / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.table"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"table {chosen.table_name} is being followed by another process"
            raise UserError(msg) from error
        yield


async def _run(follower: Follower) -> None:
    """Follow until SIGINT or SIGTERM."""
    task = asyncio.create_task(follower.run())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
