"""What people do with the photos of a stack, and what they find there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rendition_lambda.links.link_table import LinkTable
from rendition_lambda.links.terms import Terms
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tests.end_to_end.photo_files import write_photo
from tests.end_to_end.photo_uses import LATER_S, LONG_AGO, PATIENCE_S, item_of
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.waiting import wait_for

KEY, BROKEN = "people/a.jpg", "people/broken.jpg"
_LINK = "0123456789abcdef"

PHOTOGRAPHING = (
    ("photos put {photo} --gallery people --wait", "s3:PutObject"),
    ("photos list", "dynamodb:Scan"),
    ("photos list --gallery people", "dynamodb:Query"),
    ("photos backfill --prefix people/ --yes", "s3:ListBucketVersions"),
    ("photos render --recipe renditions --yes", "sqs:SendMessage"),
    ("photos render --recipe renditions --dry-run", "dynamodb:Query"),
    (f"photos retry {BROKEN}", "sqs:SendMessage"),
    ("photos manifest", "dynamodb:Query"),
    ("photos link --gallery people", "kms:GenerateMac"),
    ("photos link --recipe augmentation", "dynamodb:PutItem"),
    ("photos link list", "dynamodb:Query"),
    (f"photos link revoke {_LINK}", "dynamodb:UpdateItem"),
    (f"trace {KEY}", "dynamodb:GetItem"),
)
"""Commands, and an action without which each fails."""


def add_photos(stack: Pipeline, folder: Path) -> Mapping[str, str]:
    """Upload a photo, a file that is none, and an image; issue a link. Return what is named."""
    photos = stack.outputs.photos
    assert photos is not None
    path = write_photo(folder / "a.jpg")
    for key, body in (
        (KEY, path.read_bytes()),
        (BROKEN, b"no photo"),
        ("original-uploads/a.jpg", path.read_bytes()),
    ):
        stack.aws.clients.s3.put_object(Bucket=photos.uploads_bucket, Key=key, Body=body)
        status = "failed" if key == BROKEN else "active"
        wait_for(lambda key=key, status=status: _has(stack, photos, key, status), key, PATIENCE_S)
    terms = Terms(id=_LINK, gallery="people", expires_at=LATER_S, max_files=1, max_bytes=9)
    LinkTable(stack.aws.clients.dynamodb, photos.table).create(terms, LONG_AGO)
    return {"photo": str(write_photo(folder / "b.jpg"))}


def _has(stack: Pipeline, photos: PhotosOutputs, key: str, status: str) -> bool:
    item = item_of(stack.aws.clients.dynamodb, photos.table, key)
    return item.get("status") == status and not item.keys() & {"lease_until", "outbox"}
