"""The terms of an upload link, and the text that carries them. Pure.

A link ends in ``#<terms>.<MAC>``, both as URL-safe base64: whoever has it may upload so many files
of so many bytes into one gallery until it expires. The part after ``#`` is never sent by a browser,
so no access log has it. The MAC is of the stack's own key in KMS (`link_key`), so that terms which
the stack did not issue are refused before the table is read.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

import msgspec

from stream_ingest.contracts.errors import PermanentError

MAX_TEXT = 2_000
"""Longest text of a link's terms and MAC; no link that a stack issues comes near it."""
PATH = "upload/"
"""Path of the page on the distribution's domain."""
_CONTEXT = b"coverstream upload link 1\n"
"""What is signed begins with it, so that a MAC made for anything else is no link."""


class NoLinkError(PermanentError):
    """A text is no link of this stack."""


_SHORT = {"id": "i", "gallery": "g", "expires_at": "e", "max_files": "n", "max_bytes": "b"}


class Terms(msgspec.Struct, frozen=True, kw_only=True, rename=_SHORT):
    """What a link allows. It is all that the server trusts of a link."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]
    gallery: str | None
    """None for images to augment."""
    expires_at: int
    """Epoch second."""
    max_files: Annotated[int, msgspec.Meta(ge=1)]
    max_bytes: Annotated[int, msgspec.Meta(ge=1)]
    """Of all files together."""

    @property
    def message(self) -> bytes:
        """What the MAC is of."""
        return _CONTEXT + msgspec.json.encode(self)


def link_text(terms: Terms, mac: bytes) -> str:
    """Return the text that a link ends in."""
    return f"{_encode(msgspec.json.encode(terms))}.{_encode(mac)}"


def link_url(domain: str, text: str) -> str:
    """Return the link."""
    return f"https://{domain}/{PATH}#{text}"


def read_link(text: str) -> tuple[Terms, bytes]:
    """Return the terms that a text has, and the MAC to verify; raises `NoLinkError`."""
    if len(text) > MAX_TEXT:
        raise NoLinkError
    terms, _, mac = text.partition(".")
    try:
        return msgspec.json.decode(_decode(terms), type=Terms), _decode(mac)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise NoLinkError from error


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
