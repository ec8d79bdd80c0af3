"""The calls at which faults are injected in the rendition function, by name.

A photo is written in this order: its claim, its name, the list of its outputs (not if they were
listed before), its end, and that its event is out.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from rendition_lambda.reconcile import LEASE_MARGIN_S
from tests.end_to_end.fault_hook import Fault, FaultKind
from tests.end_to_end.fault_points import ATTEMPTS

TIMEOUT_S = 120
NOW = 0
"""Heals by redelivery alone."""
LEASE = TIMEOUT_S + LEASE_MARGIN_S + 10
"""Heals when the dead worker's lease has expired."""


class Change(StrEnum):
    """What happens to a photo, and so what the function has to do."""

    NEW = "new"
    IMAGE = "image"
    """An image to augment is uploaded."""
    REPLACED = "replaced"
    DELETED = "deleted"
    BROKEN = "broken"
    """The file is no photo."""


@dataclass(frozen=True, kw_only=True)
class PhotoPoint:
    """A fault during a change, and the seconds after which its damage heals."""

    change: Change
    fault: Fault
    heals_after_s: int


def _at(  # noqa: PLR0913 - a row of the table
    change: Change,
    call: str,
    kind: FaultKind,
    *where: str,
    heals_after_s: int = NOW,
    skip: int = 0,
    times: int = 1,
) -> PhotoPoint:
    named = ("{name}", *where)
    fault = Fault(function="photos", call=call, kind=kind, where=named, skip=skip, times=times)
    return PhotoPoint(change=change, fault=fault, heals_after_s=heals_after_s)


_BEFORE, _AFTER, _LOSE = FaultKind.KILL_BEFORE, FaultKind.KILL_AFTER, FaultKind.LOSE
_THROTTLE, _REFUSE = FaultKind.THROTTLE, FaultKind.REFUSE_ENTRY
_READ, _WRITE, _EVENT = "dynamodb.GetItem", "dynamodb.PutItem", "eventbridge.PutEvents"
_HEAD, _GET, _STORE = "s3.HeadObject", "s3.GetObject", "s3.PutObject"
_REMOVE, _FORGET = "s3.DeleteObject", "cloudfront.CreateInvalidation"
_CLAIM, _NAME, _LIST, _END, _TOLD = range(5)
_AGAIN_END = 2
"""Number of the write that ends a photo whose outputs were listed before."""
_NO_OUTPUT_END = 1
"""The same if there is nothing to name."""

_NEW = {
    "dies-before-it-reads-the-item": _at(Change.NEW, _READ, _BEFORE),
    "dies-before-its-claim": _at(Change.NEW, _WRITE, _BEFORE, skip=_CLAIM),
    "dies-after-its-claim": _at(Change.NEW, _WRITE, _AFTER, skip=_CLAIM, heals_after_s=LEASE),
    "dies-before-it-reads-the-original": _at(Change.NEW, _GET, _BEFORE, heals_after_s=LEASE),
    "dies-before-it-claims-a-name": _at(
        Change.NEW, _WRITE, _BEFORE, skip=_NAME, heals_after_s=LEASE
    ),
    "dies-after-it-claimed-a-name": _at(
        Change.NEW, _WRITE, _AFTER, skip=_NAME, heals_after_s=LEASE
    ),
    "dies-after-it-listed-its-outputs": _at(
        Change.NEW, _WRITE, _AFTER, skip=_LIST, heals_after_s=LEASE
    ),
    "dies-before-an-output": _at(Change.NEW, _STORE, _BEFORE, "_large", heals_after_s=LEASE),
    "dies-between-two-outputs": _at(Change.NEW, _STORE, _AFTER, "_small", heals_after_s=LEASE),
    "dies-before-it-looks-again": _at(Change.NEW, _HEAD, _BEFORE, skip=1, heals_after_s=LEASE),
    "dies-before-its-end": _at(Change.NEW, _WRITE, _BEFORE, skip=_END, heals_after_s=LEASE),
    "dies-between-end-and-event": _at(Change.NEW, _WRITE, _AFTER, skip=_END),
    "dies-before-its-event": _at(Change.NEW, _EVENT, _BEFORE),
    "dies-after-its-event": _at(Change.NEW, _EVENT, _AFTER),
    "dies-after-its-last-write": _at(Change.NEW, _WRITE, _AFTER, skip=_TOLD),
    "loses-the-answer-to-its-claim": _at(Change.NEW, _WRITE, _LOSE, skip=_CLAIM),
    "loses-all-answers-to-its-claim": _at(
        Change.NEW, _WRITE, _LOSE, skip=_CLAIM, times=ATTEMPTS, heals_after_s=LEASE
    ),
    "loses-the-answer-to-its-name": _at(Change.NEW, _WRITE, _LOSE, skip=_NAME),
    "loses-the-answer-to-its-list": _at(Change.NEW, _WRITE, _LOSE, skip=_LIST),
    "loses-the-answer-to-an-output": _at(Change.NEW, _STORE, _LOSE, "_large"),
    "loses-the-answer-to-its-end": _at(Change.NEW, _WRITE, _LOSE, skip=_END),
    "loses-all-answers-to-its-end": _at(Change.NEW, _WRITE, _LOSE, skip=_END, times=ATTEMPTS),
    "loses-the-answer-of-the-bus": _at(Change.NEW, _EVENT, _LOSE),
    "loses-the-answer-to-its-last-write": _at(Change.NEW, _WRITE, _LOSE, skip=_TOLD),
    "is-throttled-reading-the-item": _at(Change.NEW, _READ, _THROTTLE, times=ATTEMPTS),
    "is-throttled-claiming": _at(Change.NEW, _WRITE, _THROTTLE, skip=_CLAIM, times=ATTEMPTS),
    "is-throttled-reading-the-original": _at(Change.NEW, _GET, _THROTTLE, times=ATTEMPTS),
    "is-throttled-naming": _at(Change.NEW, _WRITE, _THROTTLE, skip=_NAME, times=ATTEMPTS),
    "cannot-store-an-output": _at(Change.NEW, _STORE, _THROTTLE, "_large", times=ATTEMPTS),
    "is-throttled-ending": _at(Change.NEW, _WRITE, _THROTTLE, skip=_END, times=ATTEMPTS),
    "is-throttled-by-the-bus": _at(Change.NEW, _EVENT, _THROTTLE, times=ATTEMPTS),
    "has-its-event-refused": _at(Change.NEW, _EVENT, _REFUSE),
}

_IMAGE = {
    "dies-before-its-manifest": _at(
        Change.IMAGE, _STORE, _BEFORE, "/manifests/", heals_after_s=LEASE
    ),
    "dies-between-manifest-and-end": _at(
        Change.IMAGE, _STORE, _AFTER, "/manifests/", heals_after_s=LEASE
    ),
    "loses-the-answer-to-its-manifest": _at(Change.IMAGE, _STORE, _LOSE, "/manifests/"),
    "cannot-store-its-manifest": _at(
        Change.IMAGE, _STORE, _THROTTLE, "/manifests/", times=ATTEMPTS
    ),
    "dies-between-two-rotations": _at(
        Change.IMAGE, _STORE, _AFTER, "/180-degree/", heals_after_s=LEASE
    ),
}

_REPLACED = {
    "dies-after-its-claim": _at(Change.REPLACED, _WRITE, _AFTER, skip=_CLAIM, heals_after_s=LEASE),
    "dies-between-two-outputs": _at(Change.REPLACED, _STORE, _AFTER, "_small", heals_after_s=LEASE),
    "dies-before-its-end": _at(
        Change.REPLACED, _WRITE, _BEFORE, skip=_AGAIN_END, heals_after_s=LEASE
    ),
    "dies-between-end-and-event": _at(Change.REPLACED, _WRITE, _AFTER, skip=_AGAIN_END),
    "loses-the-answer-to-its-end": _at(Change.REPLACED, _WRITE, _LOSE, skip=_AGAIN_END),
    "cannot-store-an-output": _at(Change.REPLACED, _STORE, _THROTTLE, "_large", times=ATTEMPTS),
}

_DELETED = {
    "dies-before-a-removal": _at(Change.DELETED, _REMOVE, _BEFORE, heals_after_s=LEASE),
    "dies-between-two-removals": _at(Change.DELETED, _REMOVE, _AFTER, skip=1, heals_after_s=LEASE),
    "dies-before-the-cdn-forgets": _at(Change.DELETED, _FORGET, _BEFORE, heals_after_s=LEASE),
    "dies-after-the-cdn-forgot": _at(Change.DELETED, _FORGET, _AFTER, heals_after_s=LEASE),
    "dies-before-its-end": _at(
        Change.DELETED, _WRITE, _BEFORE, skip=_NO_OUTPUT_END, heals_after_s=LEASE
    ),
    "dies-between-end-and-event": _at(Change.DELETED, _WRITE, _AFTER, skip=_NO_OUTPUT_END),
    "loses-the-answer-to-a-removal": _at(Change.DELETED, _REMOVE, _LOSE),
    "loses-the-answer-of-the-cdn": _at(Change.DELETED, _FORGET, _LOSE),
    "is-throttled-removing": _at(Change.DELETED, _REMOVE, _THROTTLE, times=2 * ATTEMPTS),
    "is-throttled-by-the-cdn": _at(Change.DELETED, _FORGET, _THROTTLE, times=ATTEMPTS),
}

_BROKEN = {
    "dies-before-its-end": _at(
        Change.BROKEN, _WRITE, _BEFORE, skip=_NO_OUTPUT_END, heals_after_s=LEASE
    ),
    "dies-between-end-and-event": _at(Change.BROKEN, _WRITE, _AFTER, skip=_NO_OUTPUT_END),
    "loses-the-answer-to-its-end": _at(Change.BROKEN, _WRITE, _LOSE, skip=_NO_OUTPUT_END),
}

PHOTO_POINTS = {
    f"{change}-{name}": point
    for change, points in (
        (Change.NEW, _NEW),
        (Change.IMAGE, _IMAGE),
        (Change.REPLACED, _REPLACED),
        (Change.DELETED, _DELETED),
        (Change.BROKEN, _BROKEN),
    )
    for name, point in points.items()
}

PHOTO_OFTEN = ("new-dies-between-two-outputs", "deleted-dies-between-end-and-event")
"""Those of the normal suite."""


def armed_for(point: PhotoPoint, name: str) -> Fault:
    """Return a point's fault for the photo of a case."""
    where = tuple(text.format(name=name) for text in point.fault.where)
    return dataclasses.replace(point.fault, where=where)
