"""A server's response as it is stored for a batch in debug mode. Pure."""

from __future__ import annotations

import msgspec

BEGINNING_BYTES = 4_096


class RecordedResponse(msgspec.Struct, kw_only=True):
    """A response's status and headers, and the first bytes of its body as far as they were read."""

    url: str
    status: int
    headers: list[tuple[str, str]]
    beginning: bytes = b""

    def append(self, data: bytes) -> None:
        """Append the next part of the body, up to `BEGINNING_BYTES` in all."""
        self.beginning += data[: BEGINNING_BYTES - len(self.beginning)]
