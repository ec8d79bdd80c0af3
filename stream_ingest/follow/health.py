"""The health file of a follower, written atomically and checked by another process. Edge (disk)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from stream_ingest.contracts.errors import PermanentError

_GRACE = timedelta(minutes=5)
_MISSED_READS = 3


class Health(msgspec.Struct, kw_only=True):
    """What a follower has done, by the clock of its host except for the mark."""

    table: str
    every_s: int
    alive_at: datetime
    """When it last read a page or ended a read."""
    read_at: datetime | None = None
    """When it last ended a read whose rows were all accepted."""
    mark: datetime | None = None
    """The database's time up to which the table has been read."""
    batch_id: str | None = None
    rows: int = 0
    """Rows read since it started, without those that it had sent before."""
    failures: int = 0
    """Number of failures since the last read that succeeded."""
    error: str | None = None
    """The last error, if it has not been overcome."""

    def write(self, path: Path) -> None:
        """Replace the file; a reader sees the old content or the new one."""
        fresh = path.with_name(path.name + ".new")
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")
        fresh.replace(path)


def check_health(path: Path, now: datetime) -> str:
    """Return a line about a healthy follower; raises `PermanentError` if it is not.

    It is healthy if it has read something within three of its intervals, at least five minutes.
    """
    try:
        health = msgspec.json.decode(path.read_bytes(), type=Health)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}; is `stream-ingest follow --health` running?"
        raise PermanentError(msg) from error
    except msgspec.DecodeError as error:
        msg = f"{path} is not a health file: {error}"
        raise PermanentError(msg) from error
    age = now - health.alive_at
    if age > max(_GRACE, _MISSED_READS * timedelta(seconds=health.every_s)):
        reason = f"; {health.failures} failures, the last: {health.error}" if health.error else ""
        msg = f"{health.table} was last read {age.total_seconds():,.0f} s ago{reason}"
        raise PermanentError(msg)
    read_up_to = f"{health.mark:%Y-%m-%dT%H:%M:%SZ}" if health.mark else "its beginning"
    return f"{health.table} is read up to {read_up_to}, {health.rows:,} rows since the start"
