"""What became of a window's images, as data. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from collage_lambda.download.attempts import Exchange
from collage_lambda.reasons import Failure

if TYPE_CHECKING:  # ops_dashboard reads outcomes without Pillow
    from collage_lambda.image.compose import Canvas

Origin = Literal["download", "stored", "prefetched"]
"""Where an image's bytes are from: its URL, an earlier build of its window, or a pack in which they
were prefetched while the window was open."""


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an image that became a cell; width and height are as stored."""

    format: str
    width: int
    height: int
    bytes: int
    sha256: str
    origin: Origin


class CellOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one cell: `facts` of its image, or the `failure` for which it is empty.

    Both where the image was had and is not shown.
    """

    cell: int
    identity: str
    url: str
    """The URL whose bytes are shown; of an empty cell the image's first."""
    attempts: int = 0
    """Requests made for the image, over all its URLs."""
    facts: ImageFacts | None = None
    failure: Failure | None = None


class Assembly(msgspec.Struct, kw_only=True):
    """A canvas with every cell that could be had, and one outcome per image in cell order."""

    canvas: Canvas
    outcomes: list[CellOutcome]
    bytes_downloaded: int
    evidence: dict[int, list[Exchange]] = {}
    """By cell: what servers answered, for a batch that is being debugged."""

    @property
    def images_ok(self) -> int:
        """Number of cells that show their image."""
        return sum(outcome.failure is None for outcome in self.outcomes)

    @property
    def sha256s(self) -> list[str]:
        """What the images are that were had, in cell order."""
        return [outcome.facts.sha256 for outcome in self.outcomes if outcome.facts]

    @property
    def failures(self) -> dict[str, int]:
        """Number of empty cells by reason."""
        counts: dict[str, int] = {}
        for outcome in self.outcomes:
            if outcome.failure is not None:
                reason = str(outcome.failure.reason)
                counts[reason] = counts.get(reason, 0) + 1
        return counts
