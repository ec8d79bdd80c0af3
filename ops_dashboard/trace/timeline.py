"""The timeline of one window, from the table, the buckets and the logs. Pure.

The table has its state, the buckets its objects, and the log lines show how it got there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ops_dashboard.inspect.window_record import WindowRecord
from stream_ingest.batches.progress import Batch

TABLE, LOG, OBJECTS = "table", "log", "bucket"
_STARTED, _CLOSED = "started", "closed"
_WITHIN_SECOND = timedelta(milliseconds=999)
_LOG_TIME = "%Y-%m-%d %H:%M:%S,%f%z"
"""Format of Powertools' timestamps."""
_OMITTED = frozenset(
    {
        "level", "location", "message", "timestamp", "service", "window_id", "batch_id",
        "cold_start", "function_name", "function_memory_size", "function_arn",
    }
)  # fmt: skip
"""Fields of a log line that are shown elsewhere or of no interest."""


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object of a window: its place, and if it exists its size and time."""

    what: str
    bucket: str
    key: str
    bytes: int | None = None
    """None if it does not exist."""
    written_at: datetime | None = None


class EmptyCell(msgspec.Struct, frozen=True, kw_only=True):
    """An image that is not in the collage, and why."""

    cell: int
    identity: str
    reason: str
    detail: str | None = None


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One log line of a function."""

    at: datetime
    service: str
    message: str
    facts: dict[str, Any]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, and the source that says so."""

    at: datetime
    source: str
    what: str
    facts: dict[str, Any] = {}


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known about one window."""

    window: WindowRecord
    batch: Batch | None
    steps: list[Step]
    """In the order in which they happened."""
    objects: list[StoredObject]
    empty_cells: list[EmptyCell]
    log_lines: int
    log_error: str | None
    """Why the log lines could not be read; None if they were."""
    query: str
    log_groups: list[str]


def timeline_steps(
    window: WindowRecord,
    batch: Batch | None,
    objects: Iterable[StoredObject],
    lines: Iterable[LogLine],
) -> list[Step]:
    """Return what happened, in order.

    Table and buckets have a resolution of seconds, log lines of milliseconds. Within a second, a
    window's closing is sorted before log lines, and objects and ends after them.
    """
    steps = [
        *_table_steps(window, batch),
        *_object_steps(objects),
        *(
            Step(at=line.at, source=LOG, what=f"{line.service}: {line.message}", facts=line.facts)
            for line in lines
        ),
    ]
    return sorted(steps, key=_sort_time)


def _object_steps(objects: Iterable[StoredObject]) -> Iterator[Step]:
    """Yield one step for all objects of the same second."""
    written: dict[datetime, list[str]] = {}
    for each in objects:
        if each.written_at is not None:
            written.setdefault(each.written_at, []).append(each.what)
    for at, names in written.items():
        yield Step(at=at, source=OBJECTS, what=f"{', '.join(names)} written")


def _sort_time(step: Step) -> datetime:
    begins = step.source == LOG or step.what.endswith((_STARTED, _CLOSED))
    return step.at if begins else step.at + _WITHIN_SECOND


def _table_steps(window: WindowRecord, batch: Batch | None) -> list[Step]:
    steps = []
    if batch is not None:
        started = datetime.fromisoformat(batch.started_at)
        what = f"batch {batch.batch_id} {_STARTED}"
        steps.append(Step(at=started, source=TABLE, what=what, facts={"trigger": batch.trigger}))
    closed = {"images": window.image_count, "because": window.closed_because}
    steps.append(_step(window.closed_at, f"window {_CLOSED}", closed))
    if window.completed_at is not None:
        ended = {
            "images_ok": window.images_ok,
            "duration_ms": window.duration_ms,
            "error": window.error,
            "replay": window.replayed_as,
        }
        steps.append(_step(window.completed_at, f"window {window.status}", ended))
    return steps


def _step(at: str, what: str, facts: dict[str, Any]) -> Step:
    known = {name: value for name, value in facts.items() if value is not None}
    return Step(at=datetime.fromisoformat(at), source=TABLE, what=what, facts=known)


def log_line(message: str, written_at: str) -> LogLine:
    """Return a function's log line; one that is not our JSON keeps its text.

    `written_at` is Logs Insights' timestamp, for lines without one of their own.
    """
    at = datetime.fromisoformat(written_at).replace(tzinfo=UTC)
    try:
        line = msgspec.json.decode(message, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError):
        return LogLine(at=at, service="lambda", message=message.strip(), facts={})
    facts = {
        name: value for name, value in line.items() if name not in _OMITTED and value is not None
    }
    return LogLine(
        at=_own_time(line.get("timestamp")) or at,
        service=str(line.get("service", "lambda")),
        message=str(line.get("message", "")),
        facts=facts,
    )


def is_metric_line(message: str) -> bool:
    """Return whether a log line is a metric in embedded metric format."""
    return '"_aws"' in message


def _own_time(text: object) -> datetime | None:
    try:
        return datetime.strptime(str(text), _LOG_TIME)  # noqa: DTZ007 - the format has %z
    except ValueError:
        return None
