"""Dead letters: messages and records that could not be processed. Pure.

==============  =====================================  ===========================================
kind            what failed                            redrive sends
==============  =====================================  ===========================================
``collage``     a window's message, on every receipt   its message again, as a rebuild
``window-rule`` an event not delivered to the queue    its message again, as a rebuild
``sweeper``     an asynchronous call of the sweeper    the invocation again
``intake``      a request, or a dropped file           its message again; the file is continued
``prefetch``    a request to prefetch covers           its message again
``stream``      a batch of records, on every attempt   their rows again, as a new batch
``record``      a record that could not be decoded     its rows again, if they can be decoded by now
==============  =====================================  ===========================================
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest.contracts.object_keys import QUARANTINE_PREFIX

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef

_DEFAULT_REASON = {
    "collage": "every attempt to build it failed; the window has the reason",
    "window-rule": "EventBridge could not deliver it to the collage queue",
    "sweeper": "every attempt of this invocation failed",
    "intake": "every attempt to read its file failed",
    "prefetch": "every attempt to prefetch these covers failed; the sweeper requests them again",
}


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One message, record or batch of records that could not be processed."""

    kind: str
    id: str
    """SQS message id, or S3 key."""
    when: str
    why: str
    tries: int
    window_id: str | None = None
    batch_id: str | None = None
    rows: int = 0


def read_message(kind: str, message: MessageTypeDef) -> DeadLetter:
    """Return the dead letter of an SQS message; never raises, whatever its body is."""
    attributes = message.get("Attributes", {})
    own = {
        name: value.get("StringValue", "")
        for name, value in message.get("MessageAttributes", {}).items()
    }
    sent_s = int(attributes.get("SentTimestamp", "0")) / 1000
    return DeadLetter(
        kind=kind,
        id=message["MessageId"],
        when=datetime.fromtimestamp(sent_s, UTC).isoformat(timespec="seconds"),
        why=own.get("ERROR_MESSAGE") or own.get("ErrorMessage") or _DEFAULT_REASON[kind],
        tries=int(own.get("RETRY_ATTEMPTS") or attributes.get("ApproximateReceiveCount", "0")),
        window_id=_detail(message["Body"], "window_id"),
        batch_id=_detail(message["Body"], "batch_id"),
    )


def _detail(body: str, name: str) -> str | None:
    """Return a text field of an event's detail, None if there is none."""
    try:
        envelope = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    detail = envelope.get("detail") if isinstance(envelope, dict) else None
    value = detail.get(name) if isinstance(detail, dict) else None
    return value if isinstance(value, str) else None


def read_poison(key: str, body: Mapping[str, Any]) -> DeadLetter:
    """Return the dead letter of a quarantined record."""
    day = "-".join(key.removeprefix(QUARANTINE_PREFIX).split("/")[:3])
    return DeadLetter(kind="record", id=key, when=day, why=str(body.get("reason", "")), tries=1)


def read_failed_batch(key: str, body: Mapping[str, Any]) -> DeadLetter:
    """Return the dead letter of a batch that Lambda gave up on (AWS's `KinesisBatchInfo`)."""
    context = body.get("requestContext", {})
    batch = body.get("KinesisBatchInfo", {})
    return DeadLetter(
        kind="stream",
        id=key,
        when=str(body.get("timestamp", "")),
        why=f"{context.get('condition', 'unknown')} on {batch.get('shardId', 'a shard')}",
        tries=int(context.get("approximateInvokeCount", 0)),
        rows=int(batch.get("batchSize", 0)),
    )
