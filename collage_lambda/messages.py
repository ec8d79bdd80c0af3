"""SQS messages that contain EventBridge's envelope around one of our events. Pure.

The envelope keeps AWS's names, and unknown fields in it are ignored. The detail is decoded
strictly.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from collage_lambda.output.key_template import template_problems
from collage_lambda.reasons import FailureReason
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.events import E_, CoversExpiring, WindowReady, decode_detail
from stream_ingest.contracts.naming import creator_key, split_window_id

MESSAGES_PER_DELIVERY = 5
"""Maximum number of windows in one invocation of the collage function."""
RECEIPTS_TO_SHARE = 3
"""Receipts that a message needs if its window shares an invocation: of fewer, none would be its
own (`collage_lambda.delivery`)."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """EventBridge's envelope around a detail."""

    detail_type: str = msgspec.field(name="detail-type")
    detail: msgspec.Raw
    replay_name: str | None = msgspec.field(name="replay-name", default=None)
    known_failures: dict[str, FailureReason] = msgspec.field(
        name="coverstream-known-failures", default={}
    )


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A window to build; `replay` is the name of the archive replay that requests a rebuild."""

    event: WindowReady
    replay: str | None = None
    known_failures: Mapping[str, FailureReason] = {}
    """By identity: why images failed permanently before; they are not downloaded again."""


def read_message(body: str) -> Message:
    """Return the window in an SQS body; raises `DecodeError` naming what is wrong."""
    envelope, event = _decode(body, WindowReady)
    _check(event)
    return Message(event=event, replay=envelope.replay_name, known_failures=envelope.known_failures)


def read_expiring(body: str) -> CoversExpiring:
    """Return the prefetch request in an SQS body; raises `DecodeError` naming what is wrong."""
    return _decode(body, CoversExpiring)[1]


def _decode(body: str, event: type[E_]) -> tuple[Envelope, E_]:
    try:
        envelope = msgspec.json.decode(body, type=Envelope)
    except msgspec.DecodeError as error:
        msg = f"envelope: {error}"
        raise DecodeError(msg) from error
    if envelope.detail_type != event.detail_type():
        msg = f"envelope: detail-type {envelope.detail_type[:80]!r} is not {event.detail_type()}"
        raise DecodeError(msg)
    return envelope, decode_detail(bytes(envelope.detail), event)


def _check(event: WindowReady) -> None:
    """Raise `DecodeError` if parts of the event contradict each other."""
    key, _ = split_window_id(event.window_id)
    if creator_key(event.creator) != key:
        msg = f"WindowReady: window_id {event.window_id} is not one of {event.creator!r}"
        raise DecodeError(msg)
    if event.closed_at.tzinfo is None:
        msg = "WindowReady: closed_at has no time zone"
        raise DecodeError(msg)
    for problem in template_problems(event.key_template) if event.key_template else ():
        msg = f"WindowReady: key_template {event.key_template!r}: {problem}"
        raise DecodeError(msg)
    if event.images or event.images_key is None:
        check_images(event)


def check_images(event: WindowReady) -> None:
    """Raise `DecodeError` if the number of images contradicts the event or its layout."""
    if len(event.images) != event.image_count:
        msg = f"WindowReady: {len(event.images)} images but image_count is {event.image_count}"
        raise DecodeError(msg)
    if event.image_count > event.layout.cells:
        msg = f"WindowReady: {event.image_count} images do not fit {event.layout.cells} cells"
        raise DecodeError(msg)
