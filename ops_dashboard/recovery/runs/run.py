"""A run: a replay, a retry or an upload, who started it, and how far it is. Pure.

::

    replay, retry   listing ─► sending ─► building ─► ended
                       ├──────────┴───────────┴─────► cancelled
                       └──────────┴─────────────────► failed
    upload          receiving ─► sending ─► sent
                        └───────────┴─────► failed

Until its last window is sent, a run needs the process that started it, which writes its item at
least every `HEARTBEAT_S`. An item that is older than `INTERRUPTED_AFTER_S` is that of a process
that was stopped: its run is *interrupted*. Whoever looks at a run counts its windows. Only from
``building`` on is a count that differs news of the run: without news for `GIVE_UP_AFTER_S` it is
*stalled*, however often somebody looks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.recovery.replay_result import rebuild_status
from stream_ingest.contracts import table
from stream_ingest.contracts.timestamps import parse_utc

RUN_LIFE_S = 30 * 86_400
"""How long the items of a run stay after its last change."""
HEARTBEAT_S = 15
INTERRUPTED_AFTER_S = 90
GIVE_UP_AFTER_S = 86_400
"""Seconds without a change after which the windows of a run are not counted any more."""
PAGE = 100
"""Windows of an item: as many as one BatchGetItem reads."""


class Kind(StrEnum):
    """What a run does."""

    REPLAY = "replay"
    RETRY = "retry"
    UPLOAD = "upload"


class State(StrEnum):
    """How far a run is; `INTERRUPTED` and `STALLED` are shown and never stored."""

    LISTING = "listing"
    RECEIVING = "receiving"
    SENDING = "sending"
    BUILDING = "building"
    SENT = "sent"
    ENDED = "ended"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    STALLED = "stalled"
    """No window has been built for `GIVE_UP_AFTER_S`."""


NEEDS_ITS_PROCESS = frozenset({State.LISTING, State.RECEIVING, State.SENDING})
OVER = frozenset({State.SENT, State.ENDED, State.CANCELLED, State.FAILED})


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The range of the archive that a run replays."""

    start: datetime
    end: datetime


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run, as its item has it."""

    name: str
    kind: Kind
    about: str
    """What it builds or uploads, for people."""
    owner: str
    """User and host that started it: ``ana@laptop``."""
    state: State
    started_at: datetime
    updated_at: datetime
    """When its process last wrote it; from ``building`` on, when its figures last changed."""
    archive: Span | None = None
    """None for windows that are sent one by one."""
    skip_permanent: bool = False
    """Whether images that failed for good are left out."""
    windows: int = 0
    sent: int = 0
    """Windows that were sent, or whose event has expired."""
    gone: int = 0
    """Windows whose event has expired."""
    by_status: dict[str, int] = {}
    """Windows of pages that are counted for good, by `rebuild_status`."""
    pending: list[int] = []
    """Pages with windows that had not ended when they were last counted."""
    partial: dict[int, dict[str, int]] = {}
    """Windows of these pages that had ended, by `rebuild_status`."""
    cancelled_by: str = ""
    warning: str = ""
    error: str = ""
    batch_id: str = ""
    """Of an upload, and of a retry of one batch."""
    bytes: int = 0
    """Of an upload."""
    revision: int = 0
    """Number of its writes; each is made under the condition that it is the next one."""

    @property
    def pages(self) -> int:
        """Number of pages of its windows."""
        return -(-self.windows // PAGE)

    @property
    def statuses(self) -> dict[str, int]:
        """Windows that were built again, by `rebuild_status`."""
        found = Counter(self.by_status)
        for counts in self.partial.values():
            found.update(counts)
        return dict(found)

    @property
    def done(self) -> int:
        """Number of windows that were built again."""
        return sum(self.statuses.values())


class ChosenWindow(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A window of a run, as it was before."""

    window_id: str
    status: str
    images_ok: int
    completed_at: str | None = None


def chosen_window(window: WindowRecord) -> ChosenWindow:
    """Return what a run remembers of a window."""
    return ChosenWindow(
        window_id=window.window_id,
        status=window.status,
        images_ok=window.images_ok,
        completed_at=window.completed_at,
    )


def shown_state(run: Run, now: datetime) -> State:
    """Return the state of a run for people."""
    silent_s = (now - run.updated_at).total_seconds()
    if run.state in NEEDS_ITS_PROCESS and silent_s > INTERRUPTED_AFTER_S:
        return State.INTERRUPTED
    return (
        State.STALLED if run.state is State.BUILDING and silent_s > GIVE_UP_AFTER_S else run.state
    )


def is_counted(run: Run, now: datetime) -> bool:
    """Return whether windows of a run are still to be counted."""
    is_building = run.state in {State.SENDING, State.BUILDING}
    is_recent = now - run.updated_at < timedelta(seconds=GIVE_UP_AFTER_S)
    return is_building and is_recent and bool(run.pending)


def was_built(run: Run, window: WindowRecord) -> bool:
    """Return whether a window has been built by a run, or by a later one since.

    Names of runs end with their time, so of two names the later one is known.
    """
    if window.status not in table.ENDED or window.replayed_as is None:
        return False
    if window.replayed_as == run.name:
        return True
    if window.completed_at is None or parse_utc(window.completed_at) < run.started_at:
        return False
    return table.run_item(window.replayed_as) > table.run_item(run.name)


def count_page(run: Run, page: int, chosen: int, windows: Iterable[WindowRecord]) -> Run:
    """Return a run after `windows`, which are those of a page that still exist, were counted."""
    counts = Counter(rebuild_status(window) for window in windows if was_built(run, window))
    pending = [number for number in run.pending if number != page]
    partial = {number: each for number, each in run.partial.items() if number != page}
    if counts.total() >= chosen:
        by_status = dict(Counter(run.by_status) + counts)
        after = msgspec.structs.replace(run, by_status=by_status, pending=pending, partial=partial)
    else:
        partial |= {page: dict(counts)} if counts else {}
        after = msgspec.structs.replace(run, pending=[*pending, page], partial=partial)
    return ended_if_done(after)


def ended_if_done(run: Run) -> Run:
    """Return a run as ended if all windows that could be sent have been built again."""
    is_done = run.state is State.BUILDING and run.done + run.gone >= run.windows
    if not is_done:
        return run
    by_status = run.statuses
    return msgspec.structs.replace(
        run, state=State.ENDED, by_status=by_status, pending=[], partial={}
    )


def changes_count(before: Run, after: Run) -> bool:
    """Return whether a run's figures or state differ."""
    return (before.statuses, before.state) != (after.statuses, after.state)


class WindowChange(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a run, before it and now."""

    window_id: str
    display_name: str
    image_count: int
    status_before: str
    images_before: int
    built: bool
    status: str
    images_ok: int
    kept_because: str | None


def changes_of(
    run: Run, chosen: Iterable[ChosenWindow], now: Mapping[str, WindowRecord]
) -> list[WindowChange]:
    """Return the windows of a page that still exist, before the run and now."""
    return [
        WindowChange(
            window_id=before.window_id,
            display_name=window.display_name or window.creator,
            image_count=window.image_count,
            status_before=before.status,
            images_before=before.images_ok,
            built=was_built(run, window),
            status=window.status,
            images_ok=window.images_ok,
            kept_because=window.kept_because,
        )
        for before in chosen
        if (window := now.get(before.window_id)) is not None
    ]
