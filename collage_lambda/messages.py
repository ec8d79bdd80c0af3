"""An SQS message: EventBridge's envelope around one of our events. Pure.

The envelope is AWS's and keeps AWS's names; unknown fields in it are AWS's business. The detail is
ours and strict.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from collage_lambda.reasons import FailureReason
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.events import E_, CoversExpiring, WindowReady, decode_detail
from stream_ingest.contracts.naming import creator_key, split_window_id


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What EventBridge puts around a detail."""

    detail_type: str = msgspec.field(name="detail-type")
    detail: msgspec.Raw
    replay_name: str | None = msgspec.field(name="replay-name", default=None)
    spared: dict[str, FailureReason] = msgspec.field(name="coverstream-spared", default={})


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A window to build; `replay` names the archive replay that asks for it to be rebuilt."""

    event: WindowReady
    replay: str | None = None
    spared: Mapping[str, FailureReason] = {}
    """Identities that need not be fetched again, and why they had failed for good before."""


def read_message(body: str) -> Message:
    """Return the window in an SQS body; `DecodeError` names what is wrong with it."""
    envelope, event = _open(body, WindowReady)
    _check(event)
    return Message(event=event, replay=envelope.replay_name, spared=envelope.spared)


def read_expiring(body: str) -> CoversExpiring:
    """Return the prefetch request in an SQS body; `DecodeError` names what is wrong with it."""
    return _open(body, CoversExpiring)[1]


def _open(body: str, event: type[E_]) -> tuple[Envelope, E_]:
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
    """Refuse what types cannot: parts of one event that contradict each other."""
    key, _ = split_window_id(event.window_id)
    if creator_key(event.creator) != key:
        msg = f"WindowReady: window_id {event.window_id} is not one of {event.creator!r}"
        raise DecodeError(msg)
    if event.closed_at.tzinfo is None:
        msg = "WindowReady: closed_at has no time zone"
        raise DecodeError(msg)
    if event.images or event.images_key is None:
        check_images(event)


def check_images(event: WindowReady) -> None:
    """Raise `DecodeError` where an event's images are not as many as it says, or do not fit."""
    if len(event.images) != event.image_count:
        msg = f"WindowReady: {len(event.images)} images where image_count says {event.image_count}"
        raise DecodeError(msg)
    if event.image_count > event.layout.cells:
        msg = f"WindowReady: {event.image_count} images do not fit {event.layout.cells} cells"
        raise DecodeError(msg)
