"""Uploads of consoles, as every console shows them. Edge (DynamoDB, by its parts).

A console writes each of its uploads whenever it moves on, and every `HEARTBEAT_S` until then. If it
is stopped, others show the upload as interrupted. The file and what is needed to continue its push
stay on the machine of that console.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from ops_dashboard.recovery.replay import replay_name
from ops_dashboard.recovery.runs.run import Kind, Run, State, shown_state
from ops_dashboard.recovery.runs.store import RunStore

_LISTED = 60


class UploadView(msgspec.Struct, frozen=True, kw_only=True):
    """An upload of any console."""

    batch_id: str
    name: str
    bytes: int
    state: State
    error: str
    owner: str
    started_at: datetime


class UploadRuns:
    """Writes the uploads of one console, and lists those of all. Call one method at a time."""

    def __init__(self, store: RunStore, owner: str, now: Callable[[], datetime]) -> None:
        """Write as `owner`."""
        self._store, self._owner, self._now = store, owner, now
        self._runs: dict[str, Run] = {}

    def record(self, batch_id: str, name: str, size: int, state: State, error: str = "") -> None:
        """Write how an upload of this console is now."""
        now = self._now()
        run = self._runs.get(batch_id) or Run(
            name=replay_name(Kind.UPLOAD, now),
            kind=Kind.UPLOAD,
            about=name,
            owner=self._owner,
            state=state,
            started_at=now,
            updated_at=now,
            batch_id=batch_id,
        )
        self._runs[batch_id] = self._store.save(replace(run, state=state, bytes=size, error=error))

    def newest(self, limit: int) -> list[UploadView]:
        """Return the newest uploads of all consoles, the newest first; costs one request."""
        now = self._now()
        uploads = [run for run in self._store.newest(_LISTED) if run.kind is Kind.UPLOAD]
        return [
            UploadView(
                batch_id=run.batch_id,
                name=run.about,
                bytes=run.bytes,
                state=shown_state(run, now),
                error=run.error,
                owner=run.owner,
                started_at=run.started_at,
            )
            for run in uploads[:limit]
        ]
