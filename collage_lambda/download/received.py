"""A response's body, as far as it has arrived. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from collage_lambda.download.content_encoding import decode_body
from collage_lambda.reasons import Failure

_WHOLE_RANGE = re.compile(
    r"bytes\s+0-(?P<last>[0-9]{1,18})/(?:(?P<length>[0-9]{1,18})|\*)", re.ASCII
)
_PNG_END = b"IEND\xaeB`\x82"


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The complete body of a response."""

    data: bytes
    attempts: int = 0


class Received:
    """The chunks of a body and its content codings; mutable, and empty again for each response."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.begin(())

    def begin(self, codings: Sequence[str]) -> None:
        """Forget what has arrived; `codings` are the values of ``Content-Encoding`` headers."""
        self._chunks: list[bytes] = []
        self._codings = codings
        self.size = 0

    def add(self, chunk: bytes) -> None:
        """Append a chunk."""
        self._chunks.append(chunk)
        self.size += len(chunk)

    def body(self, max_bytes: int) -> Body | Failure:
        """Return the body without its codings, at most `max_bytes` long."""
        data = decode_body(b"".join(self._chunks), self._codings, max_bytes)
        return data if isinstance(data, Failure) else Body(data=data)

    def whole_image(self, max_bytes: int) -> Body | None:
        """Return the body of an interrupted response if it has the end of an image.

        Servers announce a longer body than they send, or end it wrongly; browsers show the image.
        """
        body = self.body(max_bytes) if self._chunks else None
        return body if isinstance(body, Body) and ends_whole(body.data) else None


def ends_whole(data: bytes) -> bool:
    """Return whether bytes begin and end as an image of a common format does."""
    if data.startswith(b"\xff\xd8\xff"):
        return data.endswith(b"\xff\xd9")
    if data.startswith(b"\x89PNG"):
        return data.endswith(_PNG_END)
    if data.startswith(b"GIF8"):
        return data.endswith(b";")
    if data.startswith(b"RIFF"):
        return len(data) >= 8 + int.from_bytes(data[4:8], "little")
    return False


def is_whole_range(content_range: str | None) -> bool:
    """Return whether a status 206 has everything: its range begins at 0 and ends at the end.

    Nobody asked for a range, so a response without ``Content-Range`` counts as whole.
    """
    if content_range is None:
        return True
    match = _WHOLE_RANGE.fullmatch(content_range.strip())
    return match is not None and match["length"] in {None, str(int(match["last"]) + 1)}
