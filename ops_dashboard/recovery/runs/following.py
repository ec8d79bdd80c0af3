"""Waits until the windows of a run are built again. Edge (clock, DynamoDB)."""

from __future__ import annotations

import time
from collections.abc import Callable

from ops_dashboard.recovery.replay_result import ReplayResult
from ops_dashboard.recovery.runs.counting import RunCounter
from ops_dashboard.recovery.runs.run import OVER, Run, State
from stream_ingest.contracts.errors import UserError

_POLL_S = 1.0


def follow(
    counter: RunCounter, run: Run, *, timeout_s: float, report: Callable[[int, int], None]
) -> ReplayResult:
    """Wait until every window of a run that was sent has been built again.

    Stops when no window has ended for `timeout_s`. `report` gets the number of windows that were
    built and their total. Raises `UserError` if somebody cancels the run.
    """
    last_end, done = time.monotonic(), run.done
    while True:
        run = counter.check(run)
        report(run.done, run.windows - run.gone)
        if run.state in OVER or time.monotonic() - last_end > timeout_s:
            break
        if run.done > done:
            last_end, done = time.monotonic(), run.done
        else:
            time.sleep(_POLL_S)
    if run.state is State.CANCELLED:
        msg = f"{run.name} was cancelled by {run.cancelled_by}: {run.done:,} windows were built"
        raise UserError(msg)
    return result_of(run)


def result_of(run: Run) -> ReplayResult:
    """Return the result of a run as commands print it."""
    total = run.windows - run.gone
    return ReplayResult(
        name=run.name, windows=total, by_status=run.statuses, waiting=total - run.done
    )
