"""Plans a push: what is read, and where the mark is afterwards. Edge (MySQL, DynamoDB, disk)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from stream_ingest.aws import clients
from stream_ingest.batches.batch_id import new_owner
from stream_ingest.contracts.creators import CreatorCase
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.push.checkpoint import Checkpoint, PushPlan
from stream_ingest.push.chunks import Chunk
from stream_ingest.push.file_prefix import is_same_before
from stream_ingest.push.marks import Mark, Reading, Wish, plan_reading, seed_moment
from stream_ingest.push.watermark import PushWatermark
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.mysql.connection import database_now
from stream_ingest.sources.source import Selection, Source
from stream_ingest.sources.source_options import SourceOptions
from stream_ingest.sources.timerange import LAST_PUSH, TimeRange


def make_plan(
    chosen: SourceOptions,
    header: BatchHeader,
    outputs: StackOutputs,
    message: Callable[[str], None],
) -> PushPlan:
    """Decide what is read and where the mark is afterwards; raises `UserError` as `push`."""
    if chosen.csv:
        now = datetime.now(UTC)
        within = chosen.within(now, None)
        asyncio.run(chosen.source(within).check())
        reading = Reading(selection=Selection(within=within), ends_at=now, moves=False)
    else:
        reading = reading_of(chosen, header, outputs)
        for note in reading.notes:
            message(note)
    selection = reading.selection
    return PushPlan(
        header=header,
        stack=outputs.stack,
        place=None if chosen.csv else chosen.address().place,
        table=chosen.table,
        csv=str(chosen.csv.resolve()) if chosen.csv else None,
        csv_stamp=_stamp(chosen.csv) if chosen.csv else None,
        columns=chosen.columns,
        dates=chosen.dates,
        creators=tuple(chosen.creators),
        since=_text(selection.within.since),
        until=_text(selection.within.until),
        ends_at=reading.ends_at.isoformat(),
        moves=reading.moves,
        keys=reading.keys,
        late_after=selection.late_after,
        read_before=_text(selection.read_before),
        read_key=selection.read_key,
        uploaded_as=chosen.uploaded_as,
        creator_case=outputs.creator_case,
        owner=new_owner(),
        timezone=chosen.timezone,
        rows_per_s=chosen.rows_per_s,
        with_later=selection.with_later,
    )


def reading_of(chosen: SourceOptions, header: BatchHeader, outputs: StackOutputs | None) -> Reading:
    """Return what to read of a table; without a stack there is no mark."""
    overlap = chosen.overlap_span()
    mark = None
    if outputs:
        mark = watermark_of(chosen, outputs).load()
        if mark is not None and mark.timezone != chosen.timezone:
            mark = _rezoned(mark, chosen, header)
        check_overlap(overlap, outputs.dedup_horizon_days)
    now = asyncio.run(database_now(chosen.address()))
    wish = Wish(
        within=chosen.within(now, mark.until - overlap if mark else None),
        last_push=chosen.since == LAST_PUSH,
        creators=tuple(chosen.creators),
        overlap=overlap,
        dedup=header.settings.dedup,
        move_mark=chosen.move_mark,
    )
    table = chosen.mysql_source(Selection())
    return plan_reading(wish, mark, asyncio.run(table.snapshot(seed_moment(wish, now))))


def _rezoned(mark: Mark, chosen: SourceOptions, header: BatchHeader) -> Mark:
    moved = mark.in_zone(chosen.timezone)
    if moved != mark and chosen.since == LAST_PUSH and not header.settings.dedup:
        msg = (
            f"the last push read local times with --timezone {mark.timezone or 'UTC'};"
            " without dedup, last_push needs the same one"
        )
        raise UserError(msg)
    return moved


def check_overlap(overlap: timedelta, horizon_days: int) -> None:
    """Raise `UserError` if rows of the overlap may have left the dedup memory."""
    if overlap > timedelta(days=horizon_days):
        msg = (
            f"--overlap is longer than the {horizon_days} days for which the stack recognises an"
            " image; rows before that would be in two collages"
        )
        raise UserError(msg)


def chosen_of(
    checkpoint: Checkpoint,
    last_chunk: Chunk | None,
    mysql: str | None,
    mysql_secret: str | None,
    mysql_ca: Path | None = None,
) -> SourceOptions:
    """Return the options of a push to resume after its last chunk.

    Raises `UserError` if its source has changed, except for a file that still has what was sent.
    """
    plan = checkpoint.plan
    chosen = SourceOptions(
        mysql=mysql,
        mysql_secret=mysql_secret,
        mysql_ca=mysql_ca,
        table=plan.table,
        csv=Path(plan.csv) if plan.csv else None,
        columns=plan.columns,
        dates=plan.dates,
        since=None,
        until=None,
        creators=plan.creators,
        timezone=plan.timezone,
        rows_per_s=plan.rows_per_s,
    )
    if chosen.csv and last_chunk is not None and not last_chunk.ends:
        _check_file(chosen.csv, checkpoint, last_chunk)
    if not chosen.csv and chosen.address().place != plan.place:
        msg = (
            f"the push to resume reads {plan.place}: give that database's URL (MYSQL_URL)"
            " or secret (MYSQL_SECRET_ID)"
        )
        raise UserError(msg)
    return chosen


def _check_file(path: Path, checkpoint: Checkpoint, last_chunk: Chunk) -> None:
    """Raise `UserError` if a file has changed before the place where its push continues."""
    batch_id = checkpoint.plan.header.batch_id
    if _stamp(path) == checkpoint.plan.csv_stamp:
        return
    if is_same_before(path, last_chunk.cursor, checkpoint.prefix):
        return
    cursor = last_chunk.cursor or ()
    line = f"line {cursor[1]:,}" if len(cursor) > 1 else "its rows"
    msg = (
        f"{path} has changed since the push began, and not only after {line}, up to which it was"
        " sent: restore it and resume, or end the batch"
        f" (stream-ingest abandon {batch_id} --stack {checkpoint.plan.stack}) and push the file as"
        " a new one"
    )
    raise UserError(msg)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise UserError(msg) from error
    return status.st_size, status.st_mtime_ns


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def source_of(chosen: SourceOptions, plan: PushPlan) -> Source:
    """Return the source of a plan's rows."""
    case = plan.creator_case or CreatorCase.KEEP
    chosen = msgspec.structs.replace(chosen, creator_case=case)
    within = TimeRange(since=_moment(plan.since), until=_moment(plan.until))
    if chosen.csv:
        return chosen.source(within)
    return chosen.mysql_source(
        Selection(
            within=within,
            creators=plan.creators,
            late_after=plan.late_after,
            read_before=_moment(plan.read_before),
            read_key=plan.read_key,
            with_later=plan.with_later,
        )
    )


def watermark_of(chosen: SourceOptions, outputs: StackOutputs) -> PushWatermark:
    """Return the stored mark of a table."""
    dynamodb = clients.session().client("dynamodb", config=clients.CONFIG)
    return PushWatermark(dynamodb, outputs.table_name, chosen.address(), chosen.table_name)
