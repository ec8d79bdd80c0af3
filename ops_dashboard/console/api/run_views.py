"""What the pages show of a run, and what they ask for. Edge (of the API)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ops_dashboard.recovery.runs.choosing import Order
from ops_dashboard.recovery.runs.run import OVER, Kind, Run, State, shown_state
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.timerange import parse_moment


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


def order_of(wanted: RunRequest, now: datetime) -> Order:
    """Return the order of a request; raises `UserError` if it names nothing or an empty range."""
    since = parse_moment(wanted.since, now) if wanted.since else None
    until = min(parse_moment(wanted.to, now), now) if wanted.to else now
    if since is None and not (wanted.retry or wanted.windows or wanted.creators):
        msg = "name what to replay: creators, or a range with a start"
        raise UserError(msg)
    if since is not None and since >= until:
        msg = "the range ends before it begins"
        raise UserError(msg)
    return Order(
        kind=Kind.RETRY if wanted.retry else Kind.REPLAY,
        windows=tuple(wanted.windows),
        creators=tuple(wanted.creators),
        batch=wanted.batch,
        since=since,
        until=until,
    )


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A replay or a retry, as the pages show it."""

    name: str
    kind: Kind
    about: str
    batch_id: str
    """Of a retry of one batch; else empty."""
    owner: str
    state: State
    started_at: datetime
    updated_at: datetime
    windows: int
    sent: int
    done: int
    by_status: dict[str, int]
    gone: int
    warning: str
    cancelled_by: str
    can_cancel: bool
    can_resume: bool


def run_view(run: Run, now: datetime) -> RunView:
    """Return what the pages show of a replay or a retry."""
    state = shown_state(run, now)
    return RunView(
        name=run.name,
        kind=run.kind,
        about=run.about,
        batch_id=run.batch_id,
        owner=run.owner,
        state=state,
        started_at=run.started_at,
        updated_at=run.updated_at,
        windows=run.windows,
        sent=run.sent,
        done=run.done,
        by_status=run.statuses,
        gone=run.gone,
        warning=run.warning,
        cancelled_by=run.cancelled_by,
        can_cancel=state not in OVER,
        can_resume=state is State.INTERRUPTED and run.state is State.SENDING,
    )
