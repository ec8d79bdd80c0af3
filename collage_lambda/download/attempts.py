"""What servers answered for an image, kept for a batch that is being debugged. Pure."""

from __future__ import annotations

import msgspec

BEGINNING_BYTES = 4_096


class Exchange(msgspec.Struct, kw_only=True):
    """One answer: its head, and the first bytes of its body as far as they were read."""

    url: str
    status: int
    headers: list[tuple[str, str]]
    beginning: bytes = b""

    def begin(self, data: bytes) -> None:
        """Keep the beginning of a body of which `data` is the next part."""
        self.beginning += data[: BEGINNING_BYTES - len(self.beginning)]
