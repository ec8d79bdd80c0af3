"""What is stored, unpacked so that any text in it can be found."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import msgspec

from stream_ingest.contracts import table


def item_text(item: dict[str, Any]) -> bytes:
    """Return an item with what its packed attributes contain."""
    parts = [repr(dict(item)).encode()]
    packed = (bytes(item[name]) for name in ("body", "detail") if name in item)
    parts += map(zlib.decompress, packed)
    if str(item[table.PARTITION_KEY]).startswith("run#"):
        parts.append(zlib.decompress(bytes(item["windows"])))
    return b" ".join(parts)


def unpacked(body: bytes) -> bytes:
    """Return a document with what its records contain."""
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body
    if not isinstance(document, dict):
        return body
    data = [document["data"]] if "data" in document else []
    if "payload" in document:
        records = msgspec.json.decode(document["payload"])["Records"]
        data += [each["kinesis"]["data"] for each in records]
    return body + b" ".join(zlib.decompress(base64.b64decode(each)[1:]) for each in data)
