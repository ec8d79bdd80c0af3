"""The outcome of a window's images, of its build and of its message, as data. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

import msgspec

from collage_lambda.download.recorded_response import RecordedResponse
from collage_lambda.image.arrangement import Arrangement, arrange
from collage_lambda.reasons import Failure, FailureReason
from collage_lambda.shares import Share
from stream_ingest.contracts.settings import CollageLayout
from stream_ingest.contracts.table import WindowStatus

if TYPE_CHECKING:  # ops_dashboard reads outcomes without Pillow
    from collage_lambda.image.compose import Canvas

Origin = Literal["download", "stored", "prefetched"]
"""Where an image's bytes are from: its URL, the originals of an earlier build, or a pack of
prefetched covers."""


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about an image that was decoded; width and height are the file's."""

    format: str
    width: int
    height: int
    bytes: int
    sha256: str
    origin: Origin


class CellOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one image: its `facts`, or the `failure` because of which it is not shown.

    It has both if the image was decoded but is not shown.
    """

    cell: int
    """The image's number in its window, which is its cell unless the layout packs images."""
    identity: str
    url: str
    """The URL whose bytes are shown; for an empty cell the image's first URL."""
    attempts: int = 0
    """Requests made for the image, over all its URLs."""
    bytes_downloaded: int = 0
    """Length of all complete bodies."""
    facts: ImageFacts | None = None
    failure: Failure | None = None


class Assembly(msgspec.Struct, kw_only=True):
    """A canvas with every image that could be decoded, and one outcome per image in their order."""

    layout: CollageLayout
    canvas: Canvas
    outcomes: list[CellOutcome]
    bytes_downloaded: int
    is_late: bool = False
    """Whether the window ran out of time, so that images are missing that may be available."""
    responses: dict[int, list[RecordedResponse]] = {}
    """Servers' responses by cell, for a batch in debug mode."""

    @property
    def shown(self) -> list[int]:
        """Numbers of the images that the collage shows."""
        return [outcome.cell for outcome in self.outcomes if outcome.failure is None]

    @property
    def images_ok(self) -> int:
        """Number of images that the collage shows."""
        return len(self.shown)

    @property
    def arrangement(self) -> Arrangement:
        """Where the collage shows them."""
        return arrange(self.layout, len(self.outcomes), self.shown)

    @property
    def sha256s(self) -> list[str]:
        """sha256 of the images that were decoded, in cell order."""
        return [outcome.facts.sha256 for outcome in self.outcomes if outcome.facts]

    @property
    def shown_sha256s(self) -> list[str]:
        """sha256 of the images that the collage shows, in cell order."""
        return [each.facts.sha256 for each in self.outcomes if each.facts and not each.failure]

    @property
    def repeated_sha256s(self) -> list[str]:
        """sha256 of the images that are not shown because the creator has them elsewhere."""
        return [
            each.facts.sha256
            for each in self.outcomes
            if each.facts and each.failure and each.failure.reason is FailureReason.SAME_BYTES
        ]

    @property
    def failures(self) -> dict[str, int]:
        """Number of empty cells by reason."""
        counts: dict[str, int] = {}
        for outcome in self.outcomes:
            if outcome.failure is not None:
                reason = str(outcome.failure.reason)
                counts[reason] = counts.get(reason, 0) + 1
        return counts


class BuildResult(msgspec.Struct, frozen=True, kw_only=True):
    """A built window that is not yet published; without any image its JPEGs are empty."""

    assembly: Assembly
    collage: bytes
    thumbnail: bytes
    originals_key: str | None
    share: Share | None = None
    """Where the originals are if not in an object of the window's own: not stored yet if this
    build has put them into a pack."""
    timings_ms: dict[str, int]
    scaler: str
    """What scaled its images (`image.scaling.scaler_name`)."""
    placeholder_suspects: list[str]
    """sha256 of images that the stack has now found at several creators."""

    @property
    def images_ok(self) -> int:
        """Number of cells that show their image."""
        return self.assembly.images_ok


class WindowEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes of a window's status item at its end; those that are None are removed."""

    status: WindowStatus
    images_ok: int
    images_failed: int
    failures: dict[str, int]
    completed_at: str
    duration_ms: int
    """What it took of its invocation, from the claim to the end."""
    bytes_downloaded: int = 0
    collage_bytes: int | None = None
    """Size of the collage."""
    collage_key: str | None = None
    thumbnail_key: str | None = None
    metadata_key: str | None = None
    originals_key: str | None = None
    collage_sha256: str | None = None
    error: str | None = None


class Ending(StrEnum):
    """How a message ended."""

    CREATED = "created"
    FAILED = "failed"
    KEPT = "kept"
    """A rebuild had fewer images than the published collage, which stayed."""
    ALREADY_DONE = "already_done"
    ERASED = "erased"
    """The window's creator was erased after it closed; nothing was built."""
    CANCELLED = "cancelled"
    """The replay or retry was cancelled; nothing was built."""


class WindowOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one message ended, with what was written and built."""

    ending: Ending
    end: WindowEnd | None = None
    build: BuildResult | None = None
