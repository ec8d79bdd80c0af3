"""Presigned URLs of collages. Edge (signs without a request).

A link is a secret: anyone who has it may fetch the collage until it expires. It is signed with the
function's own temporary credentials, and no signature outlives the session that it was made with.
Lambda does not say when its session ends (the environment has no expiry), so a link lives *at most*
as long as it says, by default an hour, and ends early if the session does. A consumer that needs
the collage later reads `bucket` and `key` with its own rights.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.contracts.timestamps import from_epoch_s

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A URL for GET, and the latest moment at which it works."""

    url: str
    expires_at: datetime


class Links:
    """Presigns URLs of one bucket's objects."""

    def __init__(self, s3: S3Client, bucket: str, life_s: int, clock: Callable[[], float]) -> None:
        """Sign with the credentials of `s3` (signature version 4); `life_s` 0 makes no links."""
        self._s3, self._bucket, self._life_s, self._clock = s3, bucket, life_s, clock

    def presign(self, key: str) -> Link | None:
        """Return a link to an object, or None if this deployment has links switched off."""
        if not self._life_s:
            return None
        expires_at = from_epoch_s(int(self._clock()) + self._life_s)
        url = self._s3.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": key},
            ExpiresIn=self._life_s,
            HttpMethod="GET",
        )
        return Link(url=url, expires_at=expires_at)
