"""Removes a creator from documents about several creators. Pure.

==================  ================================================================================
``results/``        lists of windows: the line stays, so that the sums stay true, without its names
``failed/rows/``    refused rows: the line goes
``failed/records/`` records that could not be decoded: the creator's rows go, if they can be decoded
``aws/lambda/``     batches that Lambda gave up on: as above, record by record
``failed/dropped/`` dead letters that were dropped: as above; a window's message goes as a whole
==================  ================================================================================
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import zlib
from collections.abc import Callable
from typing import Any

import msgspec

from ops_dashboard.erase.subject import Subject
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.naming import ERASED_CREATOR
from stream_ingest.contracts.object_keys import (
    DROPPED_PREFIX,
    FAILED_BATCHES_PREFIX,
    QUARANTINE_PREFIX,
    REFUSED_PREFIX,
)
from stream_ingest.records.codec import PackedRecord, pack, unpack

RESULTS_PREFIX = "results/"
_NAMES = frozenset({"creator", "creator_name"})
_MAX_INFLATED = 16 << 20


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """A document without the creator."""

    found: int = 0
    """Lines or rows of the creator."""
    body: bytes | None = None
    """The new document; None if nothing remains of it. Unchanged if nothing was found."""
    unreadable: bool = False
    """Whether it cannot be decoded, so that nobody can say whose rows are in it."""


def redact(key: str, body: bytes, who: Subject) -> Redaction:
    """Return a document without the creator; one that cannot be decoded is unchanged."""
    redactor = _redactor(key)
    try:
        return redactor(body, who) if redactor else Redaction(body=body)
    except (msgspec.DecodeError, UnicodeDecodeError, csv.Error, LookupError, TypeError):
        return (
            Redaction(found=1) if who.is_mentioned(body) else Redaction(body=body, unreadable=True)
        )


def _redactor(key: str) -> Callable[[bytes, Subject], Redaction] | None:
    if key.startswith(RESULTS_PREFIX):
        return _redact_csv if key.endswith(".csv") else _redact_json
    if key.startswith(REFUSED_PREFIX):
        return _redact_refused
    key = key.removeprefix(f"{DROPPED_PREFIX}record/").removeprefix(f"{DROPPED_PREFIX}stream/")
    if key.startswith(QUARANTINE_PREFIX):
        return _redact_poison
    if key.startswith(DROPPED_PREFIX):
        return _redact_message
    return _redact_failed_batch if key.startswith(FAILED_BATCHES_PREFIX) else None


def is_document(key: str) -> bool:
    """Return whether an object of the output bucket is about several creators."""
    return _redactor(key) is not None


def _redact_csv(body: bytes, who: Subject) -> Redaction:
    """Replace the names in the creator's lines; every cell stays in quotes."""
    if not who.is_mentioned(body):
        return Redaction(body=body)
    rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
    header = rows[0]
    names = [at for at, column in enumerate(header) if column in _NAMES]
    found = 0
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    for row in rows[1:]:
        if any(who.is_named(row[at]) or who.is_named(row[at].removeprefix("'")) for at in names):
            found += 1
            writer.writerow(
                _redacted(column, cell) for column, cell in zip(header, row, strict=True)
            )
        else:
            writer.writerow(row)
    return Redaction(found=found, body=out.getvalue().encode() if found else body)


def _redacted(column: str, value: Any) -> Any:  # noqa: ANN401 - a cell, or a value of JSON
    if column in _NAMES:
        return ERASED_CREATOR
    names_window = column == "window_id" or column.endswith(("_key", "_url", "_id"))
    return "" if names_window and column != "batch_id" and value else value


def _redact_json(body: bytes, who: Subject) -> Redaction:
    if not who.is_mentioned(body):
        return Redaction(body=body)
    found = 0

    def walk(value: Any) -> Any:  # noqa: ANN401 - any JSON
        nonlocal found
        if isinstance(value, list):
            return [walk(each) for each in value]
        if not isinstance(value, dict):
            return value
        if any(who.is_named(value.get(name)) for name in _NAMES):
            found += 1
            value = {name: _redacted(name, each) for name, each in value.items()}
        counts = (dict, list, int)
        own = {name for name in value if who.is_named(name) and isinstance(value[name], counts)}
        if own:
            found += 1
            value = {ERASED_CREATOR if name in own else name: value[name] for name in value}
        return {name: walk(each) for name, each in value.items()}

    document = walk(msgspec.json.decode(body))
    if not found:
        return Redaction(body=body)
    return Redaction(found=found, body=msgspec.json.format(msgspec.json.encode(document), indent=1))


def _redact_refused(body: bytes, who: Subject) -> Redaction:
    lines = body.splitlines(keepends=True)
    kept = [line for line in lines if not who.is_named(msgspec.json.decode(line)["creator"])]
    found = len(lines) - len(kept)
    return Redaction(found=found, body=b"".join(kept) if kept or not found else None)


def _redact_message(body: bytes, who: Subject) -> Redaction:
    letter = msgspec.json.decode(body, type=dict[str, Any])
    own = who.owns_window(letter.get("window_id")) or who.is_mentioned(body)
    return Redaction(found=1) if own else Redaction(body=body)


def _redact_poison(body: bytes, who: Subject) -> Redaction:
    document = msgspec.json.decode(body, type=dict[str, Any])
    found, data = _without_rows(document["data"], who)
    if not found:
        return Redaction(body=body)
    document["data"] = data
    return Redaction(found=found, body=_formatted(document) if data else None)


def _redact_failed_batch(body: bytes, who: Subject) -> Redaction:
    document = msgspec.json.decode(body, type=dict[str, Any])
    event = msgspec.json.decode(document["payload"], type=dict[str, Any])
    found = 0
    for record in event["Records"]:
        rows, data = _without_rows(record["kinesis"]["data"], who)
        found += rows
        record["kinesis"]["data"] = data
    if not found:
        return Redaction(body=body)
    event["Records"] = [each for each in event["Records"] if each["kinesis"]["data"]]
    document["payload"] = msgspec.json.encode(event).decode()
    return Redaction(found=found, body=_formatted(document) if event["Records"] else None)


def _without_rows(data: str, who: Subject) -> tuple[int, str]:
    """Return the number of the creator's rows in a record, and the record without them.

    The record is empty if only they were in it, or if it cannot be decoded and mentions the
    creator. Raises `LookupError` if it cannot be decoded otherwise.
    """
    try:
        raw = base64.b64decode(data, validate=True)
        record = unpack(raw)
    except (DecodeError, binascii.Error) as error:
        if who.is_mentioned(_inflated(data)):
            return 1, ""
        raise LookupError from error
    if not any(map(who.is_named, record.creators)):
        return 0, data
    kept = tuple(row for row in record.rows if not who.is_named(record.creators[row.creator]))
    found = len(record.rows) - len(kept)
    if not kept and not record.last:
        return max(found, 1), ""
    return max(found, 1), base64.b64encode(pack(_renumbered(record, kept, who))).decode()


def _renumbered(record: PackedRecord, kept: tuple[Any, ...], who: Subject) -> PackedRecord:
    """Return a record with the rows that stay, and without the creator in its list of names."""
    left = [at for at, name in enumerate(record.creators) if not who.is_named(name)]
    places = {at: place for place, at in enumerate(left)}
    return msgspec.structs.replace(
        record,
        creators=tuple(record.creators[at] for at in left),
        rows=tuple(msgspec.structs.replace(row, creator=places[row.creator]) for row in kept),
        display_names={
            places[at]: shown for at, shown in record.display_names.items() if at in places
        },
    )


def _inflated(data: str) -> bytes:
    """Return what can be read of a record that cannot be decoded."""
    try:
        raw = base64.b64decode(data)
    except binascii.Error:
        return data.encode()
    try:
        return raw + zlib.decompressobj().decompress(raw[1:], _MAX_INFLATED)
    except zlib.error:
        return raw


def _formatted(document: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document))
