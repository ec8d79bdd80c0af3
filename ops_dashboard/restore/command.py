"""``ops-dashboard restore``. Edge: the composition root."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from ops_dashboard.printing.terminal import print_json, print_line
from ops_dashboard.restore.adoption import Adoption
from ops_dashboard.restore.forgotten import ForgottenWindows
from stream_ingest.aws import clients
from stream_ingest.aws.queue_depth import queue_depth
from stream_ingest.aws.stack import load_stack
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.contracts.timestamps import iso_second
from stream_ingest.sources.timerange import parse_moment
from stream_ingest.windowing.rules.numbering import Numbering, first_number, first_window
from stream_ingest.windowing.table_numbering import TableNumbering

if TYPE_CHECKING:
    import boto3

_READS_AT_ONCE = 16


class RestoreReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the table has forgotten."""

    table: str
    restored_to: str
    first_window: int
    """Lowest number of the windows that close from now on."""
    is_applied: bool
    windows: int
    """Windows that the table did not know."""
    unfinished: int
    """Windows that the table had as unfinished, which have ended since."""
    images: int
    creators: int
    batches: list[str]
    """Batches of these windows that the table does not know."""
    creators_left_out: list[str]
    """Creators whose states cannot be read: repair them, and run this again."""
    unreadable: list[str]
    """Objects below ``metadata/`` that are not a window's metadata."""
    waiting: int
    """Windows in the collage queue, which may be among those that the table does not know."""


def show_restore(stack: str, table: str | None, to: str, *, apply: bool, json: bool) -> None:
    """Compare a restored table with what was built since the moment `to`, and print the report.

    Raises `UserError` if the moment is in the future.
    """
    now = datetime.now(UTC)
    moment = parse_moment(to, now)
    if moment > now:
        msg = f"--to {to} is in the future: give the moment to which the table was restored"
        raise UserError(msg)
    session = clients.session()
    outputs = load_stack(clients.parameters(session), stack)
    report = run(session, outputs, table or outputs.table_name, moment, apply=apply)
    print_json(report) if json else _print(report)


def run(
    session: boto3.Session, outputs: StackOutputs, table: str, moment: datetime, *, apply: bool
) -> RestoreReport:
    """Compare the table with what was built since `moment`; with `apply`, complete it."""
    dynamodb = session.client("dynamodb", config=clients.CONFIG)
    s3 = session.client("s3", config=clients.CONFIG)
    first = _number(TableNumbering(dynamodb, table, time.time), apply=apply)
    adoption = Adoption(dynamodb, table, time.time, outputs.dedup_horizon_days)
    counts = {True: 0, False: 0}
    images, creators, batches, left_out = 0, set[str](), set[str](), set[str]()
    with ThreadPoolExecutor(_READS_AT_ONCE) as threads:
        forgotten = ForgottenWindows(s3, outputs.output_bucket, dynamodb, table, threads)
        for windows in forgotten.since(moment):
            for window in windows:
                counts[window.is_unknown] += 1
                images += window.metadata.images
                creators.add(window.metadata.creator)
                batches.add(window.metadata.batch_id)
            if apply:
                left_out.update(adoption.adopt(windows))
    registry = BatchRegistry(dynamodb, table, time.time)
    depth = queue_depth(session.client("sqs", config=clients.CONFIG), outputs.collage_queue_url)
    return RestoreReport(
        table=table,
        restored_to=iso_second(moment),
        first_window=first,
        is_applied=apply,
        windows=counts[True],
        unfinished=counts[False],
        images=images,
        creators=len(creators),
        batches=sorted(each for each in batches if registry.load(each) is None),
        creators_left_out=sorted(left_out),
        unreadable=forgotten.unreadable,
        waiting=depth.total,
    )


def _number(numbering: TableNumbering, *, apply: bool) -> int:
    """Return the first number of the table's windows; raise it if the table is no new one."""
    facts, known = numbering.facts(), numbering.read()
    first = first_window(facts, known)
    if facts.is_restored or (known and known.created_at_ms != facts.created_at_ms):
        return first
    first = first_number(int(time.time() * 1_000))
    if apply:
        numbering.write(Numbering(created_at_ms=facts.created_at_ms, first=first))
    return first


def _print(report: RestoreReport) -> None:
    print_line(
        f"{report.table}, as of {report.restored_to}: its windows are numbered from"
        f" {report.first_window}"
    )
    verb = "taken back" if report.is_applied else "unknown to the table"
    print_line(
        f"  {report.windows:,} windows built since then, and {report.unfinished:,} finished since"
        f" then, {verb}: {report.images:,} images of {report.creators:,} creators"
    )
    if report.batches:
        print_line(f"  batches that the table does not know: {', '.join(report.batches)}")
    if report.creators_left_out:
        print_line(
            "  left out, because their states cannot be read (ops-dashboard repair, then run this"
            f" again): {', '.join(report.creators_left_out)}"
        )
    for key in report.unreadable:
        print_line(f"  skipped, because it is not a window's metadata: {key}")
    if report.waiting:
        print_line(
            f"  {report.waiting:,} windows are being built: wait until none is, and run this again"
        )
    if not report.is_applied:
        print_line("Nothing was written. Disable the stream's mapping, then add --yes.")
    else:
        print_line("Now read the stream again: docs/operations/restore.md")
