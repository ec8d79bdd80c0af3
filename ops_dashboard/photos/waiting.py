"""Waits until photos have ended. Edge (DynamoDB, clock)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ops_dashboard.photos.items import PhotoItems
from ops_dashboard.printing.tables import counted, safe
from rendition_lambda.photo_item import Photo, PhotoStatus
from stream_ingest.cli.progress import show_progress
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import TransientError

PATIENCE_S = 900.0
"""Waiting ends when no photo has ended for this long."""
POLL_S = 2.0
ENDED = frozenset({PhotoStatus.ACTIVE, PhotoStatus.FAILED, PhotoStatus.SKIPPED})

IsEnd = Callable[[Photo], bool]
"""Whether a photo has ended with what is waited for."""


def wait_for(
    items: PhotoItems,
    ends: Mapping[str, IsEnd],
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> dict[str, Photo]:
    """Return the items of photos, by name, once all have ended; `clock` is monotonic.

    Raises `TransientError` if none has ended for `PATIENCE_S`.
    """
    ended: dict[str, Photo] = {}
    deadline_s = clock() + PATIENCE_S
    with show_progress("photos") as update:
        while True:
            before = len(ended)
            found = items.find((each for each in ends if each not in ended), consistent=True)
            ended |= {name: each for name, each in found.items() if _is_end(each, ends[name])}
            update(f"{len(ended):,} of {len(ends):,} have ended", len(ended), len(ends))
            if len(ended) == len(ends):
                return ended
            if len(ended) > before:
                deadline_s = clock() + PATIENCE_S
            if clock() >= deadline_s:
                left = counted(len(ends) - len(ended), "photo")
                msg = f"{left} without an end; none ended for {PATIENCE_S:.0f} s"
                raise TransientError(msg)
            sleep(POLL_S)


def _is_end(photo: Photo, is_end: IsEnd) -> bool:
    return photo.status in ENDED and photo.is_finished and is_end(photo)


def say_ends(ended: Mapping[str, Photo]) -> int:
    """Print how photos ended that were not rendered; return how many failed."""
    failed = 0
    for name, photo in sorted(ended.items()):
        if photo.status is PhotoStatus.FAILED:
            failed += 1
            detail = f" ({photo.detail})" if photo.detail else ""
            say(safe(f"{name}: failed: {photo.reason}{detail}"))
        elif photo.status is PhotoStatus.SKIPPED:
            say(safe(f"{name}: skipped, it is no photo"))
    return failed
