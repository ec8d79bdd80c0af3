"""All photos of a job, with what each needs: first by the bucket, then by the table. Edge.

The second part finds photos whose object is gone although their outputs are there: the event of
their deletion was lost.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ops_dashboard.photos.items import DECIDING, PhotoItems
from ops_dashboard.photos.jobs.bucket import Found, PhotoBucket
from ops_dashboard.photos.jobs.job import TABLE_BEGIN, Job, Position
from ops_dashboard.photos.jobs.needs import Need, is_to_remove, need_of
from rendition_lambda.photo_item import Photo
from rendition_lambda.places import is_too_long, place_of


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A photo, and the position of a job that has sent what it needs."""

    photo: str
    """Its name."""
    key: str
    """Key of its object."""
    need: Need
    position: Position


Page = list[Step]


class Walk:
    """Goes through a bucket and a table."""

    def __init__(self, bucket: PhotoBucket, items: PhotoItems, uploads: str) -> None:
        """Read `bucket` and `items`; `uploads` is the stack's bucket of uploads."""
        self._bucket, self._items, self._uploads = bucket, items, uploads

    def pages(self, job: Job) -> Iterator[tuple[Page, Position]]:
        """Yield the photos of a job from its position on, with the position after each page."""
        position = job.position
        if position.item is None:
            yield from self._objects(job, position.key)
            yield [], TABLE_BEGIN
        if not job.selection.again:
            after = position.item if position.item not in {None, TABLE_BEGIN.item} else None
            yield from self._leftovers(job, after)

    def _objects(self, job: Job, after: str) -> Iterator[tuple[Page, Position]]:
        for found in self._bucket.pages(job.selection.prefix, after):
            chosen = [each for each in found if job.selection.includes(each.key)]
            names = (each.original.photo for each in chosen)
            items = self._items.find((each for each in names if not is_too_long(each)), DECIDING)
            steps = [self._step(each, items.get(each.original.photo), job) for each in chosen]
            if found:
                after = found[-1].key
            yield steps, Position(key=after)

    @staticmethod
    def _step(found: Found, photo: Photo | None, job: Job) -> Step:
        return Step(
            photo=found.original.photo,
            key=found.key,
            need=need_of(found.key, found.original, photo, job.selection, job.name),
            position=Position(key=found.key),
        )

    def _leftovers(
        self, job: Job, after: tuple[str, str] | None
    ) -> Iterator[tuple[Page, Position]]:
        for photos in self._items.pages(job.selection.gallery, after, DECIDING):
            steps = self._gone(photos, job)
            if photos:
                after = photos[-1].gallery, photos[-1].photo
            yield steps, Position(item=after or TABLE_BEGIN.item)

    def _gone(self, photos: list[Photo], job: Job) -> Page:
        """Return the photos that have outputs and no object."""
        by_key = {}
        for photo in filter(is_to_remove, photos):
            place = place_of(photo.photo, self._uploads)
            if place.bucket == job.selection.bucket and job.selection.includes(place.key):
                by_key[place.key] = photo
        there = self._bucket.existing(list(by_key))
        return [
            Step(
                photo=photo.photo,
                key=key,
                need=Need.REMOVE,
                position=Position(item=(photo.gallery, photo.photo)),
            )
            for key, photo in by_key.items()
            if key not in there
        ]
