"""Runs about two creators, for the tests of erasure."""

from __future__ import annotations

from datetime import datetime

from ops_dashboard.recovery.replay import replay_name
from ops_dashboard.recovery.runs.run import ChosenWindow, Kind, Run, State
from ops_dashboard.recovery.runs.store import RunStore


def store_runs(store: RunStore, now: datetime, creators: tuple[str, str]) -> None:
    """Store a retry of the first one's window, which has ended, and a replay of both."""
    first = creators[0]
    for kind, about, state, names in (
        (Kind.RETRY, f"failed downloads of {first}:000001", State.ENDED, (first,)),
        (Kind.REPLAY, "2 creators", State.BUILDING, creators),
    ):
        windows = [
            ChosenWindow(window_id=f"{name}:000001", status="completed", images_ok=2)
            for name in names
        ]
        run = Run(
            name=replay_name(kind, now),
            kind=kind,
            about=about,
            owner="ana@laptop",
            state=state,
            started_at=now,
            updated_at=now,
            windows=len(windows),
            sent=len(windows),
            pending=[0],
        )
        store.save_page(run.name, 0, windows)
        store.save(run)
