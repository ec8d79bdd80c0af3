"""Replays and retries that this console started, and how far each is. Edge (DynamoDB, SQS, bus).

A run is followed window by window: one is done when it has ended under the run's name. The list
lives as long as the console; the runs themselves go on without it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from collage_lambda.reasons import FailureReason
from ops_dashboard.console.account import Account
from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.recovery.replay import closed_between, lag_warning, replay_name, retryable
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.timerange import parse_moment

_KEPT = 20
_LOOK_AT_ONCE = 200
_ARCHIVED_LATER = timedelta(minutes=1)
"""An event is archived moments after its window closed: ask for a little more than the range."""
_PASSING = frozenset(str(reason) for reason in FailureReason if reason.is_passing)


class Order(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}
):
    """What to build again: windows, creators, or all that closed in a range.

    `retry` takes only what failed for a reason that may have passed: of a batch, or of all.
    """

    since: str | None = None
    to: str | None = None
    creators: list[str] = []
    windows: list[str] = []
    batch: str | None = None
    retry: bool = False


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One replay or retry as a page shows it."""

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
    """Starts runs and follows them. Methods block; one at a time."""

    def __init__(
        self, account: Account, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Work on one stack."""
        self._account, self._now = account, now
        self._runs: deque[_Followed] = deque(maxlen=_KEPT)

    def start(self, order: Order) -> Run:
        """Start what is ordered; `UserError` where that is nothing."""
        run = self._retry(order) if order.retry else self._replay(order)
        self._runs.appendleft(run)
        return run.view()

    def look(self) -> list[Run]:
        """Return all runs, the newest first, after a look at the windows that are awaited."""
        for run in self._runs:
            run.look(self._account.windows.one)
        return [run.view() for run in self._runs]

    def _replay(self, order: Order) -> _Followed:
        now = self._now()
        since = parse_moment(order.since, now) if order.since else None
        until = parse_moment(order.to, now) if order.to else now
        name = replay_name("replay", now)
        if order.windows:
            return self._ask(name, counted(order.windows, "window"), order.windows)
        if order.creators:
            found = [each for creator in order.creators for each in self._of(creator)]
            chosen = [each.window_id for each in found if _closed_in(each, since, until)]
            return self._ask(name, counted(order.creators, "creator"), chosen)
        if since is None:
            msg = "say what to replay: a range that begins somewhere, or creators"
            raise UserError(msg)
        chosen = [each.window_id for each in closed_between(self._account.windows, since, until)]
        self._account.archive.start(name, since, until + _ARCHIVED_LATER)
        about = f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"
        return _Followed(name, about, now, chosen, warning=lag_warning(until, now))

    def _retry(self, order: Order) -> _Followed:
        now = self._now()
        failed = (table.WindowStatus.PARTIAL, table.WindowStatus.FAILED)
        windows = self._account.windows
        candidates = (
            windows.of_batch(order.batch)
            if order.batch
            else (each for status in failed for each in windows.in_status(status))
        )
        chosen = list(retryable(candidates, _PASSING.__contains__))
        about = f"failed downloads of {order.batch or 'every batch'}"
        return self._ask(replay_name("retry", now), about, chosen, spares=True)

    def _ask(
        self, name: str, about: str, window_ids: list[str], *, spares: bool = False
    ) -> _Followed:
        if not window_ids:
            msg = "there is nothing to build again"
            raise UserError(msg)
        asked, gone = self._account.rebuild.ask(window_ids, name, spares=spares)
        return _Followed(name, about, self._now(), asked, gone=len(gone))

    def _of(self, creator: str) -> Iterable[WindowRecord]:
        return self._account.windows.of_creator(creator)


class _Followed:
    """A run and the windows that it still waits for."""

    def __init__(  # noqa: PLR0913 - what a run is made of
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
        self._waiting = deque(dict.fromkeys(window_ids))
        self._windows, self._gone, self._warning = len(self._waiting), gone, warning
        self._statuses: Counter[str] = Counter()

    def look(self, find: Callable[[str], WindowRecord | None]) -> None:
        """Look at some of the windows that are awaited; the others are next."""
        for _ in range(min(_LOOK_AT_ONCE, len(self._waiting))):
            window_id = self._waiting.popleft()
            found = find(window_id)
            if found and found.replayed_as == self._name and found.status in table.ENDED:
                self._statuses[found.status] += 1
            else:
                self._waiting.append(window_id)

    def view(self) -> Run:
        return Run(
            name=self._name,
            about=self._about,
            started_at=self._started_at,
            windows=self._windows,
            done=self._windows - len(self._waiting),
            by_status=dict(self._statuses),
            gone=self._gone,
            warning=self._warning,
        )


def counted(things: list[str], noun: str) -> str:
    """Return ``3 creators`` or the one's name."""
    return things[0] if len(things) == 1 else f"{len(things):,} {noun}s"


def _closed_in(window: WindowRecord, since: datetime | None, until: datetime) -> bool:
    closed = datetime.fromisoformat(window.closed_at)
    return (since is None or closed >= since) and closed < until
