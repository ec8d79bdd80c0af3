"""The calls at which faults are injected in a function, by name, and when their damage heals.

Each is one AWS call: from outside, a process can only die between two of them. ``{creator}`` and
``{batch}`` are those of the test case.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from collage_lambda.worker import LEASE_MARGIN_S
from stream_ingest.contracts.window_lifecycle import OUTBOX_DELAY_S
from tests.end_to_end.fault_hook import Fault, FaultKind

ATTEMPTS = 5
"""How often botocore tries a call, as set in the functions' wirings."""
COLLAGE_TIMEOUT_S = 120
NOW = 0
"""Heals by redelivery alone."""
OUTBOX = OUTBOX_DELAY_S + 10
"""Heals when the sweeper finds windows that are still ``ready``."""
LEASE = COLLAGE_TIMEOUT_S + LEASE_MARGIN_S + 10
"""Heals when the dead worker's lease has expired."""
FEW = 5
"""Too few covers to close a window: the creator's state is put without a transaction."""
MANY = 40


@dataclass(frozen=True, kw_only=True)
class FaultPoint:
    """A fault, the seconds after which its damage heals, and how many covers to push.

    `may_lack` are the events that the batch may end without.
    """

    fault: Fault
    heals_after_s: int = NOW
    covers: int = MANY
    may_lack: frozenset[str] = frozenset()


def _at(  # noqa: PLR0913 - a row of the table
    function: str,
    call: str,
    kind: FaultKind,
    *where: str,
    heals_after_s: int = NOW,
    times: int = 1,
    skip: int = 0,
    covers: int = MANY,
) -> FaultPoint:
    fault = Fault(function=function, call=call, kind=kind, where=where, times=times, skip=skip)
    return FaultPoint(fault=fault, heals_after_s=heals_after_s, covers=covers)


def _windowing(call: str, kind: FaultKind, *where: str, **more: int) -> FaultPoint:
    return _at("windowing", call, kind, *where, **more)


def _sweeper(call: str, kind: FaultKind, *where: str, **more: int) -> FaultPoint:
    return _at("sweeper", call, kind, *where, **more)


def _collage(call: str, kind: FaultKind, *where: str, **more: int) -> FaultPoint:
    return _at("collage", call, kind, *where, **more)


_BEFORE, _AFTER, _LOSE = FaultKind.KILL_BEFORE, FaultKind.KILL_AFTER, FaultKind.LOSE
_THROTTLE, _REFUSE = FaultKind.THROTTLE, FaultKind.REFUSE_ENTRY
_GET, _PUT, _UPDATE = "dynamodb.BatchGetItem", "dynamodb.PutItem", "dynamodb.UpdateItem"
_TRANSACT, _QUERY = "dynamodb.TransactWriteItems", "dynamodb.Query"
_EVENTS, _OBJECT = "eventbridge.PutEvents", "s3.PutObject"
_CREATOR, _BATCH, _LIST = "{creator}", "{batch}", "images#"
_SHARED = "/originals/shared/"
"""Originals of windows that come in one delivery: three of four do, the last comes by itself."""

WINDOWING = {
    "dies-before-it-reads-states": _windowing(_GET, _BEFORE, _CREATOR),
    "dies-before-its-image-list": _windowing(_PUT, _BEFORE, _CREATOR, _LIST),
    "dies-before-its-transaction": _windowing(_TRANSACT, _BEFORE, _CREATOR),
    "dies-between-transaction-and-events": _windowing(
        _TRANSACT, _AFTER, _CREATOR, heals_after_s=OUTBOX
    ),
    "dies-between-events-and-marks": _windowing(_EVENTS, _AFTER, _CREATOR),
    "dies-between-two-marks": _windowing(_UPDATE, _BEFORE, _CREATOR, ":queued", skip=1),
    "dies-after-its-last-mark": _windowing(_UPDATE, _AFTER, _CREATOR, ":queued", skip=2),
    "dies-before-it-puts-a-state": _windowing(_PUT, _BEFORE, _CREATOR, covers=FEW),
    "dies-after-it-put-a-state": _windowing(_PUT, _AFTER, _CREATOR, covers=FEW),
    "dies-before-it-notes-the-end": _windowing(_UPDATE, _BEFORE, _BATCH, "drained"),
    "dies-between-noting-and-telling-the-end": dataclasses.replace(
        _windowing(_EVENTS, _BEFORE, _BATCH, "BatchDrained"),
        may_lack=frozenset({"BatchDrained"}),  # a sweep may end the batch before the redelivery
    ),
    "loses-an-answer-to-its-image-list": _windowing(_PUT, _LOSE, _CREATOR, _LIST),
    "loses-all-answers-to-its-image-list": _windowing(_PUT, _LOSE, _CREATOR, _LIST, times=ATTEMPTS),
    "loses-an-answer-to-its-transaction": _windowing(_TRANSACT, _LOSE, _CREATOR),
    "loses-all-answers-to-its-transaction": _windowing(
        _TRANSACT, _LOSE, _CREATOR, times=ATTEMPTS, heals_after_s=OUTBOX
    ),
    "loses-an-answer-to-a-put": _windowing(_PUT, _LOSE, _CREATOR, covers=FEW),
    "loses-all-answers-to-a-put": _windowing(_PUT, _LOSE, _CREATOR, covers=FEW, times=ATTEMPTS),
    "loses-an-answer-of-the-bus": _windowing(_EVENTS, _LOSE, _CREATOR),
    "loses-an-answer-to-its-note-of-the-end": _windowing(_UPDATE, _LOSE, _BATCH, "drained"),
    "is-throttled-reading": _windowing(_GET, _THROTTLE, _CREATOR, times=ATTEMPTS),
    "is-throttled-in-its-transaction": _windowing(_TRANSACT, _THROTTLE, _CREATOR, times=ATTEMPTS),
    "is-throttled-in-a-put": _windowing(_PUT, _THROTTLE, _CREATOR, times=ATTEMPTS, covers=FEW),
    "is-throttled-marking": _windowing(_UPDATE, _THROTTLE, _CREATOR, ":queued", times=3 * ATTEMPTS),
    "is-throttled-by-the-bus": _windowing(
        _EVENTS, _THROTTLE, _CREATOR, times=ATTEMPTS, heals_after_s=OUTBOX
    ),
    "is-left-with-unread-keys": _windowing(_GET, FaultKind.LEAVE_KEYS, _CREATOR, times=3),
    "has-one-event-of-three-refused": _windowing(_EVENTS, _REFUSE, _CREATOR, heals_after_s=OUTBOX),
}

COLLAGE = {
    "dies-before-its-claim": _collage(_UPDATE, _BEFORE, _CREATOR, ":processing"),
    "dies-after-its-claim": _collage(_UPDATE, _AFTER, _CREATOR, ":processing", heals_after_s=LEASE),
    "dies-between-download-and-upload": _collage(
        _OBJECT, _BEFORE, "/originals/", _CREATOR, heals_after_s=LEASE
    ),
    "dies-between-originals-and-outputs": _collage(
        _OBJECT, _AFTER, "/originals/", _CREATOR, heals_after_s=LEASE
    ),
    "dies-before-a-pack-that-windows-share": _collage(
        _OBJECT, _BEFORE, _SHARED, heals_after_s=LEASE
    ),
    "dies-between-a-pack-and-its-windows": _collage(_OBJECT, _AFTER, _SHARED, heals_after_s=LEASE),
    "loses-the-answer-to-a-pack": _collage(_OBJECT, _LOSE, _SHARED),
    "cannot-store-a-pack": _collage(_OBJECT, _THROTTLE, _SHARED, times=ATTEMPTS),
    "dies-between-metadata-and-collage": _collage(
        _OBJECT, _BEFORE, "/collages/2", _CREATOR, heals_after_s=LEASE
    ),
    "dies-between-collage-and-copy": _collage(
        _OBJECT, _AFTER, "/collages/2", _CREATOR, heals_after_s=LEASE
    ),
    "dies-between-upload-and-event": _collage(_EVENTS, _BEFORE, _CREATOR, heals_after_s=LEASE),
    "dies-between-event-and-status": _collage(_EVENTS, _AFTER, _CREATOR, heals_after_s=LEASE),
    "dies-between-status-and-message": _collage(_UPDATE, _AFTER, _CREATOR, "completed_at"),
    "loses-the-answer-to-its-claim": _collage(
        _UPDATE, _LOSE, _CREATOR, ":processing", heals_after_s=LEASE
    ),
    "loses-the-answer-to-its-collage": _collage(_OBJECT, _LOSE, "/collages/2", _CREATOR),
    "loses-the-answer-to-its-end": _collage(_UPDATE, _LOSE, _CREATOR, "completed_at"),
    "loses-the-answer-of-the-bus": _collage(_EVENTS, _LOSE, _CREATOR),
    "is-throttled-claiming": _collage(_UPDATE, _THROTTLE, _CREATOR, ":processing", times=ATTEMPTS),
    "is-throttled-ending": _collage(_UPDATE, _THROTTLE, _CREATOR, "completed_at", times=ATTEMPTS),
    "cannot-store-originals": _collage(_OBJECT, _THROTTLE, "/originals/", _CREATOR, times=ATTEMPTS),
    "cannot-store-a-thumbnail": _collage(
        _OBJECT, _THROTTLE, "/thumbnails/", _CREATOR, times=ATTEMPTS
    ),
    "cannot-store-a-collage": _collage(_OBJECT, _THROTTLE, "/collages/2", _CREATOR, times=ATTEMPTS),
    "cannot-store-a-copy": _collage(
        _OBJECT, _THROTTLE, "/collages/by-creator/", _CREATOR, times=ATTEMPTS
    ),
    "has-its-event-refused": _collage(_EVENTS, _REFUSE, _CREATOR),
}

SWEEPER = {
    "dies-before-it-flushes": _sweeper(_TRANSACT, _BEFORE, _CREATOR),
    "dies-between-flush-and-events": _sweeper(_TRANSACT, _AFTER, _CREATOR, heals_after_s=OUTBOX),
    "dies-between-flush-and-its-status": _sweeper(_UPDATE, _BEFORE, _BATCH, "flushed"),
    "dies-after-the-status-flushed": _sweeper(_UPDATE, _AFTER, _BATCH, "flushed"),
    "dies-between-telling-and-noting-the-end": _sweeper(_EVENTS, _AFTER, _BATCH, "BatchCompleted"),
    "dies-after-noting-the-end": _sweeper(_UPDATE, _AFTER, _BATCH, '"ended"'),
    "loses-all-answers-to-a-flush": _sweeper(
        _TRANSACT, _LOSE, _CREATOR, times=ATTEMPTS, heals_after_s=OUTBOX
    ),
    "is-throttled-looking-for-what-is-due": _sweeper(
        _QUERY, _THROTTLE, "due_shard", times=ATTEMPTS
    ),
    "has-the-end-refused-by-the-bus": _sweeper(_EVENTS, _REFUSE, _BATCH, "BatchCompleted"),
}

POINTS = {
    f"{function}-{name}": point
    for function, points in (
        ("windowing", WINDOWING),
        ("collage", COLLAGE),
        ("sweeper", SWEEPER),
    )
    for name, point in points.items()
}

OFTEN = (
    "windowing-dies-between-transaction-and-events",
    "windowing-loses-an-answer-to-its-image-list",
    "windowing-loses-an-answer-to-a-put",
    "windowing-has-one-event-of-three-refused",
    "collage-dies-between-upload-and-event",
    "collage-dies-between-a-pack-and-its-windows",
    "sweeper-dies-between-flush-and-events",
)
"""Those of the normal suite."""
