"""What reading about photos takes: their status, timelines and checks. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tools.rights.grants import Grant
from tools.rights.names import PHOTOS, QUEUES, UPLOADS

RENDITIONS = UPLOADS.replace("-uploads-", "-renditions-")
_COMMANDS = ("status", "trace", "doctor")

PHOTO_READING: Sequence[Grant] = (
    Grant(
        sid="InspectPhotos",
        commands=_COMMANDS,
        actions=("dynamodb:GetItem", "dynamodb:Query"),
        resources=(PHOTOS, f"{PHOTOS}/index/*"),
        note="with photos",
    ),
    Grant(
        sid="CountPhotoMessages",
        commands=("status", "trace"),
        actions=("sqs:GetQueueAttributes",),
        resources=(f"{QUEUES}photos*",),
        note="with photos",
    ),
    Grant(
        sid="FindPhotoFiles",
        commands=("trace", "doctor"),
        actions=("s3:GetObject", "s3:ListBucket", "s3:ListBucketVersions"),
        resources=tuple(
            f"{bucket}{part}" for bucket in (UPLOADS, RENDITIONS) for part in ("", "/*")
        ),
        note="with photos",
    ),
    Grant(
        sid="ReadPhotoLetters",
        commands=("trace",),
        actions=("sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"),
        resources=(f"{QUEUES}photos-dead-letters",),
        note="with photos",
    ),
)
