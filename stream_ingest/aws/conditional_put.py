"""Objects that are put under a condition on what their key holds. Edge (S3).

The SDK repeats a request whose answer was lost. If the first one took effect, the condition of the
second fails (412) on the caller's own object. With `put_own_if` an object has the SHA-256 of its
bytes as metadata, and a condition that fails on the same bytes counts as a success. (An ETag would
not do: it is no MD5 where the bucket is encrypted by KMS.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stream_ingest.aws.errors import CONDITION_FAILED, error_code, map_errors

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SHA256 = "sha256"
"""Name of the metadata with the hexadecimal digest of the bytes."""
_GONE = frozenset({"NoSuchKey", "404"})


def if_unchanged(etag: str | None) -> dict[str, str]:
    """Return the condition that a key still has the object with `etag`; None means no object."""
    return {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}


def put_if(s3: S3Client, condition: Mapping[str, str], **request: Any) -> bool:  # noqa: ANN401 - arguments of put_object
    """Put an object; return False if the condition fails.

    `condition` is one of `if_unchanged`, or empty. Raises `TransientError` as `map_errors` does.
    """
    return _refusal(s3, condition, request) is None


def put_own_if(s3: S3Client, condition: Mapping[str, str], **request: Any) -> bool:  # noqa: ANN401 - as above
    """Put an object as `put_if` does, but succeed as well where its bytes are there already.

    Needs the right to read the object.
    """
    digest = _sha256(request["Body"])
    metadata = {**request.get("Metadata", {}), SHA256: digest}
    refusal = _refusal(s3, condition, {**request, "Metadata": metadata})
    if refusal is None:
        return True
    return refusal not in _GONE and _stored_digest(s3, request["Bucket"], request["Key"]) == digest


def _refusal(s3: S3Client, condition: Mapping[str, str], request: Mapping[str, Any]) -> str | None:
    """Put an object; return S3's code if the condition fails, else None."""
    arguments: Any = {**request, **condition}
    if not isinstance(request["Body"], bytes):
        request["Body"].seek(0)
    try:
        with map_errors(f"put {request['Key']}"):
            s3.put_object(**arguments)
    except ClientError as error:
        if error_code(error) not in CONDITION_FAILED:
            raise
        return error_code(error)
    return None


def _sha256(body: bytes | IO[bytes]) -> str:
    """Return the digest of a body; a file is at its beginning afterwards."""
    if isinstance(body, bytes):
        return hashlib.sha256(body).hexdigest()
    body.seek(0)
    digest = hashlib.sha256()
    while part := body.read(1 << 16):
        digest.update(part)
    body.seek(0)
    return digest.hexdigest()


def _stored_digest(s3: S3Client, bucket: str, key: str) -> str | None:
    """Return the digest in an object's metadata, None if there is no object or no digest."""
    try:
        with map_errors(f"head {key}"):
            return s3.head_object(Bucket=bucket, Key=key)["Metadata"].get(SHA256)
    except ClientError as error:
        if error_code(error) not in _GONE:
            raise
        return None
