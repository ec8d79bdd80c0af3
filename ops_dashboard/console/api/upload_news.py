"""Tells other consoles about the uploads of this one. Edge (asyncio, DynamoDB by its parts)."""

from __future__ import annotations

import asyncio
import logging

from botocore.exceptions import BotoCoreError, ClientError

from ops_dashboard.console.api.json_api import in_thread
from ops_dashboard.console.api.upload_folder import RECEIVING, SENDING, Upload
from ops_dashboard.recovery.runs.run import HEARTBEAT_S, State
from ops_dashboard.recovery.runs.upload_runs import UploadRuns, UploadView
from stream_ingest.contracts.errors import CoverstreamError

_OPEN = frozenset({RECEIVING, SENDING})
_LOG = logging.getLogger(__name__)


class UploadNews:
    """Writes uploads to the table when they move on, and regularly until they have ended."""

    def __init__(self, runs: UploadRuns | None) -> None:
        """Write with `runs`; without it, other consoles show nothing of this one's uploads."""
        self._runs, self._lock = runs, asyncio.Lock()
        self._open: dict[str, Upload] = {}
        self._heart: asyncio.Task[None] | None = None

    async def newest(self, limit: int) -> list[UploadView]:
        """Return the newest uploads of all consoles."""
        if self._runs is None:
            return []
        async with self._lock:
            return await in_thread(self._runs.newest, limit)

    async def record(self, upload: Upload) -> None:
        """Write how an upload is; its push does not depend on that."""
        if upload.state in _OPEN:
            self._open[upload.batch_id] = upload
            self._heart = self._heart or asyncio.create_task(self._beat())
        else:
            self._open.pop(upload.batch_id, None)
        async with self._lock:
            await self._write(upload)

    async def finish(self) -> None:
        """Stop writing."""
        if self._heart is not None:
            self._heart.cancel()
            await asyncio.gather(self._heart, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            for upload in list(self._open.values()):
                async with self._lock:
                    if self._open.get(upload.batch_id) is upload:  # it has not moved on meanwhile
                        await self._write(upload)

    async def _write(self, upload: Upload) -> None:
        if self._runs is None:
            return
        state, error = State(upload.state), upload.error or ""
        try:
            await in_thread(
                self._runs.record, upload.batch_id, upload.name, upload.bytes, state, error
            )
        except (CoverstreamError, ClientError, BotoCoreError) as problem:
            _LOG.warning("upload %s is not shown elsewhere: %s", upload.batch_id, problem)
