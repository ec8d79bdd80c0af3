"""The metadata document of a window: each image and its cell, or why it has none. Pure."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from collage_lambda.download.recorded_response import RecordedResponse
from collage_lambda.outcomes import Assembly, CellOutcome
from collage_lambda.output.keys import WindowKeys
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.settings import CollageLayout


class CellRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One image of a window."""

    cell: int
    """The image's number in its window, from 0."""
    row: int | None
    column: int | None
    """Its cell in the collage, counted from 0; None if it has no cell there."""
    identity: str
    url: str
    status: Literal["ok", "failed"]
    attempts: int
    created_at: datetime
    origin: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    sha256: str | None = None
    reason: str | None = None
    passing: bool | None = None
    http_status: int | None = None
    detail: str | None = None


class WindowMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one window's build."""

    schema: Literal[1] = 1
    window_id: str
    creator: str
    display_name: str | None = None
    """How the creator's first row spelled its name; None if that is `creator`."""
    batch_id: str
    trigger: str
    source: str | None = None
    """Where the rows of its batch came from: a path, an ``s3://`` or a ``mysql://`` address."""
    closed_at: datetime
    closed_because: str
    built_at: datetime
    replay: str | None
    lambda_request_id: str | None = None
    """Id of the request that built it, which every log line of the build has."""
    layout: CollageLayout
    collage_key: str | None
    """None if the window has no image."""
    thumbnail_key: str | None
    collage_sha256: str | None
    width_px: int | None = None
    height_px: int | None = None
    """Size of the collage; None if the window has no image."""
    images: int
    images_ok: int
    images_failed: int
    failures: dict[str, int]
    bytes_downloaded: int
    timings_ms: dict[str, int]
    scaler: str | None = None
    """What scaled its images: ``pic-scale`` or ``Pillow``."""
    cells: list[CellRecord]


def cell_records(event: WindowReady, assembly: Assembly) -> list[CellRecord]:
    """Return one record per image of the window."""
    arrangement = assembly.arrangement
    return [
        _record(outcome, arrangement.position(outcome.cell), image.created_at)
        for image, outcome in zip(event.images, assembly.outcomes, strict=True)
    ]


def _record(
    outcome: CellOutcome, position: tuple[int, int] | tuple[None, None], created_at: datetime
) -> CellRecord:
    row, column = position
    facts, failure = outcome.facts, outcome.failure
    return CellRecord(
        cell=outcome.cell,
        row=row,
        column=column,
        identity=outcome.identity,
        url=outcome.url,
        status="failed" if failure else "ok",
        attempts=outcome.attempts,
        created_at=created_at,
        origin=facts.origin if facts else None,
        format=facts.format if facts else None,
        width=facts.width if facts else None,
        height=facts.height if facts else None,
        bytes=facts.bytes if facts else None,
        sha256=facts.sha256 if facts else None,
        reason=str(failure.reason) if failure else None,
        passing=failure.reason.is_passing if failure else None,
        http_status=failure.status if failure else None,
        detail=(failure.detail or None) if failure else None,
    )


def describe(  # noqa: PLR0913 - one argument per source of facts
    event: WindowReady,
    assembly: Assembly,
    *,
    keys: WindowKeys,
    collage_sha256: str | None,
    built_at: datetime,
    replay: str | None,
    timings_ms: dict[str, int],
    scaler: str | None = None,
    source: str | None = None,
    request_id: str | None = None,
) -> WindowMetadata:
    """Return a window's metadata; without `collage_sha256` that of a window without a collage."""
    has_collage = collage_sha256 is not None
    width_px, height_px = assembly.arrangement.size_px if has_collage else (None, None)
    return WindowMetadata(
        window_id=event.window_id,
        creator=event.creator,
        display_name=event.display_name or None,
        batch_id=event.batch_id,
        trigger=event.trigger,
        source=source,
        closed_at=event.closed_at,
        closed_because=event.closed_because,
        built_at=built_at,
        replay=replay,
        lambda_request_id=request_id,
        layout=event.layout,
        collage_key=keys.collage if has_collage else None,
        thumbnail_key=keys.thumbnail if has_collage else None,
        collage_sha256=collage_sha256,
        width_px=width_px,
        height_px=height_px,
        images=len(event.images),
        images_ok=assembly.images_ok,
        images_failed=len(event.images) - assembly.images_ok,
        failures=assembly.failures,
        bytes_downloaded=assembly.bytes_downloaded,
        timings_ms=timings_ms,
        scaler=scaler,
        cells=cell_records(event, assembly),
    )


def describe_failure(
    window_id: str, outcome: CellOutcome, responses: Sequence[RecordedResponse]
) -> bytes:
    """Return the document of a failed download as JSON; bodies are in base64."""
    failure = outcome.failure
    document = {
        "window_id": window_id,
        "cell": outcome.cell,
        "identity": outcome.identity,
        "reason": failure and str(failure.reason),
        "detail": failure and failure.detail,
        "attempts": outcome.attempts,
        "answers": [
            {
                "url": response.url,
                "status": response.status,
                "headers": response.headers,
                "beginning_base64": base64.b64encode(response.beginning).decode(),
            }
            for response in responses
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2)
