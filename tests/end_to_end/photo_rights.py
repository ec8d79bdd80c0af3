"""Every right of the roles of photos and upload links, and the use that shows what it is for."""

from __future__ import annotations

from collections.abc import Callable

from tests.end_to_end.iam_stack import CallResult
from tests.end_to_end.role_uses import Uses
from tests.end_to_end.use_entries import Key, Use, logs_of, uses_of

_OF_RENDITIONS, _OF_ROTATIONS = ("renditions",), ("processed", "augmented-images", "manifests")


def _on_queue(use: Callable[[Uses, str], CallResult], queue: str) -> Use:
    def used(uses: Uses) -> CallResult:
        photos = uses.photos
        return use(uses, photos.backfill_queue_url if "-" in queue else photos.queue_url)

    return used


def _received(queue: str) -> dict[Key, Use]:
    return uses_of(
        "photos",
        "ReceiveMessages",
        queue,
        sqs__ReceiveMessage=_on_queue(Uses.receive_photos, queue),
        sqs__DeleteMessage=_on_queue(Uses.delete_photo_message, queue),
        sqs__GetQueueAttributes=_on_queue(Uses.inspect_photo_queue, queue),
        sqs__ChangeMessageVisibility=_on_queue(Uses.retry_photo_soon, queue),
    )


def _stored(folder: str, put: Use, delete: Use) -> dict[Key, Use]:
    place = f"renditions/{folder}/*"
    return uses_of("photos", "StoreOutputs", place, s3__PutObject=put, s3__DeleteObject=delete)


PHOTO_USES: dict[Key, Use] = {
    **logs_of("photos"),
    **_received("photos"),
    **_received("photos-backfill"),
    **uses_of("photos", "RequestPhotos", "photos-backfill", sqs__SendMessage=Uses.request_again),
    **uses_of(
        "photos",
        "RecordPhotos",
        "table/photos",
        dynamodb__GetItem=Uses.render,
        dynamodb__PutItem=Uses.render,
    ),
    **uses_of(
        "photos",
        "FindOverduePhotos",
        "table/photos/index/open-index",
        dynamodb__Query=Uses.sweep_photos,
    ),
    **uses_of("photos", "EmitEvents", "event-bus/bus", events__PutEvents=Uses.render),
    **uses_of(
        "photos",
        "ReadUploads",
        "uploads/*",
        s3__GetObject=Uses.render,
        s3__GetObjectVersion=Uses.render,
    ),
    **uses_of("photos", "DetectMissingUploads", "uploads", s3__ListBucket=Uses.find_missing_upload),
    **{
        key: use
        for folder in _OF_RENDITIONS
        for key, use in _stored(folder, Uses.render, Uses.remove).items()
    },
    **{
        key: use
        for folder in _OF_ROTATIONS
        for key, use in _stored(folder, Uses.augment, Uses.remove_rotations).items()
    },
    **uses_of(
        "photos",
        "ForgetRemoved",
        "distribution/cdn",
        cloudfront__CreateInvalidation=Uses.remove,
    ),
    **uses_of(
        "photos-schedule",
        "StartSweep",
        "function:photos",
        lambda__InvokeFunction=Uses.start_photo_sweep,
    ),
    **logs_of("links"),
    **uses_of("links", "VerifyLinks", "key/links", kms__VerifyMac=Uses.describe_link),
    **uses_of("links", "ReadLinks", "table/photos", dynamodb__GetItem=Uses.describe_link),
    **uses_of("links", "Reserve", "table/photos", dynamodb__PutItem=Uses.begin_upload),
    **uses_of("links", "CountUploads", "table/photos", dynamodb__UpdateItem=Uses.begin_upload),
    **uses_of("links", "SignUploads", "uploads/*", s3__PutObject=Uses.begin_parts),
    **uses_of(
        "links",
        "ResumeUploads",
        "uploads/*",
        s3__AbortMultipartUpload=Uses.abort_parts,
        s3__ListMultipartUploadParts=Uses.resume_parts,
    ),
}
