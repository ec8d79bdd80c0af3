"""The current object at a key of the bucket of uploads. Pure."""

from __future__ import annotations

import msgspec


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
