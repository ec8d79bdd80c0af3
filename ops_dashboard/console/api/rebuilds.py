"""Replays and retries started from this console, and their progress. Edge (DynamoDB, SQS, bus).

A window of a run is done once it has ended under the run's name. The list of runs is lost when the
console stops; the runs themselves continue.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from ops_dashboard.console.account import Account
from ops_dashboard.inspect.named import check_name
from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.recovery.replay import (
    closed_between,
    lag_warning,
    rebuild_status,
    replay_name,
    retryable,
)
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.timerange import parse_moment

_MAX_RUNS = 20
_WINDOWS_PER_CHECK = 200
_ARCHIVE_DELAY = timedelta(minutes=1)
"""An event is archived moments after its window closed, so the archive's range ends later."""


class RunRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}
):
    """What to rebuild: windows, creators, or all windows that closed in a range.

    With `retry`: of the given windows, of one batch or of all windows, those that failed for a
    reason that may have passed.
    """

    since: str | None = None
    to: str | None = None
    creators: list[str] = []
    windows: list[str] = []
    batch: str | None = None
    retry: bool = False


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The progress of one replay or retry."""

    name: str
    about: str
    started_at: datetime
    windows: int
    done: int
    by_status: dict[str, int]
    gone: int
    """Windows whose event is no longer in the table."""
    warning: str | None


class Rebuilds:
    """Starts and tracks runs. Methods block, and must not be called concurrently."""

    def __init__(
        self, account: Account, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Rebuild windows of the stack of `account`."""
        self._account, self._now = account, now
        self._runs: deque[_TrackedRun] = deque(maxlen=_MAX_RUNS)

    def start(self, wanted: RunRequest) -> Run:
        """Start a run; raises `UserError` if there is nothing to rebuild."""
        run = self._retry(wanted) if wanted.retry else self._replay(wanted)
        self._runs.appendleft(run)
        return run.progress()

    def runs(self) -> list[Run]:
        """Check some of each run's pending windows, and return all runs, newest first."""
        for run in self._runs:
            run.check(self._account.windows.find)
        return [run.progress() for run in self._runs]

    def _replay(self, wanted: RunRequest) -> _TrackedRun:
        now = self._now()
        since = parse_moment(wanted.since, now) if wanted.since else None
        until = min(parse_moment(wanted.to, now), now) if wanted.to else now
        name = replay_name("replay", now)
        if wanted.windows:
            return self._send(name, name_or_count(wanted.windows, "window"), wanted.windows)
        if wanted.creators:
            found = [each for creator in wanted.creators for each in self._of_creator(creator)]
            chosen = [each.window_id for each in found if _closed_in(each, since, until)]
            return self._send(name, name_or_count(wanted.creators, "creator"), chosen)
        if since is None:
            msg = "name what to replay: creators, or a range with a start"
            raise UserError(msg)
        chosen = [each.window_id for each in closed_between(self._account.windows, since, until)]
        self._account.archive.start(name, since, until + _ARCHIVE_DELAY)
        about = f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"
        return _TrackedRun(name, about, now, chosen, warning=lag_warning(until, now))

    def _retry(self, wanted: RunRequest) -> _TrackedRun:
        now = self._now()
        failed = (table.WindowStatus.PARTIAL, table.WindowStatus.FAILED)
        windows = self._account.windows
        candidates: Iterable[WindowRecord]
        if wanted.windows:
            candidates = (each for each in map(windows.find, wanted.windows) if each)
        elif wanted.batch:
            candidates = windows.of_batch(wanted.batch)
        else:
            candidates = (each for status in failed for each in windows.in_status(status))
        chosen = list(retryable(candidates))
        what = wanted.batch or "every batch"
        if wanted.windows:
            what = name_or_count(wanted.windows, "window")
        about = f"failed downloads of {what}"
        return self._send(replay_name("retry", now), about, chosen, skip_permanent=True)

    def _send(
        self, name: str, about: str, window_ids: list[str], *, skip_permanent: bool = False
    ) -> _TrackedRun:
        if not window_ids:
            msg = "there is nothing to rebuild"
            raise UserError(msg)
        report = self._account.rebuild.send(window_ids, name, skip_permanent=skip_permanent)
        return _TrackedRun(name, about, self._now(), report.sent, gone=len(report.expired))

    def _of_creator(self, creator: str) -> Iterable[WindowRecord]:
        check_name(creator)
        return self._account.windows.of_creator(self._account.names.name_of(creator))


class _TrackedRun:
    """A run and its pending windows."""

    def __init__(  # noqa: PLR0913 - the parts of a run
        self,
        name: str,
        about: str,
        started_at: datetime,
        window_ids: Iterable[str],
        *,
        gone: int = 0,
        warning: str | None = None,
    ) -> None:
        self._name, self._about, self._started_at = name, about, started_at
        self._pending = deque(dict.fromkeys(window_ids))
        self._windows, self._gone, self._warning = len(self._pending), gone, warning
        self._statuses: Counter[str] = Counter()

    def check(self, find: Callable[[str], WindowRecord | None]) -> None:
        """Check the pending windows at the head of the queue; those not done go to its tail."""
        for _ in range(min(_WINDOWS_PER_CHECK, len(self._pending))):
            window_id = self._pending.popleft()
            found = find(window_id)
            if found and found.replayed_as == self._name and found.status in table.ENDED:
                self._statuses[rebuild_status(found)] += 1
            else:
                self._pending.append(window_id)

    def progress(self) -> Run:
        return Run(
            name=self._name,
            about=self._about,
            started_at=self._started_at,
            windows=self._windows,
            done=self._windows - len(self._pending),
            by_status=dict(self._statuses),
            gone=self._gone,
            warning=self._warning,
        )


def name_or_count(names: list[str], noun: str) -> str:
    """Return the only name, or ``3 creators``."""
    return names[0] if len(names) == 1 else f"{len(names):,} {noun}s"


def _closed_in(window: WindowRecord, since: datetime | None, until: datetime) -> bool:
    closed_at = datetime.fromisoformat(window.closed_at)
    return (since is None or closed_at >= since) and closed_at < until
