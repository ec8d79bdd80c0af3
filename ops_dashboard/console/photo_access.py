"""What the page of photos reads, signs and sends. Edge (boto3).

All methods block, so handlers call them in threads (`in_thread`).
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from botocore.exceptions import ClientError

from ops_dashboard.inspect.photo_pages import PhotoPages, check_key
from ops_dashboard.photos.jobs.store import JobStore
from rendition_lambda.messages import PhotoHint, request_of
from rendition_lambda.places import Place, place_of
from rendition_lambda.repository import PhotoRepository
from rendition_lambda.sweeping.queue import RequestQueue
from rendition_lambda.uploading.service import UploadService
from rendition_lambda.uploading.signer import UploadSigner
from stream_ingest.aws import clients
from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.aws.presigning import PRESIGNING
from stream_ingest.contracts.errors import NotFoundError, UserError
from stream_ingest.contracts.stack_outputs import PhotosOutputs

if TYPE_CHECKING:
    import boto3
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef

LINK_LIFE_S = 300
"""Life of presigned links in seconds; those of originals may live for an hour at most."""
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_NO_OBJECT = frozenset({"404", "NoSuchKey", "NotFound"})
_ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_RESTORED = 'ongoing-request="false"'


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoAccess:
    """The photos of one stack."""

    outputs: PhotosOutputs
    pages: PhotoPages
    uploads: UploadService
    s3: S3Client
    requests: RequestQueue
    jobs: JobStore
    presigner: S3Client

    @property
    def image_origin(self) -> str:
        """Origin of presigned links to outputs, by which pages show them."""
        return _origin(self.output_link("x"))

    @property
    def upload_origin(self) -> str:
        """Origin that uploads are sent to."""
        return _origin(self._link(self.outputs.uploads_bucket, "x"))

    def output_link(self, key: str) -> str:
        """Return a presigned URL of an output."""
        return self._link(self.outputs.renditions_bucket, check_key(key, "key"))

    def original_link(self, photo: str) -> str:
        """Return a presigned URL by which a browser saves an original under its file name.

        Raises `NotFoundError` if there is none, and `UserError` if it is archived.
        """
        found, place = self.find_original(photo), self._place(photo)
        if found is None:
            msg = f"the original {photo} is not there any more"
            raise NotFoundError(msg)
        is_restored = _RESTORED in found.get("Restore", "")
        if found.get("StorageClass") in _ARCHIVES and not is_restored:
            msg = f"the original {photo} is archived: restore it first (aws s3api restore-object)"
            raise UserError(msg)
        return self._link(place.bucket, place.key, ResponseContentDisposition=save_as(place.key))

    def find_original(self, photo: str) -> HeadObjectOutputTypeDef | None:
        """Return what S3 knows of an original, None if there is none."""
        place = self._place(photo)
        try:
            with map_errors(f"head {photo}"):
                return self.s3.head_object(Bucket=place.bucket, Key=place.key)
        except ClientError as error:
            if error_code(error) in _NO_OBJECT:
                return None
            raise

    def render_again(self, photo: str) -> None:
        """Request that a photo is rendered even if it has ended with its version and recipe.

        Raises `NotFoundError` for a name that is no photo's.
        """
        if not self.pages.find([photo]):
            msg = f"there is no photo {photo}"
            raise NotFoundError(msg)
        request = request_of(PhotoHint(key=photo, again=True), self.outputs.uploads_bucket)
        self.requests.send(request)

    def _place(self, photo: str) -> Place:
        """Return where an original is; raises `UserError` if none can be there."""
        place = place_of(check_key(photo, "key"), self.outputs.uploads_bucket)
        check_key(place.key, "key")
        if _BUCKET_NAME.fullmatch(place.bucket) is None:
            msg = f"{place.bucket!r} is no name of a bucket"
            raise UserError(msg)
        return place

    def _link(self, bucket: str, key: str, **parameters: str) -> str:
        return self.presigner.generate_presigned_url(
            "get_object",
            Params={"Bucket": bucket, "Key": key, **parameters},
            ExpiresIn=LINK_LIFE_S,
        )


def open_photos(session: boto3.Session, outputs: PhotosOutputs) -> PhotoAccess:
    """Return the access to the photos of a stack."""
    dynamodb = session.client("dynamodb", config=clients.INTERACTIVE)
    s3 = session.client("s3", config=clients.INTERACTIVE)
    presigner = session.client("s3", config=PRESIGNING)
    return PhotoAccess(
        outputs=outputs,
        pages=PhotoPages(dynamodb, outputs.table),
        uploads=UploadService(
            UploadSigner(s3, presigner, outputs.uploads_bucket, time.time),
            PhotoRepository(dynamodb, outputs.table),
            time.time,
        ),
        s3=s3,
        requests=RequestQueue(
            session.client("sqs", config=clients.INTERACTIVE), outputs.backfill_queue_url
        ),
        jobs=JobStore(dynamodb, outputs.table, time.time),
        presigner=presigner,
    )


def save_as(key: str) -> str:
    """Return the value of ``Content-Disposition`` that saves an object under its file name. Pure.

    The name is encoded as RFC 6266 has it, so no name can add a parameter or a header.
    """
    name = key.rpartition("/")[2] or "original"
    plain = "".join(
        each if each.isascii() and (each.isalnum() or each in " ._-()+") else "_" for each in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
