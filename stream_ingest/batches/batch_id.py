"""Ids of batches and of those who send them. Edge (clock, randomness)."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.naming import MAX_BATCH_ID
from stream_ingest.records.codec import BATCH_ID_PATTERN

_BATCH_ID = re.compile(BATCH_ID_PATTERN)


def check_batch_id(batch_id: str) -> str:
    """Return the id; raise `UserError` unless it fits `BATCH_ID_PATTERN`."""
    if not _BATCH_ID.match(batch_id):
        msg = (
            f"batch id {batch_id!r}: expected 1 to {MAX_BATCH_ID} letters, digits, dots,"
            " underscores or dashes, the first a letter or digit"
        )
        raise UserError(msg)
    return batch_id


def new_batch_id() -> str:
    """Return a new batch id that sorts by time: ``20261121-030512-9f3a``."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def new_owner() -> str:
    """Return a token for a push that begins: see `BatchRegistry.register`."""
    return secrets.token_hex(8)
