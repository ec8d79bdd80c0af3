"""The places at which a function is struck, by name, and how much time must pass before it heals.

Each is one call of AWS: a process dies between two of them or not at all, as far as anybody can see
from outside. ``{creator}`` and ``{batch}`` stand for those of the case.
"""

from __future__ import annotations

from dataclasses import dataclass

from collage_lambda.worker import LEASE_MARGIN_S
from stream_ingest.windowing.repository import OUTBOX_DELAY_S
from tests.end_to_end.fault_hook import Fault, Strike

ATTEMPTS = 5
"""How often botocore tries a call, as the functions' wirings say."""
COLLAGE_TIMEOUT_S = 120
NOW = 0
"""It heals by redelivery alone."""
OUTBOX = OUTBOX_DELAY_S + 10
"""It heals once the sweeper finds windows that are still ``ready``."""
LEASE = COLLAGE_TIMEOUT_S + LEASE_MARGIN_S + 10
"""It heals once the dead worker's lease is over."""
FEW = 5
"""Covers that close no window: the creator's state is put without a transaction."""
MANY = 40


@dataclass(frozen=True, kw_only=True)
class FaultPoint:
    """A fault, the seconds after which its damage heals, and how many covers it takes."""

    fault: Fault
    heals_after_s: int = NOW
    covers: int = MANY


def _at(  # noqa: PLR0913 - a row of the table
    function: str,
    call: str,
    strike: Strike,
    *where: str,
    heals_after_s: int = NOW,
    shots: int = 1,
    skip: int = 0,
    covers: int = MANY,
) -> FaultPoint:
    fault = Fault(function=function, call=call, strike=strike, where=where, shots=shots, skip=skip)
    return FaultPoint(fault=fault, heals_after_s=heals_after_s, covers=covers)


def _windowing(call: str, strike: Strike, *where: str, **more: int) -> FaultPoint:
    return _at("windowing", call, strike, *where, **more)


def _sweeper(call: str, strike: Strike, *where: str, **more: int) -> FaultPoint:
    return _at("sweeper", call, strike, *where, **more)


def _collage(call: str, strike: Strike, *where: str, **more: int) -> FaultPoint:
    return _at("collage", call, strike, *where, **more)


_BEFORE, _AFTER, _LOSE = Strike.KILL_BEFORE, Strike.KILL_AFTER, Strike.LOSE
_THROTTLE, _REFUSE = Strike.THROTTLE, Strike.REFUSE_ENTRY
_GET, _PUT, _UPDATE = "dynamodb.BatchGetItem", "dynamodb.PutItem", "dynamodb.UpdateItem"
_TRANSACT, _QUERY = "dynamodb.TransactWriteItems", "dynamodb.Query"
_EVENTS, _OBJECT = "eventbridge.PutEvents", "s3.PutObject"
_CREATOR, _BATCH = "{creator}", "{batch}"

WINDOWING = {
    "dies-before-it-reads-states": _windowing(_GET, _BEFORE, _CREATOR),
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
    "dies-between-noting-and-telling-the-end": _windowing(_EVENTS, _BEFORE, _BATCH, "BatchDrained"),
    "loses-an-answer-to-its-transaction": _windowing(_TRANSACT, _LOSE, _CREATOR),
    "loses-all-answers-to-its-transaction": _windowing(
        _TRANSACT, _LOSE, _CREATOR, shots=ATTEMPTS, heals_after_s=OUTBOX
    ),
    "loses-an-answer-to-a-put": _windowing(_PUT, _LOSE, _CREATOR, covers=FEW),
    "loses-all-answers-to-a-put": _windowing(_PUT, _LOSE, _CREATOR, covers=FEW, shots=ATTEMPTS),
    "loses-an-answer-of-the-bus": _windowing(_EVENTS, _LOSE, _CREATOR),
    "loses-an-answer-to-its-note-of-the-end": _windowing(_UPDATE, _LOSE, _BATCH, "drained"),
    "is-throttled-reading": _windowing(_GET, _THROTTLE, _CREATOR, shots=ATTEMPTS),
    "is-throttled-in-its-transaction": _windowing(_TRANSACT, _THROTTLE, _CREATOR, shots=ATTEMPTS),
    "is-throttled-in-a-put": _windowing(_PUT, _THROTTLE, _CREATOR, shots=ATTEMPTS, covers=FEW),
    "is-throttled-marking": _windowing(_UPDATE, _THROTTLE, _CREATOR, ":queued", shots=3 * ATTEMPTS),
    "is-throttled-by-the-bus": _windowing(
        _EVENTS, _THROTTLE, _CREATOR, shots=ATTEMPTS, heals_after_s=OUTBOX
    ),
    "is-left-with-unread-keys": _windowing(_GET, Strike.LEAVE_KEYS, _CREATOR, shots=3),
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
    "is-throttled-claiming": _collage(_UPDATE, _THROTTLE, _CREATOR, ":processing", shots=ATTEMPTS),
    "is-throttled-ending": _collage(_UPDATE, _THROTTLE, _CREATOR, "completed_at", shots=ATTEMPTS),
    "cannot-store-originals": _collage(_OBJECT, _THROTTLE, "/originals/", _CREATOR, shots=ATTEMPTS),
    "cannot-store-a-thumbnail": _collage(
        _OBJECT, _THROTTLE, "/thumbnails/", _CREATOR, shots=ATTEMPTS
    ),
    "cannot-store-a-collage": _collage(_OBJECT, _THROTTLE, "/collages/2", _CREATOR, shots=ATTEMPTS),
    "cannot-store-a-copy": _collage(
        _OBJECT, _THROTTLE, "/collages/by-creator/", _CREATOR, shots=ATTEMPTS
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
        _TRANSACT, _LOSE, _CREATOR, shots=ATTEMPTS, heals_after_s=OUTBOX
    ),
    "is-throttled-looking-for-what-is-due": _sweeper(
        _QUERY, _THROTTLE, "due_shard", shots=ATTEMPTS
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
    "windowing-loses-an-answer-to-a-put",
    "windowing-has-one-event-of-three-refused",
    "collage-dies-between-upload-and-event",
    "sweeper-dies-between-flush-and-events",
)
"""Those of the normal suite."""
