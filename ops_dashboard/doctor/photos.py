"""The check of photos: what is overdue, and whether outputs and items fit. Edge (network).

Queues, rule, mappings, schedule, function, buckets, table and alarms of photos are checked with
those of the rest, from the list of the stack's parts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

from ops_dashboard.doctor.deployed import Deployed, existing
from ops_dashboard.doctor.findings import Finding, Problem, judged, passed, wrong
from rendition_lambda.names import item_key_of
from rendition_lambda.photo_item import UNANNOUNCED, Photo, PhotoStatus
from rendition_lambda.reference import PhotoReferences
from rendition_lambda.repository import PhotoRepository
from rendition_lambda.sweeping.sweep import ANNOUNCE_AFTER_S, STUCK_AFTER_S
from stream_ingest.contracts.errors import NotFoundError
from stream_ingest.contracts.stack_outputs import PhotosOutputs

PREFIXES = ("renditions/", "processed/", "augmented-images/", "manifests/")
_SAMPLE = 25
"""Objects below each prefix that are compared with the table."""
_PHOTOS = 10
"""Photos of these whose other outputs are looked up, too."""
_LATE_S = 900
"""How much later than its sweep a photo may be settled: two sweeps may fail."""
_MAX_SHOWN = 3
_RENDER = "have them rendered again: ops-dashboard photos render --recipe RECIPE --gallery GALLERY"


def check_photos(stack: Deployed) -> Finding:
    """Find photos that nothing works on, outputs that no photo has, and outputs that are gone."""
    photos = stack.outputs.photos
    if photos is None:
        return passed("photos", "none are rendered (setting photos)")
    repository = PhotoRepository(stack.aws("dynamodb"), photos.table)
    if overdue := _overdue(repository):
        do = "see the errors of the rendition function: docs/operations/runbook.md#photos-stuck"
        return wrong("photos", overdue, do)
    owners, orphans = _owners(stack, photos, repository)
    problems = [Problem(f"no photo has the output {_shown(orphans)}")] if orphans else []
    if problems:
        bucket = photos.renditions_bucket
        return judged("photos", problems, "", f"remove them: aws s3 rm s3://{bucket}/KEY")
    gone = list(_gone(stack, photos, islice(owners.values(), _PHOTOS)))
    if gone:
        problems = [Problem(f"outputs are missing: {_shown(gone)}")]
    return judged("photos", problems, f"{len(owners)} sampled, as in the table", _RENDER)


def _overdue(repository: PhotoRepository) -> str:
    """Return which photos were not settled although sweeps should have done so."""
    now_s = time.time()
    limits = {UNANNOUNCED: ANNOUNCE_AFTER_S, str(PhotoStatus.PROCESSING): STUCK_AFTER_S}
    texts = []
    for value, after_s in limits.items():
        found = repository.find_open(value, before_s=now_s - after_s - _LATE_S)
        names = [each.photo for each in islice(found, _MAX_SHOWN + 1)]
        if names:
            texts.append(f"{value} for too long: {_shown(names)}")
    return "; ".join(texts)


def _owners(
    stack: Deployed, photos: PhotosOutputs, repository: PhotoRepository
) -> tuple[dict[str, Photo], list[str]]:
    """Return the photos of some objects by name, and the keys of those that no photo lists."""
    references = PhotoReferences(stack.aws("dynamodb"), photos)
    owners: dict[str, Photo] = {}
    orphans = []
    for key in _sample(stack, photos):
        try:
            name = references.resolve(f"s3://{photos.renditions_bucket}/{key}")
        except NotFoundError:
            orphans.append(key)
            continue
        if name not in owners:
            photo = repository.load(*item_key_of(name))
            if photo is None:
                orphans.append(key)
                continue
            owners[name] = photo
        if key not in owners[name].keys:
            orphans.append(key)
    return owners, orphans


def _sample(stack: Deployed, photos: PhotosOutputs) -> Iterator[str]:
    s3 = stack.aws("s3")
    for prefix in PREFIXES:
        page = existing(
            s3.list_objects_v2, Bucket=photos.renditions_bucket, Prefix=prefix, MaxKeys=_SAMPLE
        )
        yield from (each["Key"] for each in (page or {}).get("Contents", []))


def _gone(stack: Deployed, photos: PhotosOutputs, sampled: Iterator[Photo]) -> Iterator[str]:
    """Yield the keys of outputs that finished, active photos list and that do not exist."""
    s3, bucket = stack.aws("s3"), photos.renditions_bucket
    for photo in sampled:
        if photo.status is PhotoStatus.ACTIVE and photo.is_finished:
            for key in photo.keys:
                if existing(s3.head_object, Bucket=bucket, Key=key) is None:
                    yield key


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - _MAX_SHOWN:,} more" if len(names) > _MAX_SHOWN else ""
    return ", ".join(names[:_MAX_SHOWN]) + more
