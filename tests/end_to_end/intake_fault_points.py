"""The calls at which faults are injected in the intake, by name, while it reads a dropped file.

``{name}`` is in the names of the file and of its batch. A job's first write of the table is its
claim, the second registers the batch.
"""

from __future__ import annotations

from stream_ingest.intake.job_runner import CLAIM_MARGIN_S
from tests.end_to_end.fault_hook import Fault, FaultKind
from tests.end_to_end.fault_points import ATTEMPTS, FaultPoint

TIMEOUT_S = 300
CLAIM = TIMEOUT_S + CLAIM_MARGIN_S + 10
"""Heals when the dead invocation's claim is over."""


def _at(
    call: str,
    kind: FaultKind,
    *where: str,
    heals_after_s: int = 0,
    skip: int = 0,
    times: int = 1,
) -> FaultPoint:
    named = ("{batch}", *where)
    fault = Fault(function="intake", call=call, kind=kind, where=named, skip=skip, times=times)
    return FaultPoint(fault=fault, heals_after_s=heals_after_s)


_BEFORE, _AFTER, _LOSE = FaultKind.KILL_BEFORE, FaultKind.KILL_AFTER, FaultKind.LOSE
_THROTTLE = FaultKind.THROTTLE
_PUT, _UPDATE, _STORE = "dynamodb.PutItem", "dynamodb.UpdateItem", "s3.PutObject"
_COPY, _DELETE = "s3.CopyObject", "s3.DeleteObject"
_CHUNK, _RECORDED, _ENDED = "/processing/intake/", "trouble", '"ended"'

INTAKE_POINTS = {
    "intake-dies-before-its-claim": _at(_PUT, _BEFORE),
    "intake-dies-after-its-claim": _at(_PUT, _AFTER, heals_after_s=CLAIM),
    "intake-dies-before-it-registers": _at(_PUT, _BEFORE, skip=1, heals_after_s=CLAIM),
    "intake-dies-after-it-registered": _at(_PUT, _AFTER, skip=1, heals_after_s=CLAIM),
    "intake-dies-before-it-stores-a-chunk": _at(_STORE, _BEFORE, _CHUNK, heals_after_s=CLAIM),
    "intake-dies-between-storing-and-recording-a-chunk": _at(
        _STORE, _AFTER, _CHUNK, heals_after_s=CLAIM
    ),
    "intake-dies-between-recording-and-sending-a-chunk": _at(
        _UPDATE, _AFTER, _RECORDED, heals_after_s=CLAIM
    ),
    "intake-dies-before-it-archives": _at(_COPY, _BEFORE, heals_after_s=CLAIM),
    "intake-dies-between-archiving-and-removing": _at(_COPY, _AFTER, heals_after_s=CLAIM),
    "intake-dies-after-it-removed-the-file": _at(_DELETE, _AFTER, heals_after_s=CLAIM),
    "intake-dies-before-its-end": _at(_UPDATE, _BEFORE, _ENDED, heals_after_s=CLAIM),
    "intake-dies-between-end-and-message": _at(_UPDATE, _AFTER, _ENDED),
    "intake-loses-the-answer-to-its-claim": _at(_PUT, _LOSE),
    "intake-loses-the-answer-to-its-registration": _at(_PUT, _LOSE, skip=1),
    "intake-loses-the-answer-to-a-chunk": _at(_STORE, _LOSE, _CHUNK),
    "intake-loses-the-answer-to-recording-a-chunk": _at(_UPDATE, _LOSE, _RECORDED),
    "intake-loses-the-answer-to-its-archive": _at(_COPY, _LOSE),
    "intake-loses-the-answer-to-a-removal": _at(_DELETE, _LOSE),
    "intake-loses-the-answer-to-its-end": _at(_UPDATE, _LOSE, _ENDED),
    "intake-is-throttled-claiming": _at(_PUT, _THROTTLE, times=ATTEMPTS),
    "intake-is-throttled-storing-a-chunk": _at(_STORE, _THROTTLE, _CHUNK, times=ATTEMPTS),
    "intake-is-throttled-ending": _at(_UPDATE, _THROTTLE, _ENDED, times=ATTEMPTS),
}
INTAKE_OFTEN = ("intake-dies-between-recording-and-sending-a-chunk",)
"""Those of the normal suite."""
