"""The shape of what is stored: every field that it has, and the type of each."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_FIELD = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]*")
"""A name in a format; other keys of mappings are data, such as batch ids."""
_JSON = ("settings", "job", "detail", "payload")
"""Attributes that contain JSON."""


def shape_of(
    history: Mapping[str, Any], single: Mapping[str, Any], kept: Mapping[str, Any] | None
) -> set[str]:
    """Return a line for each field of what was stored: its path and its type."""
    return {*_lines(history, single), *_kept_lines(kept or {"items": (), "documents": {}})}


def _lines(history: Mapping[str, Any], single: Mapping[str, Any]) -> Iterator[str]:
    for item in [*history["table"], single["watermark"], single["intake"]["item"]]:
        yield from _item(item)
    for record in (record for shard in history["stream"] for record in shard):
        data = base64.b64decode(record[2])
        yield f"record: codec {data[0]}"
        yield from _fields("record", json.loads(zlib.decompress(data[1:])))
    for event in history["events"]:
        yield from _fields(f"event {event['detail-type']}", event["detail"])
    for bucket, key, versions in history["objects"]:
        yield from _object(f"{bucket}/{key.partition('/')[0]}", base64.b64decode(versions[-1][0]))
        yield f"{bucket}/{key.partition('/')[0]} metadata {sorted(versions[-1][2])}"
    yield from _fields("checkpoint", _unpacked(single["checkpoint"]))
    yield from _fields("chunk", _unpacked(single["intake"]["chunk"]))
    yield from _fields("continuation", json.loads(single["intake"]["continuation"]))
    yield from _fields("outputs", json.loads(single["outputs"]))


def _kept_lines(kept: Mapping[str, Any]) -> Iterator[str]:
    for item in kept["items"]:
        yield from _item(item)
        if "data" in item:  # deferred rows: their record has the codec of the stream's
            *numbers, packed = _unpacked(item["data"]["B"])  # type: ignore[misc]
            yield from _fields("deferred", numbers)
            yield f"deferred: codec {packed[0]}"
    for name, data in kept["documents"].items():
        yield from _fields(name, json.loads(base64.b64decode(data)))


def _item(item: Mapping[str, Any]) -> Iterator[str]:
    kind = item["item"]["S"].partition("#")[0]
    for name, value in item.items():
        ((of, content),) = value.items()
        place = f"item {kind}.{name}"
        yield f"{place}: {of}"
        if name == "body":
            yield from _fields(place, msgspec.msgpack.decode(_inflated(content)))
        elif name == "detail":
            yield from _fields(place, json.loads(_inflated(content)))
        elif name in _JSON:
            yield from _fields(place, json.loads(content))
        elif of == "M":
            yield from (f"{place}.{key}: {next(iter(each))}" for key, each in content.items())


def _object(place: str, data: bytes) -> Iterator[str]:
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as pack:
            for name in pack.namelist():
                if name.endswith(".json"):
                    yield from _fields(f"{place} {name}", json.loads(pack.read(name)))
    elif data.startswith(b"{"):
        yield from _fields(place, json.loads(data))
    elif b"," in data and not data.startswith(b"["):
        yield f"{place} columns: {data.decode('utf-8-sig').splitlines()[0]}"


def _fields(place: str, value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _fields(f"{place}.{key if _FIELD.fullmatch(str(key)) else '*'}", each)
    elif isinstance(value, list) and len({type(each) for each in value}) > 1:
        for number, each in enumerate(value):
            yield from _fields(f"{place}[{number}]", each)
    elif isinstance(value, list):
        for each in value:
            yield from _fields(f"{place}[]", each)
    else:
        yield f"{place}: {type(value).__name__}"


def _inflated(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def _unpacked(text: str) -> object:
    return msgspec.msgpack.decode(base64.b64decode(text))
