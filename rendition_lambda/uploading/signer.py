"""Signatures of uploads, and what only the server may do with large ones. Edge (S3).

Signing itself sends nothing. Length, type and the condition that nothing is replaced are part of
each signature (AWS Signature Version 4), so S3 refuses any other body.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from rendition_lambda.uploading.request import Upload, UploadRefusedError
from rendition_lambda.uploading.signed import (
    MAX_PUT_BYTES,
    URL_LIFE_S,
    PartsUpload,
    SentPart,
    SignedPart,
    SignedPut,
    missing,
)
from stream_ingest.aws.errors import error_code, map_errors

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

NONCE = "coverstream-upload"
"""Name of the metadata of an object that was uploaded in parts."""
_ABSENT = "*"
_REFUSED = frozenset({"412", "PreconditionFailed"})
_CONFLICT = frozenset({"409", "ConditionalRequestConflict"})
_GONE = frozenset({"404", "NoSuchUpload"})
_NOT_FOUND = frozenset({"404", "NoSuchKey", "403", "AccessDenied"})


class UploadExistsError(UploadRefusedError):
    """There is a file of this name already, and it is not to be replaced."""

    status = HTTPStatus.CONFLICT


class UploadGoneError(UploadRefusedError):
    """An upload in parts does not exist any more: cancelled, or a day old."""

    status = HTTPStatus.GONE


class IncompleteUploadError(UploadRefusedError):
    """Parts of an upload are missing; `numbers` says which."""

    status = HTTPStatus.PRECONDITION_REQUIRED

    def __init__(self, key: str, numbers: tuple[int, ...]) -> None:
        """Name the parts."""
        super().__init__(f"{key}: {len(numbers)} parts are still to be sent")
        self.numbers = numbers


class UploadSigner:
    """Signs uploads to one bucket. Its methods block."""

    def __init__(
        self, s3: S3Client, presigner: S3Client, bucket: str, clock: Callable[[], float]
    ) -> None:
        """Send requests by `s3`, sign by `presigner` (`presigning.PRESIGNING`).

        `clock` gives epoch seconds.
        """
        self._s3, self._presigner = s3, presigner
        self._bucket, self._clock = bucket, clock

    def begin(self, upload: Upload) -> SignedPut | PartsUpload:
        """Return a signed PUT, or begin an upload in parts if the file is large."""
        return self.sign_put(upload) if upload.bytes <= MAX_PUT_BYTES else self.create(upload)

    def sign_put(self, upload: Upload) -> SignedPut:
        """Return the request that uploads a whole file."""
        condition: dict[str, Any] = {} if upload.replace else {"IfNoneMatch": _ABSENT}
        url = self._sign(
            "put_object",
            Key=upload.key,
            ContentLength=upload.bytes,
            ContentType=upload.content_type,
            **condition,
        )
        headers = {"Content-Type": upload.content_type}
        return SignedPut(
            key=upload.key,
            url=url,
            headers=headers if upload.replace else {**headers, "If-None-Match": _ABSENT},
            bytes=upload.bytes,
            expires_at=self._expiry(),
        )

    def create(self, upload: Upload, metadata: Mapping[str, str] | None = None) -> PartsUpload:
        """Begin an upload in parts; its object has `metadata`.

        One that is never completed is removed after a day by S3.
        """
        nonce = secrets.token_hex(16)
        with map_errors(f"begin the upload of {upload.key}"):
            created = self._s3.create_multipart_upload(
                Bucket=self._bucket,
                Key=upload.key,
                ContentType=upload.content_type,
                Metadata={**(metadata or {}), NONCE: nonce},
            )
        return PartsUpload(
            key=upload.key,
            upload_id=created["UploadId"],
            bytes=upload.bytes,
            replace=upload.replace,
            nonce=nonce,
        )

    def sign_parts(self, upload: PartsUpload, numbers: Iterable[int]) -> tuple[SignedPart, ...]:
        """Return the requests that send parts; raises `UploadRefusedError` for unknown numbers."""
        return tuple(self._sign_part(upload, number) for number in numbers)

    def _sign_part(self, upload: PartsUpload, number: int) -> SignedPart:
        if number not in upload.numbers:
            msg = f"{upload.key} has the parts 1 to {upload.numbers.stop - 1}, not {number}"
            raise UploadRefusedError(msg)
        size = upload.size_of(number)
        url = self._sign(
            "upload_part",
            Key=upload.key,
            UploadId=upload.upload_id,
            PartNumber=number,
            ContentLength=size,
        )
        return SignedPart(
            number=number,
            offset=(number - 1) * upload.part_bytes,
            bytes=size,
            url=url,
            expires_at=self._expiry(),
        )

    def sent_parts(self, upload: PartsUpload) -> tuple[SentPart, ...]:
        """Return the parts that S3 has; raises `UploadGoneError`."""
        pages = self._s3.get_paginator("list_parts").paginate(
            Bucket=self._bucket, Key=upload.key, UploadId=upload.upload_id
        )
        try:
            with map_errors(f"list the parts of {upload.key}"):
                return tuple(
                    SentPart(number=part["PartNumber"], bytes=part["Size"], etag=part["ETag"])
                    for page in pages
                    for part in page.get("Parts", ())
                )
        except ClientError as error:
            if error_code(error) in _GONE:
                raise _gone(upload) from error
            raise

    def complete(self, upload: PartsUpload) -> None:
        """Make the object of its parts. Safe to call again.

        Raises `IncompleteUploadError`, `UploadExistsError` if the name was taken meanwhile, and
        `UploadGoneError`.
        """
        try:
            self._complete(upload, self.sent_parts(upload))
        except (UploadExistsError, UploadGoneError):
            # S3 may have completed it before, and its answer was lost.
            if not self._is_stored(upload):
                raise

    def _complete(self, upload: PartsUpload, sent: tuple[SentPart, ...]) -> None:
        if numbers := missing(upload, sent):
            raise IncompleteUploadError(upload.key, numbers)
        parts = [
            {"PartNumber": part.number, "ETag": part.etag}
            for part in sent
            if part.number in upload.numbers
        ]
        condition: dict[str, Any] = {} if upload.replace else {"IfNoneMatch": _ABSENT}
        try:
            with map_errors(f"complete the upload of {upload.key}"):
                self._s3.complete_multipart_upload(
                    Bucket=self._bucket,
                    Key=upload.key,
                    UploadId=upload.upload_id,
                    MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]
                    **condition,
                )
        except ClientError as error:
            code = error_code(error)
            if code in _REFUSED | _CONFLICT:
                msg = f"{upload.key} exists already"
                raise UploadExistsError(msg) from error
            if code in _GONE:
                raise _gone(upload) from error
            raise

    def abort(self, upload: PartsUpload) -> None:
        """Remove the parts of an upload that is not to be completed. Safe to call again."""
        try:
            with map_errors(f"abort the upload of {upload.key}"):
                self._s3.abort_multipart_upload(
                    Bucket=self._bucket, Key=upload.key, UploadId=upload.upload_id
                )
        except ClientError as error:
            if error_code(error) not in _GONE:
                raise

    def _is_stored(self, upload: PartsUpload) -> bool:
        """Return whether the object at the key is this very upload.

        False for a role that may not read objects: whoever uploads is then shown the refusal.
        """
        try:
            with map_errors(f"head {upload.key}"):
                found = self._s3.head_object(Bucket=self._bucket, Key=upload.key)
        except ClientError as error:
            if error_code(error) in _NOT_FOUND:
                return False
            raise
        return found["Metadata"].get(NONCE) == upload.nonce

    def _sign(self, operation: str, **parameters: Any) -> str:  # noqa: ANN401 - parameters of S3
        return self._presigner.generate_presigned_url(
            operation, Params={"Bucket": self._bucket, **parameters}, ExpiresIn=URL_LIFE_S
        )

    def _expiry(self) -> int:
        return int(self._clock()) + URL_LIFE_S


def _gone(upload: PartsUpload) -> UploadGoneError:
    msg = f"the upload of {upload.key} does not exist any more: upload the file again"
    return UploadGoneError(msg)
