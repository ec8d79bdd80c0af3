"""The JSON of results: the same values are the same bytes. Pure."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from stream_ingest.contracts.errors import DecodeError

D = TypeVar("D", bound=msgspec.Struct)


def encode_document(document: msgspec.Struct) -> bytes:
    """Return a document as JSON for people and programs."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


def decode_document(raw: bytes, kind: type[D]) -> D:
    """Return the document in an object; `DecodeError` names the invalid field."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = f"{kind.__name__}: {error}"
        raise DecodeError(msg) from error
