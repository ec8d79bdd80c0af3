"""The current object at a photo's place. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from stream_ingest.contracts.timestamps import iso_second

_NO_VERSION = "null"
"""Version id of an object that was put while its bucket kept no versions."""


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """The version of an object that HEAD named."""

    photo: str
    """The photo's name (`places`)."""
    version_id: str | None
    """Id of its version; None in a bucket that keeps no versions."""
    etag: str
    """Without quotes."""
    bytes: int
    uploaded_at: str
    """ISO 8601 in UTC, to the second."""

    @property
    def version(self) -> str:
        """What distinguishes it from what was at its key before."""
        return self.version_id or self.etag


def original_of(
    photo: str, *, version_id: str | None, etag: str, size: int, modified: datetime
) -> Original:
    """Return an object as S3 describes it, in the answer to HEAD or in a listing of versions."""
    return Original(
        photo=photo,
        version_id=None if version_id == _NO_VERSION else version_id,
        etag=etag.strip('"'),
        bytes=size,
        uploaded_at=iso_second(modified),
    )
