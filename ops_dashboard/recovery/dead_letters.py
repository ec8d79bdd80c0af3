"""Dead letters: messages and records that could not be processed. Pure.

================  ====================================  ==========================================
kind              what failed                           redrive sends
================  ====================================  ==========================================
``collage``       a window's message, on every receipt  its message again, as a rebuild
``window-rule``   an event not delivered to the queue   its message again, as a rebuild
``sweeper``       an asynchronous call of the sweeper   the invocation again
``intake``        a request, or a dropped file          its message again; the file is continued
``prefetch``      a request to prefetch covers          its message again
``notification``  an event not delivered to a webhook   its event again, to the webhook and all
                  or topic                              addresses
``stream``        a batch of records that Lambda        their rows again, as a new batch
                  discarded
``record``        a record that could not be processed  its rows again, if they can be decoded by
                                                        now
================  ====================================  ==========================================
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from ops_dashboard.recovery.letter_subject import content_of, subject_of
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.object_keys import QUARANTINE_PREFIX

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef

REF_DIGITS = 10
_DEFAULT_REASON: Mapping[str, str] = {
    DeadLetterKind.COLLAGE: "every attempt to build it failed; the window has the reason",
    DeadLetterKind.WINDOW_RULE: "EventBridge could not deliver it to the collage queue",
    DeadLetterKind.SWEEPER: "every attempt of this invocation failed",
    DeadLetterKind.INTAKE: "every attempt to read its file failed",
    DeadLetterKind.PREFETCH: (
        "every attempt to prefetch these covers failed; the sweeper requests them again"
    ),
    DeadLetterKind.PHOTOS: "every attempt to render it failed",
    DeadLetterKind.NOTIFICATION: "the webhook or topic did not accept it for a day",
}


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One message, record or batch of records that could not be processed."""

    kind: str
    ref: str
    """Short id by which commands name it: 10 hexadecimal digits, from `id`."""
    id: str
    """SQS message id, or S3 key."""
    when: str
    why: str
    tries: int | None
    """Attempts of Lambda, EventBridge or the function before it became a dead letter, which looking
    at it does not change; None if nobody counted them."""
    about: str
    """The window, file, request or batch that it is about, for people."""
    window_id: str | None = None
    batch_id: str | None = None
    file: str | None = None
    """Address of the file that was to be read: ``s3://bucket/key``."""
    bucket: str | None = None
    """Bucket of records; None for a message."""
    rows: int = 0
    """Number of records; 0 for a message."""
    body: str = ""
    """The message, or what is stored about the records, without their data."""

    def is_named_by(self, names: Collection[str]) -> bool:
        """Return whether one of `names` is this letter's `ref` or `id`."""
        return self.ref in names or self.id in names


def ref_of(letter_id: str) -> str:
    """Return the short id of a dead letter."""
    return hashlib.sha256(letter_id.encode()).hexdigest()[:REF_DIGITS]


def read_message(kind: str, message: MessageTypeDef, max_receives: int | None = None) -> DeadLetter:
    """Return the dead letter of an SQS message; never raises, whatever its body is.

    SQS's count of receipts rises with each look, so it is not used. A queue moves a message after
    `max_receives` receipts, which are as many attempts.
    """
    attributes = message.get("Attributes", {})
    own = {
        name: value.get("StringValue", "")
        for name, value in message.get("MessageAttributes", {}).items()
    }
    sent_s = int(attributes.get("SentTimestamp", "0")) / 1000
    content = content_of(message["Body"])
    subject = subject_of(kind, content)
    return DeadLetter(
        kind=kind,
        ref=ref_of(message["MessageId"]),
        id=message["MessageId"],
        when=datetime.fromtimestamp(sent_s, UTC).isoformat(timespec="seconds"),
        why=_reason(kind, own, content),
        tries=_tries(own, content, max_receives),
        about=subject.text or f"a message to {kind}",
        window_id=subject.window_id,
        batch_id=subject.batch_id,
        file=subject.file,
        body=message["Body"],
    )


def _reason(kind: str, own: Mapping[str, str], content: Mapping[str, Any]) -> str:
    """Return why a message failed: from EventBridge, the intake, or Lambda's record of a call."""
    response = content.get("responsePayload")
    error = response.get("errorMessage") if isinstance(response, dict) else None
    known = own.get("ERROR_MESSAGE") or own.get("ErrorMessage") or error
    return str(known or _DEFAULT_REASON.get(kind, "it failed on every attempt"))


def _tries(
    own: Mapping[str, str], content: Mapping[str, Any], max_receives: int | None
) -> int | None:
    counted = own.get("RETRY_ATTEMPTS", "")
    if counted.isdecimal():
        return int(counted)
    context = content.get("requestContext")
    invoked = context.get("approximateInvokeCount") if isinstance(context, dict) else None
    return invoked if isinstance(invoked, int) else max_receives


def read_poison(key: str, body: Mapping[str, Any], batches: tuple[str, ...] = ()) -> DeadLetter:
    """Return the dead letter of a quarantined record; `batches` if it can be decoded."""
    day = "-".join(key.removeprefix(QUARANTINE_PREFIX).split("/")[:3])
    return DeadLetter(
        kind="record",
        ref=ref_of(key),
        id=key,
        when=day,
        why=str(body.get("reason", "")),
        tries=None,
        about=_records(1, batches),
        batch_id=batches[0] if batches else None,
        rows=1,
        body=_shown(body, "data"),
    )


def read_failed_batch(
    key: str, body: Mapping[str, Any], batches: tuple[str, ...] = ()
) -> DeadLetter:
    """Return the dead letter of a batch that Lambda gave up on (AWS's `KinesisBatchInfo`)."""
    context, batch = _dict(body.get("requestContext")), _dict(body.get("KinesisBatchInfo"))
    tries, rows = context.get("approximateInvokeCount"), batch.get("batchSize")
    count = rows if isinstance(rows, int) else 0
    return DeadLetter(
        kind="stream",
        ref=ref_of(key),
        id=key,
        when=str(body.get("timestamp", "")),
        why=f"{context.get('condition', 'unknown')} on {batch.get('shardId', 'a shard')}",
        tries=tries if isinstance(tries, int) else None,
        about=_records(count, batches),
        batch_id=batches[0] if batches else None,
        rows=count,
        body=_shown(body, "payload"),
    )


def read_unreadable(kind: str, key: str, why: str) -> DeadLetter:
    """Return the dead letter of an object that is not the JSON that it should be."""
    return DeadLetter(kind=kind, ref=ref_of(key), id=key, when="", why=why, tries=None, about=key)


def _records(count: int, batches: tuple[str, ...]) -> str:
    records = "1 record" if count == 1 else f"{count:,} records"
    if not batches:
        return records
    others = f" and {len(batches) - 1:,} others" if len(batches) > 1 else ""
    return f"{records} of batch {batches[0]}{others}"


def _shown(body: Mapping[str, Any], without: str) -> str:
    """Return a document as JSON, without the records themselves."""
    kept = {name: value for name, value in body.items() if name != without}
    return msgspec.json.encode(kept).decode()


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
