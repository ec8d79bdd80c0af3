"""Sends files to the bucket of uploads, large ones in parts that can be continued. Edge (S3, disk).

Up to 16 MiB a file is one request; above, parts of 8 MiB, three at once, of which S3 lists those
that it has. Each request is tried four times by the SDK. S3 checks the MD5 of what it gets.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from ops_dashboard.photos.put.checkpoints import UploadCheckpoints
from ops_dashboard.photos.put.files import LocalPhoto
from rendition_lambda.uploading.request import UploadRefusedError
from rendition_lambda.uploading.signed import MAX_PUT_BYTES, PART_BYTES, PartsUpload, missing
from rendition_lambda.uploading.signer import (
    UploadExistsError,
    UploadGoneError,
    UploadSigner,
)
from stream_ingest.aws import clients
from stream_ingest.aws.conditional_put import SHA256, if_unchanged, put_own_if
from stream_ingest.aws.errors import error_code, map_errors

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PARTS_AT_ONCE = 3
TRIES = 4
TRANSFER_CONFIG = clients.CONFIG.merge(
    Config(
        retries={"mode": "standard", "max_attempts": TRIES},
        request_checksum_calculation="when_required",  # parts have an MD5 instead
        max_pool_connections=2 * PARTS_AT_ONCE,
    )
)
_ABSENT = frozenset({"404", "NoSuchKey"})
_MD5_CHARACTERS = 32
Report = Callable[[int], None]
"""Called with a number of bytes that have arrived."""


class Sent(StrEnum):
    """What became of a file."""

    UPLOADED = "uploaded"
    THERE = "there already"
    """The same bytes are at its key."""


class Transfer:
    """Uploads files to one bucket."""

    def __init__(
        self,
        s3: S3Client,
        bucket: str,
        checkpoints: UploadCheckpoints,
        clock: Callable[[], float],
    ) -> None:
        """Use a client with `TRANSFER_CONFIG`; `clock` gives epoch seconds."""
        self._s3, self._bucket, self._checkpoints = s3, bucket, checkpoints
        self._signer = UploadSigner(s3, s3, bucket, clock)

    def send(self, photo: LocalPhoto, report: Report = lambda _: None) -> Sent:
        """Upload a file unless the same bytes are there; safe to repeat after an interruption.

        Raises `UploadExistsError` if its key has other bytes that are not to be replaced,
        `UploadRefusedError` if the file changes meanwhile, and `TransientError`.
        """
        found = self._head(photo.upload.key)
        if found is not None:
            if _is_same(photo, found):
                report(photo.upload.bytes)
                return Sent.THERE
            if not photo.upload.replace:
                raise _exists(photo)
        if photo.upload.bytes <= MAX_PUT_BYTES:
            self._put(photo)
            report(photo.upload.bytes)
        else:
            self._send_parts(photo, report)
        return Sent.UPLOADED

    def _put(self, photo: LocalPhoto) -> None:
        upload, body = photo.upload, photo.path.read_bytes()
        if len(body) != upload.bytes:
            raise _changed(photo)
        is_put = put_own_if(
            self._s3,
            {} if upload.replace else if_unchanged(None),
            Bucket=self._bucket,
            Key=upload.key,
            Body=body,
            ContentType=upload.content_type,
            ContentMD5=_md5(body),
        )
        if not is_put:
            raise _exists(photo)

    def _send_parts(self, photo: LocalPhoto, report: Report) -> None:
        upload, left = self._begin(photo)
        report(upload.bytes - sum(map(upload.size_of, left)))
        threads = ThreadPoolExecutor(PARTS_AT_ONCE, thread_name_prefix="part")
        try:
            for size in threads.map(lambda number: self._send_part(photo, upload, number), left):
                report(size)
        finally:
            threads.shutdown(cancel_futures=True)
        if not photo.is_unchanged():
            self._signer.abort(upload)
            self._checkpoints.forget(photo)
            raise _changed(photo)
        try:
            self._signer.complete(upload)
        except UploadExistsError:
            self._signer.abort(upload)
            self._checkpoints.forget(photo)
            raise
        self._checkpoints.forget(photo)

    def _begin(self, photo: LocalPhoto) -> tuple[PartsUpload, tuple[int, ...]]:
        """Return a file's upload, new or continued, and the numbers of the parts to send."""
        if outdated := self._checkpoints.outdated(photo):
            self._signer.abort(outdated)
        if upload := self._checkpoints.find(photo):
            try:
                return upload, missing(upload, self._signer.sent_parts(upload))
            except UploadGoneError:
                self._checkpoints.forget(photo)
        upload = self._signer.create(photo.upload, {SHA256: _sha256(photo)})
        self._checkpoints.write(photo, upload)
        return upload, tuple(upload.numbers)

    def _send_part(self, photo: LocalPhoto, upload: PartsUpload, number: int) -> int:
        size = upload.size_of(number)
        with photo.path.open("rb") as file:
            file.seek((number - 1) * upload.part_bytes)
            body = file.read(size)
        if len(body) != size:
            raise _changed(photo)
        with map_errors(f"send part {number} of {photo.path}"):
            self._s3.upload_part(
                Bucket=self._bucket,
                Key=upload.key,
                UploadId=upload.upload_id,
                PartNumber=number,
                Body=body,
                ContentMD5=_md5(body),
            )
        return size

    def _head(self, key: str) -> Any:  # noqa: ANN401 - the answer of HEAD
        try:
            with map_errors(f"head {key}"):
                return self._s3.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error_code(error) in _ABSENT:
                return None
            raise


def _is_same(photo: LocalPhoto, found: Any) -> bool:  # noqa: ANN401 - the answer of HEAD
    """Return whether an object has a file's bytes.

    It says so by the digest in its metadata, or by its ETag. An object that has neither, as one of
    another program in a bucket with a KMS key, is taken to be another.
    """
    if found["ContentLength"] != photo.upload.bytes:
        return False
    if digest := found.get("Metadata", {}).get(SHA256):
        return bool(digest == _sha256(photo))
    etag = found["ETag"].strip('"')
    if len(etag) == _MD5_CHARACTERS:
        return bool(etag == hashlib.md5(photo.path.read_bytes(), usedforsecurity=False).hexdigest())
    return bool(etag == _parts_etag(photo))


def _parts_etag(photo: LocalPhoto) -> str:
    """Return the ETag of an upload in parts of `PART_BYTES`: the MD5 of the parts' MD5s."""
    digests = []
    with photo.path.open("rb") as file:
        while part := file.read(PART_BYTES):
            digests.append(hashlib.md5(part, usedforsecurity=False).digest())
    whole = hashlib.md5(b"".join(digests), usedforsecurity=False).hexdigest()
    return f"{whole}-{len(digests)}"


def _sha256(photo: LocalPhoto) -> str:
    with photo.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def _exists(photo: LocalPhoto) -> UploadExistsError:
    msg = f"{photo.upload.key} exists already with other bytes; --replace replaces it"
    return UploadExistsError(msg)


def _changed(photo: LocalPhoto) -> UploadRefusedError:
    msg = f"{photo.path} changed while it was uploaded"
    return UploadRefusedError(msg)
