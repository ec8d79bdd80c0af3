"""Metrics of the functions of photos. Pure."""

from __future__ import annotations

from stream_ingest.contracts.metric_model import Metric, Service, Unit, by_reason, count

_PHOTOS = (Service.PHOTOS,)

PHOTOS_RENDERED = count(
    "PhotosRendered", _PHOTOS, "photos whose renditions or rotations were stored"
)
PHOTOS_FAILED = by_reason(
    "PhotosFailed", _PHOTOS, "photos that cannot be rendered, in total and by reason", in_total=True
)
PHOTOS_SKIPPED = count("PhotosSkipped", _PHOTOS, "uploads that are no photos, such as videos")
PHOTOS_REMOVED = count("PhotosRemoved", _PHOTOS, "deleted photos whose outputs were removed")
PHOTOS_UNCHANGED = count(
    "PhotosUnchanged", _PHOTOS, "messages about photos that were as they should be"
)
PHOTO_DURATION = Metric(
    name="PhotoDuration",
    unit=Unit.MILLISECONDS,
    services=_PHOTOS,
    meaning="time from the receipt of a message to the stored outputs of its photo",
)
PHOTO_BYTES = Metric(
    name="PhotoBytes", unit=Unit.BYTES, services=_PHOTOS, meaning="sizes of the rendered originals"
)
INVALIDATIONS_FAILED = count(
    "InvalidationsFailed",
    _PHOTOS,
    "requests to CloudFront about removed outputs that failed; their messages are tried again",
)
PHOTOS_OVERDUE = count(
    "PhotosOverdue", _PHOTOS, "photos that a sweep announced or requested again, or failed to"
)
OLDEST_PHOTO_AGE = Metric(
    name="OldestPhotoAgeSeconds",
    unit=Unit.SECONDS,
    services=_PHOTOS,
    meaning="age of the oldest photo whose event or end is overdue; 0 if there is none",
)
_LINKS = (Service.LINKS,)
UPLOADS_SIGNED = count(
    "UploadsSigned", _LINKS, "files that were signed for holders of upload links"
)
UPLOADS_REFUSED = count(
    "UploadsRefused", _LINKS, "requests of holders of upload links that were refused"
)

PHOTO_METRICS: tuple[Metric, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric)
)
"""All of them, in the order of this module."""
