"""``ops-dashboard photos retry``. Edge: the composition root."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

import msgspec

from ops_dashboard.photos.items import PhotoItems
from ops_dashboard.photos.jobs.command import sender_of
from ops_dashboard.photos.listing import photos_of
from ops_dashboard.photos.stack import PhotoStack
from ops_dashboard.photos.waiting import say_ends, wait_for
from ops_dashboard.printing.tables import counted, table_of
from ops_dashboard.printing.terminal import confirm, print_json, print_table
from rendition_lambda.messages import PhotoHint, request_of
from rendition_lambda.photo_item import Photo, PhotoStatus
from rendition_lambda.reasons import PhotoFailure
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import NotFoundError, PermanentError, UserError

RATE = 200.0
_SHOWN = 5


class RetryReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a retry; `ended` has the photos that were waited for, by name."""

    run: str
    sent: int
    ended: dict[str, str] = {}
    """Their statuses, or the reasons for which they failed again."""


class Retry:
    """Sends photos of one stack that failed to be rendered again."""

    def __init__(self, stack: str) -> None:
        """Look up the stack; raises `UserError` if it is not deployed or renders no photos."""
        self._stack = PhotoStack.open(stack)
        outputs = self._stack.outputs
        self._items = PhotoItems(self._stack.dynamodb, outputs.table)

    def run(
        self, names: Collection[str], reason: str | None, *, yes: bool, wait: bool, json: bool
    ) -> None:
        """Retry photos by name, those of a reason, or all; asks first unless they are named."""
        photos = self._named(names) if names else self._failed(reason)
        run = f"retry-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
        if not photos:
            say("no photo has failed" + (f" with {reason}" if reason else ""))
        elif not names and not yes:
            reasons = Counter(photo.reason for photo in photos)
            print_table(table_of(("reason", "photos"), sorted(reasons.items())))
            confirm(f"render {counted(len(photos), 'photo')} again?", "nothing was sent")
        uploads = self._stack.outputs.uploads_bucket
        hints = [PhotoHint(key=photo.photo, again=True, run=run) for photo in photos]
        sender_of(self._stack, RATE).send([request_of(hint, uploads) for hint in hints])
        if photos:
            say(f"{run}: {counted(len(photos), 'photo')} sent to be rendered again")
        ended = self._wait(photos, run) if wait and photos else {}
        if json:
            ends = {name: photo.reason or str(photo.status) for name, photo in ended.items()}
            print_json(RetryReport(run=run, sent=len(photos), ended=ends))
        if failed := say_ends(ended):
            msg = f"{failed:,} of {len(ended):,} photos failed"
            raise PermanentError(msg)

    def _named(self, names: Collection[str]) -> list[Photo]:
        """Return named photos; raises `UserError` if one does not exist or has not failed."""
        found = self._items.find(names, consistent=True)
        if missing := [name for name in names if name not in found]:
            msg = f"no photo {_some(missing)}; `ops-dashboard photos list` lists them"
            raise NotFoundError(msg)
        photos = [found[name] for name in dict.fromkeys(names)]
        if others := [each.photo for each in photos if each.status is not PhotoStatus.FAILED]:
            msg = f"{_some(others)} has not failed; `ops-dashboard photos render` renders others"
            raise UserError(msg)
        return photos

    def _failed(self, reason: str | None) -> list[Photo]:
        if reason is not None and reason not in list(PhotoFailure):
            msg = f"--reason {reason!r} is none of {', '.join(PhotoFailure)}"
            raise UserError(msg)
        found = photos_of(self._items, None, str(PhotoStatus.FAILED))
        return [photo for photo in found if reason in {None, photo.reason}]

    def _wait(self, photos: Iterable[Photo], run: str) -> dict[str, Photo]:
        ends = {photo.photo: lambda now: now.run == run for photo in photos}
        return wait_for(self._items, ends, clock=time.monotonic, sleep=time.sleep)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + more
