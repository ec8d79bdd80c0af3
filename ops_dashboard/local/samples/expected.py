"""The expected results of generated rows, derived from the generated data alone. Pure.

This module must not import pipeline code, because it is what the pipeline is compared with.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ops_dashboard.local.samples.cover_model import Cover


class ExpectedFigures(TypedDict):
    """The figures of ``summary.json`` that the generator knows."""

    rows_read: int
    rows_accepted: int
    refused: dict[str, int]
    windows: int
    collages: int
    images_ok: int
    images_failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCell:
    """The cell of one accepted row, and whether its image can be downloaded."""

    object_id: str
    identity: str  # bucket/object id
    creator_index: int
    number: int  # encoded in the swatch, with `creator_index`
    ok: bool  # False: the cell stays white


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedWindow:
    """One window of a creator, its cells row by row."""

    creator: str
    ordinal: int  # of the creator's windows, from 1
    cells: tuple[ExpectedCell, ...]

    @property
    def has_collage(self) -> bool:
        """Whether any image can be downloaded; otherwise the window fails and has no collage."""
        return any(cell.ok for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedBatch:
    """The expected results of one batch, pushed once into an empty pipeline and flushed."""

    rows_read: int
    refused: Mapping[str, int]  # by reason; reasons without a row are absent
    cells: Mapping[str, tuple[ExpectedCell, ...]]  # by creator name, in the order of acceptance
    images_per_window: int

    @property
    def rows_accepted(self) -> int:
        """Number of rows that end up in a window."""
        return sum(len(cells) for cells in self.cells.values())

    @property
    def images_failed(self) -> dict[str, int]:
        """Number of images that cannot be downloaded, by creator; zeros are left out."""
        failed = {name: sum(not cell.ok for cell in cells) for name, cells in self.cells.items()}
        return {name: count for name, count in failed.items() if count}

    def windows_of(self, creator: str) -> tuple[ExpectedWindow, ...]:
        """Return a creator's windows in order; the last one may have fewer cells."""
        cells, size = self.cells.get(creator, ()), self.images_per_window
        return tuple(
            ExpectedWindow(
                creator=creator, ordinal=start // size + 1, cells=cells[start : start + size]
            )
            for start in range(0, len(cells), size)
        )

    def windows(self) -> tuple[ExpectedWindow, ...]:
        """Return every creator's windows."""
        return tuple(window for creator in self.cells for window in self.windows_of(creator))

    def summary(self) -> ExpectedFigures:
        """Return the figures by their names in ``summary.json``."""
        windows, failed = self.windows(), sum(self.images_failed.values())
        return {
            "rows_read": self.rows_read,
            "rows_accepted": self.rows_accepted,
            "refused": dict(self.refused),
            "windows": len(windows),
            "collages": sum(window.has_collage for window in windows),
            "images_ok": self.rows_accepted - failed,
            "images_failed": failed,
        }


def expected_batch(
    outcomes: Iterable[tuple[str, str | Cover]], images_per_window: int = 35
) -> ExpectedBatch:
    """Return the expected results of rows, given as creator and cover or refusal, in order."""
    refused: Counter[str] = Counter()
    cells: dict[str, list[ExpectedCell]] = {}
    for creator, outcome in outcomes:
        if isinstance(outcome, str):
            refused[outcome] += 1
        else:
            cells.setdefault(creator, []).append(_cell(outcome))
    accepted = {creator: tuple(found) for creator, found in cells.items()}
    return ExpectedBatch(
        rows_read=refused.total() + sum(map(len, accepted.values())),
        refused=dict(sorted(refused.items())),
        cells=accepted,
        images_per_window=images_per_window,
    )


def _cell(cover: Cover) -> ExpectedCell:
    return ExpectedCell(
        object_id=cover.object_id,
        identity=cover.identity,
        creator_index=cover.creator_index,
        number=cover.number,
        ok=not cover.behaviour.fails,
    )
