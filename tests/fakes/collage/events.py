"""Windows for the collage tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from stream_ingest.contracts.event_model import Event
from stream_ingest.contracts.events import CoversExpiring, WindowImage, WindowReady
from stream_ingest.contracts.naming import creator_key, window_id
from stream_ingest.contracts.settings import CollageLayout

CLOSED_AT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
LAYOUT = CollageLayout(rows=2, cols=3, cell_px=60)


def window_image(url: str, *fallbacks: str, identity: str | None = None) -> WindowImage:
    """Return one image of a window."""
    return WindowImage(identity=identity or url, url=url, fallbacks=fallbacks, created_at=CLOSED_AT)


def window_ready(
    images: Sequence[WindowImage],
    creator: str = "charli",
    number: int = 12,
    **changes: Any,  # noqa: ANN401 - any field of the event
) -> WindowReady:
    """Return a window that was just closed."""
    event = WindowReady(
        window_id=window_id(creator_key(creator), number),
        creator=creator,
        batch_id="batch-1",
        trigger="stream-push",
        closed_at=CLOSED_AT,
        closed_because="full",
        layout=LAYOUT,
        image_count=len(images),
        images=tuple(images),
    )
    return msgspec.structs.replace(event, **changes)


def expiring_envelope(event: CoversExpiring) -> str:
    """Return an SQS body: the event in EventBridge's envelope."""
    return json.dumps(_envelope(event, "coverstream.sweeper"))


def envelope(event: WindowReady, replay: str | None = None, **changes: object) -> str:
    """Return an SQS body: the event in EventBridge's envelope."""
    body = _envelope(event, "coverstream.windowing")
    if replay:
        body["replay-name"] = replay
    return json.dumps(body | changes)


def _envelope(event: Event, source: str) -> dict[str, object]:
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": event.detail_type(),
        "source": source,
        "account": "123456789012",
        "time": "2026-11-20T23:30:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": json.loads(msgspec.json.encode(event)),
    }
