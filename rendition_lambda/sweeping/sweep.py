"""The sweep: no photo waits for somebody else's message. Edge.

Every few minutes a schedule invokes the function for it. It queries the index of photos that are
not as they should stay, and

- puts the events on the bus whose writer died before it could, also of those that killed the
  function at each receipt;
- requests photos again that have been processed for longer than their message can be delivered;
- requests, once or twice, photos whose upload was signed an hour ago: if S3's event was lost, the
  upload is found, and else nothing changes.

Each is safe to repeat. One sweep may die at any call, and several may run at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile

import msgspec

from rendition_lambda import lifecycle
from rendition_lambda.announcements import PhotoBus
from rendition_lambda.messages import PhotoHint, request_of
from rendition_lambda.photo_item import UNANNOUNCED, PhotoStatus
from rendition_lambda.repository import OpenPhoto, PhotoChangedError, PhotoRepository
from rendition_lambda.sweeping.queue import RequestQueue
from stream_ingest.contracts.errors import CoverstreamError

SWEEP = "sweep"
"""Key of the schedule's event, ``{"sweep": true}``."""
ANNOUNCE_AFTER_S = 180
"""Age of an event that its writer will not put on the bus any more."""
STUCK_AFTER_S = 1_800
"""Age of a claim whose message is lost: a message is received again after 12 minutes."""
EXPECTED_AFTER_S, EXPECTED_FOR_S = 3_600, 600
"""Age at which a signed upload is looked up, and for how long: that of two sweeps."""
MAX_PHOTOS = 2_000
"""Photos of one sweep; the next one continues."""
MIN_REMAINING_S = 15


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What one sweep did."""

    announced: int = 0
    requested: int = 0
    expected: int = 0
    """Photos that were requested because their upload was signed and no event came."""
    errors: tuple[str, ...] = ()
    """Why photos were left as they are, one line each."""
    oldest_age_s: int = 0
    """Age of the oldest photo that waited for its event or its end; 0 if there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepEdges:
    """What a sweep reads and writes."""

    photos: PhotoRepository
    bus: PhotoBus
    requests: RequestQueue
    uploads_bucket: str


class PhotoSweep:
    """Sweeps the photos of a stack."""

    def __init__(self, edges: SweepEdges, clock: Callable[[], float]) -> None:
        """Sweep with the given edges; `clock` gives epoch seconds."""
        self._edges, self._clock = edges, clock

    def run(self, owner: str, remaining_s: Callable[[], float]) -> Swept:
        """Sweep until nothing is overdue, or `remaining_s` is short; `owner` is only for this."""
        done, errors, oldest_s = Counter[str](), list[str](), self._clock()
        for due in self._overdue():
            if remaining_s() < MIN_REMAINING_S or done.total() >= MAX_PHOTOS:
                break
            try:
                is_done = self._settle(due, owner)
            except CoverstreamError as error:  # the others need not wait for it
                is_done = True
                errors.append(f"{due.photo}: {error}")
            else:
                done[due.open] += is_done
            if is_done and due.open != PhotoStatus.PENDING:
                oldest_s = min(oldest_s, due.since_s)
        return Swept(
            announced=done[UNANNOUNCED],
            requested=done[PhotoStatus.PROCESSING],
            expected=done[PhotoStatus.PENDING],
            errors=tuple(errors),
            oldest_age_s=int(self._clock() - oldest_s),
        )

    def _settle(self, due: OpenPhoto, owner: str) -> bool:
        """Announce a photo or request it; return False if there is no need to."""
        if due.open == UNANNOUNCED:
            return self._announce(due, owner)
        self._request(due.photo)
        return True

    def _overdue(self) -> Iterator[OpenPhoto]:
        now_s, find = self._clock(), self._edges.photos.find_open
        yield from find(UNANNOUNCED, before_s=now_s - ANNOUNCE_AFTER_S)
        yield from find(PhotoStatus.PROCESSING, before_s=now_s - STUCK_AFTER_S)
        expected_s = now_s - EXPECTED_AFTER_S
        yield from takewhile(
            lambda due: due.since_s >= expected_s - EXPECTED_FOR_S,
            find(PhotoStatus.PENDING, before_s=expected_s, newest_first=True),
        )

    def _announce(self, due: OpenPhoto, owner: str) -> bool:
        """Put a photo's event on the bus; return False if another has, or still works on it."""
        photo = self._edges.photos.load(due.gallery, due.photo)
        if photo is None or photo.outbox is None or photo.lease_until > self._clock():
            return False
        self._edges.bus.put(photo.outbox)
        try:
            self._edges.photos.save(lifecycle.announced(photo, owner, self._clock()))
        except PhotoChangedError:  # whoever wrote it since has announced it, or begun again
            return False
        return True

    def _request(self, photo: str) -> None:
        request = request_of(PhotoHint(key=photo), self._edges.uploads_bucket)
        self._edges.requests.send(request)
