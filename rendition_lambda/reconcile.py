"""One photo: its outputs become those of its current version and its recipe. Edge.

An event is only a hint that a key may have changed. Whatever it said, a photo is claimed, its
object is looked up, and the difference is made up (`photo_work`). So duplicates, late events and
events in any order lead to the same end.
"""

from __future__ import annotations

from collections.abc import Callable

from rendition_lambda import announcements, lifecycle, names
from rendition_lambda.lifecycle import Work, has_ended_in, work_for
from rendition_lambda.photo_item import Photo
from rendition_lambda.photo_work import Ending, Outcome, PhotoEdges, PhotoWork
from stream_ingest.contracts.errors import TransientError

LEASE_MARGIN_S = 30
"""How much longer a lease lasts than its invocation can."""
MIN_REMAINING_S = 20
"""Seconds of an invocation below which no photo is begun."""


class Reconciler:
    """Reconciles photos, one at a time."""

    def __init__(self, edges: PhotoEdges, clock: Callable[[], float]) -> None:
        """Work with the given edges; `clock` gives epoch seconds."""
        self._edges, self._photos, self._clock = edges, edges.photos, clock

    def reconcile(  # noqa: PLR0913 - one parameter for each fact of a message
        self,
        photo_name: str,
        *,
        owner: str,
        remaining_s: float,
        is_last: bool = False,
        again: bool = False,
        run: str = "",
    ) -> Outcome:
        """Bring a photo to its end; safe to repeat at any time.

        Raises `TransientError` (also `PhotoLeasedError`) if the message has to be delivered again.
        An `owner` must not be used for another call; `is_last` says that there is no next delivery.
        With `again`, what has ended with this version and recipe is rendered once more; if `run` is
        given, once for all calls with that run.
        """
        key = self._edges.uploads.place_of(photo_name).key
        if key.endswith("/"):
            return Outcome(ending=Ending.NOTHING)
        if remaining_s < MIN_REMAINING_S:
            msg = f"{key}: no time left in this invocation"
            raise TransientError(msg)
        recipe = self._edges.recipe_of(key)
        gallery = names.gallery_of(key, recipe)
        photo = self._photos.load(gallery, photo_name)
        if photo is not None and photo.is_finished:
            photo = self._announce(photo, owner)
        original = self._edges.uploads.find(photo_name)
        again = again and not has_ended_in(photo, run)
        if work_for(photo, original, recipe, again=again) is Work.NOTHING:
            return Outcome(ending=Ending.NOTHING, photo=photo)
        claimed = lifecycle.claim(
            photo,
            gallery=gallery,
            key=photo_name,
            uploaded_at=original.uploaded_at if original else "",
            owner=owner,
            now_s=self._clock(),
            lease_s=remaining_s + LEASE_MARGIN_S,
            run=run,
            last_try=lifecycle.last_try(original, recipe) if is_last else None,
        )
        if is_last:
            given_up = announcements.crashed(claimed, original, recipe)
            claimed = lifecycle.announce(claimed, given_up)
        self._photos.save(claimed)
        return PhotoWork(self._edges, claimed, original, recipe, self._clock).work()

    def _announce(self, photo: Photo, owner: str) -> Photo:
        """Put a photo's event on the bus, if it has one, and return the photo without it."""
        if photo.outbox is None:
            return photo
        self._edges.bus.put(photo.outbox)
        announced = lifecycle.announced(photo, owner, self._clock())
        self._photos.save(announced)
        return announced
