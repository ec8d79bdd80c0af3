"""What a job sends: which photos need work, by their objects and items. Pure.

The work itself is decided by `rendition_lambda.lifecycle`, here as in the function. So whatever is
sent once too often is found to be done there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from rendition_lambda.lifecycle import Work, has_ended_in, is_hopeless, work_for
from rendition_lambda.names import gallery_of
from rendition_lambda.original import Original
from rendition_lambda.photo_item import Photo
from rendition_lambda.places import is_too_long
from rendition_lambda.recipe import recipe_of


class Need(StrEnum):
    """What becomes of one photo."""

    RENDER = "render"
    """Its outputs are missing, or those of another version or recipe."""
    RECORD = "record"
    """It is to be recorded as skipped or as too large."""
    REMOVE = "remove"
    """Its object is gone, and its outputs are still there."""
    AGAIN = "again"
    """It is as it should be, and is rendered again on request."""
    RETRY = "retry"
    """It has failed for good, and is tried again on request."""
    DONE = "done"
    HOPELESS = "hopeless"
    """It has failed for good."""
    TOO_LONG = "too_long"
    """Its name does not fit into the key of an item."""


Counts = Mapping[tuple[str, Need], int]
"""Number of photos by recipe and need."""
SENT = frozenset({Need.RENDER, Need.RECORD, Need.REMOVE, Need.AGAIN, Need.RETRY})
"""Needs for which a message is sent."""
RENDERED = frozenset({Need.RENDER, Need.AGAIN, Need.RETRY})
ON_REQUEST = frozenset({Need.AGAIN, Need.RETRY})
"""Needs of photos that have ended with their version and recipe."""


class Selection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which photos a job is about."""

    bucket: str
    """Bucket of the originals."""
    prefix: str = ""
    """Beginning of their keys."""
    recipe: str = ""
    """Name of their recipe; empty for all."""
    again: bool = False
    """Whether those that are done are rendered again."""
    failed: bool = False
    """Whether those that have failed for good are tried again."""

    def includes(self, key: str) -> bool:
        """Return whether an object is one of them."""
        if not key.startswith(self.prefix) or key.endswith("/"):
            return False
        recipe = recipe_of(key)
        return not self.recipe or (recipe is not None and recipe.name == self.recipe)

    @property
    def gallery(self) -> str | None:
        """Return the gallery of all of them if the prefix determines it."""
        if "/" not in self.prefix:
            return None
        return gallery_of(self.prefix, recipe_of(f"{self.prefix}x"))


def need_of(
    key: str, original: Original, photo: Photo | None, selection: Selection, run: str
) -> Need:
    """Return what an object needs, given the item of its photo, in a job with a name."""
    if is_too_long(original.photo):
        return Need.TOO_LONG
    recipe = recipe_of(key)
    if photo is not None and is_hopeless(photo, original, recipe):
        if not selection.failed:
            return Need.HOPELESS
        return Need.DONE if has_ended_in(photo, run) else Need.RETRY
    if work := _NEEDS.get(work_for(photo, original, recipe)):
        return work
    again = selection.again and not has_ended_in(photo, run)
    renders = again and work_for(photo, original, recipe, again=True) is Work.RENDER
    return Need.AGAIN if renders else Need.DONE


_NEEDS = {Work.RENDER: Need.RENDER, Work.REFUSE: Need.RECORD, Work.SKIP: Need.RECORD}


def is_to_remove(photo: Photo) -> bool:
    """Return whether a photo, whose object is gone, has to be removed."""
    return work_for(photo, None, None) is Work.REMOVE
