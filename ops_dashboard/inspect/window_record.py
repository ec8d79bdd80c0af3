"""One window as its status item in the table has it. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from stream_ingest.aws.items import Item, decoding
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.contracts.naming import window_id

_NEVER = "1970-01-01T00:00:00+00:00"
"""When a window closed whose item does not say it."""


class WindowRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One window's status item; times are ISO 8601 in UTC, keys are in the output bucket."""

    window_id: str
    creator: str
    display_name: str = ""
    """How the creator's first row spelled its name; empty if that is `creator`."""
    batch_id: str
    status: str
    closed_at: str
    """When it closed; see `table.closed_at`."""
    image_count: int
    trigger: str = ""
    closed_because: str | None = None
    images_ok: int = 0
    images_failed: int = 0
    failures: dict[str, int] = {}
    """Empty cells by reason."""
    attempts: int = 0
    """Number of claims by collage workers."""
    emissions: int = 0
    """Number of times that its event was put on the bus."""
    lease_owner: str | None = None
    """Request id and message id of the worker that is building it; only while ``processing``."""
    completed_at: str | None = None
    duration_ms: int | None = None
    bytes_downloaded: int | None = None
    collage_bytes: int | None = None
    error: str | None = None
    replayed_as: str | None = None
    kept_because: str | None = None
    """Why the last rebuild did not replace the collage."""
    collage_key: str | None = None
    thumbnail_key: str | None = None
    metadata_key: str | None = None
    originals_key: str | None = None
    """Key of its originals in the temp bucket, maybe with those of others."""
    collage_sha256: str | None = None
    request_id: str | None = None
    """Id of the Lambda request of its last build, which every log line of it has."""


def window_record(item: Item) -> WindowRecord:
    """Return the record of a window's status item; if it cannot be read, what its key says.

    So one wrong item hides no other of a list.
    """
    try:
        with decoding(item):
            known = {
                name: _plain(value)
                for name, value in item.items()
                if name in WindowRecord.__struct_fields__
            }
            known["status"] = table.window_status(item)
            known["closed_at"] = table.closed_at(item)
            datetime.fromisoformat(table.closed_at(item))
            return msgspec.convert(known, type=WindowRecord)
    except UnreadableItemError as error:
        return _stand_in(item, error)


def _stand_in(item: Item, error: UnreadableItemError) -> WindowRecord:
    number = error.sort.partition("#")[2]
    return WindowRecord(
        window_id=window_id(error.partition, int(number) if number.isdigit() else 0),
        creator=error.partition,
        batch_id=str(item.get("batch_id", "")),
        status=table.UNREADABLE,
        closed_at=_NEVER,
        image_count=0,
        error=f"{error.reason}; see `ops-dashboard repair`",
    )


def _plain(value: object) -> object:
    """Return a value with integers in place of boto3's decimals."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return int(value) if isinstance(value, Decimal) else value
