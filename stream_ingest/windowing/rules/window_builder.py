"""An open window while the fold adds rows to it. Pure."""

from __future__ import annotations

from stream_ingest.contracts.identity import expires_at
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.rows import CoverRow
from stream_ingest.windowing.rules.state import OpenImage, OpenWindow


class WindowBuilder:
    """An open window while rows are added to it; mutable, so that adding a row copies nothing."""

    __slots__ = (
        "_identities",
        "bound",
        "ending",
        "expires_at",
        "header",
        "idle_s",
        "images",
        "requested_at",
        "window",
    )

    def __init__(self, window: OpenWindow | None) -> None:
        """Start from an open window, or from an empty one if `window` is None."""
        self.window = window
        self.images = list(window.images) if window else []
        self.idle_s = window.idle_s if window else None
        self.ending = list(window.ending) if window else []
        self.expires_at = window.expires_at if window else None
        self.requested_at = window.requested_at if window else None
        self.bound = window.bound if window else 0
        self.header: BatchHeader | None = None
        self._identities: set[str] | None = None

    def has(self, identity: str) -> bool:
        """Return whether the window contains an image. Builds its index on the first call."""
        if self._identities is None:
            self._identities = {image.known_as for image in self.images}
        return identity in self._identities

    def close_at_end_of(self, batch: BatchHeader) -> None:
        """Close the window when `batch` ends, if the batch is set to flush at its end."""
        if batch.settings.flush.kind == "batch-end" and batch.batch_id not in self.ending:
            self.ending.append(batch.batch_id)

    def add(self, row: CoverRow, batch: BatchHeader, bound: int) -> None:
        """Add a row of `batch` that occupies at most `bound` bytes of the state."""
        if self.bound is not None:
            self.bound += bound
        self.images.append(OpenImage(row.url, row.created_at_ms, row.fallbacks, row.identity))
        if self._identities is not None:
            self._identities.add(row.identity)
        expires = expires_at(row.url)
        if expires is not None and (self.expires_at is None or expires < self.expires_at):
            self.expires_at = expires
        if batch is not self.header:
            self._apply_flush(batch)

    def _apply_flush(self, batch: BatchHeader) -> None:
        """Apply the flush setting of the latest row's batch; the shortest idle time wins."""
        self.header = batch
        flush = batch.settings.flush
        if flush.kind != "never":
            self.idle_s = min(flush.idle_s, self.idle_s or flush.idle_s)
        self.close_at_end_of(batch)

    def build(self, header: BatchHeader, now_s: int) -> OpenWindow:
        """Return the window with all rows added; the latest of them belongs to `header`."""
        return OpenWindow(
            settings=header.settings,
            batch_id=header.batch_id,
            trigger=header.trigger,
            touched_at=now_s,
            images=tuple(self.images),
            idle_s=self.idle_s,
            ending=tuple(self.ending),
            expires_at=self.expires_at,
            requested_at=self.requested_at,
            bound=self.bound,
        )
