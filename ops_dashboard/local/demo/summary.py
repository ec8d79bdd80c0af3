"""The demo's figures by batch and in total: ``summary.json``, and the printed table. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from rich.table import Table

from ops_dashboard.local.demo.batches import DemoBatch
from ops_dashboard.local.demo.photo_check import FoundPhoto
from ops_dashboard.printing.tables import table_of


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The results of some rows."""

    rows_read: int
    rows_accepted: int
    refused: dict[str, int]
    windows: int
    collages: int
    images_ok: int
    images_failed: int


class BatchFigures(Figures, frozen=True, kw_only=True):
    """The results and the settings of one batch."""

    input_name: str
    batch_id: str
    trigger: str
    grid: str
    cell_px: int
    background: str


class PhotoFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The results of the photos."""

    uploaded: int
    outputs: int
    """Renditions and rotations."""
    failed: dict[str, int]
    """By reason."""
    skipped: int


class DemoSummary(Figures, frozen=True, kw_only=True):
    """The results of all batches in total, of each, and of the photos."""

    seconds: float
    batches: list[BatchFigures]
    photos: PhotoFigures


_COUNTS = ("rows_read", "rows_accepted", "windows", "collages", "images_ok", "images_failed")
_ROW_COUNTS = 2  # the first of these; the table lists refused rows after them


def figures_of(batch: DemoBatch, status: Mapping[str, object]) -> BatchFigures:
    """Return the actual figures of a batch from its status."""
    settings = {
        "input_name": batch.input_name,
        "grid": batch.grid,
        "cell_px": batch.layout.cell_px,
        "background": batch.layout.background,
    }
    return msgspec.convert({**status, **settings}, type=BatchFigures)


def photo_figures(photos: Iterable[FoundPhoto]) -> PhotoFigures:
    """Return the actual figures of the photos."""
    items = [(photo.item, photo.outputs) for photo in photos]
    statuses = Counter(item["status"] for item, _ in items)
    reasons = Counter(item["reason"] for item, _ in items if item["status"] == "failed")
    return PhotoFigures(
        uploaded=len(items),
        outputs=sum(len(outputs) for _, outputs in items),
        failed=dict(sorted(reasons.items())),
        skipped=statuses["skipped"],
    )


def photos_line(photos: PhotoFigures) -> str:
    """Return the photos' figures as one line of text."""
    failed = ", ".join(f"{count} {reason}" for reason, count in photos.failed.items())
    return (
        f"Photos: {photos.uploaded} uploads became {photos.outputs} renditions and rotations; "
        f"{sum(photos.failed.values())} failed as they should ({failed}), {photos.skipped} is no "
        "photo."
    )


def summarise(batches: Sequence[BatchFigures], photos: PhotoFigures, seconds: float) -> DemoSummary:
    """Return the figures of all batches; `seconds` is the duration of the whole demo."""
    refused: Counter[str] = Counter()
    for batch in batches:
        refused.update(batch.refused)
    counts = {name: sum(getattr(batch, name) for batch in batches) for name in _COUNTS}
    return DemoSummary(
        **counts,
        refused=dict(sorted(refused.items())),
        seconds=seconds,
        batches=list(batches),
        photos=photos,
    )


def summary_table(summary: DemoSummary) -> Table:
    """Return a table with a column for each batch, at most 80 characters wide."""
    batches, every = summary.batches, [*summary.batches, summary]
    none = [None] * len(batches)
    counts = [(name.replace("_", " "), *(getattr(e, name) for e in every)) for name in _COUNTS]
    refused = [
        (f"refused: {reason}", *(each.refused.get(reason, 0) for each in every))
        for reason in summary.refused
    ]
    rows: list[Sequence[object]] = [
        ("trigger", *(batch.trigger for batch in batches), None),
        ("grid", *(batch.grid for batch in batches), None),
        ("cell in pixels", *(batch.cell_px for batch in batches), None),
        *counts[:_ROW_COUNTS],
        *refused,
        *counts[_ROW_COUNTS:],
        ("seconds", *none, summary.seconds),
    ]
    return table_of(("figure", *(batch.input_name for batch in batches), "all"), rows)
