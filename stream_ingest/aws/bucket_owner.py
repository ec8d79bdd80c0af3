"""The expected owner of the stack's buckets, in every S3 request of a function. Edge (botocore).

A bucket's name belongs to nobody once its bucket is deleted, and somebody else may create it. With
the expected owner S3 answers 403 then, and neither takes nor gives an object (Amazon S3 User Guide,
"Verifying bucket ownership with bucket owner condition").

The header is added to requests that are sent, not to presigned URLs: whoever opens one would have
to send it, too.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from types_boto3_s3 import S3Client

_OWNER, _SOURCE_OWNER = "ExpectedBucketOwner", "ExpectedSourceBucketOwner"


def expect_owner(s3: S3Client, account: str, buckets: Collection[str]) -> S3Client:
    """Return the client; from now on it expects these buckets to be the account's."""
    own = frozenset(buckets)

    def remember(
        *, params: dict[str, Any], model: OperationModel, context: dict[str, Any], **_: object
    ) -> None:
        """Note in the request's context which headers it gets: a bucket is no header itself."""
        shape = model.input_shape
        named = {_OWNER: params.get("Bucket"), _SOURCE_OWNER: _source(params.get("CopySource"))}
        context[_OWNER] = {
            shape.members[member].serialization["name"]: account
            for member, bucket in named.items()
            if bucket in own and shape is not None and member in shape.members
        }

    def add(*, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        params["headers"].update(context.get(_OWNER, {}))

    s3.meta.events.register_first("before-parameter-build.s3", remember)
    s3.meta.events.register("before-call.s3", add)
    return s3


def _source(copied: str | dict[str, str] | None) -> str | None:
    """Return the bucket that an object is copied from."""
    if isinstance(copied, dict):
        return copied["Bucket"]
    return None if copied is None else copied.lstrip("/").partition("/")[0]
