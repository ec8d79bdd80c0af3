"""``ops-dashboard photos list``. Edge (terminal, DynamoDB)."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, islice

import msgspec

from ops_dashboard.photos.items import PhotoItems
from ops_dashboard.photos.stack import PhotoStack
from ops_dashboard.printing.colours import status_text
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_table
from rendition_lambda.photo_item import UNANNOUNCED, Photo, PhotoStatus, to_item
from stream_ingest.batches.results.sheet import safe_cell
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import UserError

COLUMNS = (
    *("photo", "gallery", "status", "reason", "detail", "format", "width", "height", "bytes"),
    *("recipe", "version", "stem", "uploaded_at", "processed_at", "updated_at"),
)
"""Columns of the CSV."""
SHOWN = ("photo", "status", "reason", "format", "width", "height", "bytes", "updated_at")
"""Columns of the table."""
STATUSES = (*map(str, PhotoStatus), UNANNOUNCED)
_INDEXED = frozenset({"pending", "processing", "failed", UNANNOUNCED})
"""Statuses of the sparse index."""
_PAGE = 100


def photos_of(items: PhotoItems, gallery: str | None, status: str | None) -> Iterator[Photo]:
    """Yield the photos of a gallery, in a status, or all, by the index that has the fewest."""
    if status in _INDEXED and status is not None:
        # A photo that failed and is not announced yet is below the latter.
        names = chain.from_iterable(map(items.open_photos, dict.fromkeys((status, UNANNOUNCED))))
        found: Iterable[Photo] = _read(items, names)
    elif gallery is not None:
        found = _read(items, items.of_gallery(gallery))
    else:
        found = (photo for page in items.pages(None, None) for photo in page)
    for photo in found:
        if gallery in {None, photo.gallery} and status in {None, photo.open, str(photo.status)}:
            yield photo


def _read(items: PhotoItems, names: Iterator[str]) -> Iterator[Photo]:
    """Yield the items of names, in their order."""
    while group := list(islice(names, _PAGE)):
        found = items.find(group)
        yield from (found[name] for name in group if name in found)


class PhotoFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which photos to list; None means any."""

    gallery: str | None = None
    status: str | None = None
    since: datetime | None = None
    """When it was uploaded: at this time or later, …"""
    until: datetime | None = None
    """… and before this time."""

    def is_in_range(self, photo: Photo) -> bool:
        """Return whether a photo was uploaded in the range of time."""
        if self.since is None and self.until is None:
            return True
        if not photo.uploaded_at:
            return False
        uploaded_at = datetime.fromisoformat(photo.uploaded_at)
        return (self.since is None or uploaded_at >= self.since) and (
            self.until is None or uploaded_at < self.until
        )


def list_photos(stack: str, wanted: PhotoFilter, *, limit: int, json: bool, as_csv: bool) -> None:
    """Print photos, those of a gallery newest first; raises `UserError` for an unknown status."""
    if wanted.status is not None and wanted.status not in STATUSES:
        msg = f"--status {wanted.status!r} is none of {', '.join(STATUSES)}"
        raise UserError(msg)
    if json and as_csv:
        msg = "give --json or --csv, not both"
        raise UserError(msg)
    opened = PhotoStack.open(stack)
    outputs = opened.outputs
    items = PhotoItems(opened.dynamodb, outputs.table)
    found = filter(wanted.is_in_range, photos_of(items, wanted.gallery, wanted.status))
    chosen = islice(found, limit) if limit else found
    if json:
        print_json([to_item(photo) for photo in chosen])
    elif as_csv:
        _print_csv(chosen)
    else:
        _print_table(list(chosen))
    if next(found, None) is not None:
        say(f"the first {limit:,}: --limit 0 lists all of them")


def _print_table(photos: list[Photo]) -> None:
    if not photos:
        say("no photos")
        return
    rows = [[_shown(photo, name) for name in SHOWN] for photo in photos]
    columns = [name.replace("_", " ") for name in SHOWN]
    print_table(table_of(columns, rows, spare=("width", "height", "bytes", "format", "updated at")))


def _shown(photo: Photo, name: str) -> object:
    if name == "reason" and photo.detail:
        return f"{photo.reason}: {photo.detail}"
    if name == "status":
        return status_text(str(photo.status))
    return getattr(photo, name) or None


def _print_csv(photos: Iterable[Photo]) -> None:
    """Print RFC 4180 without formulas (`sheet`)."""
    sheet = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL)
    sheet.writerow(COLUMNS)
    for photo in photos:
        values = ("" if (value := getattr(photo, name)) is None else value for name in COLUMNS)
        sheet.writerow(safe_cell(str(value)) for value in values)
