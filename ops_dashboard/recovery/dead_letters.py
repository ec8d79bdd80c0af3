"""What could not be done, in one list, and its way back. Edge (SQS, S3, Lambda).

=============  =====================================  ===========================================
kind           what it is                             redrive
=============  =====================================  ===========================================
``collage``    a window whose message failed thrice   its message again, as a rebuild
``window-rule``an event that never reached the queue  its message again, as a rebuild
``sweeper``    an invocation of the sweeper           the invocation again
``intake``     a request, or a file that was dropped  its message again: the file is gone on with
``prefetch``   covers that were to be prefetched      its message again: what is at risk then
``stream``     records that Lambda gave up folding    their rows again, as a new batch
``record``     a record that could not be read        its rows again, if this version can read it
=============  =====================================  ===========================================
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.stack import StackOutputs
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.object_keys import FAILED_BATCHES_PREFIX, QUARANTINE_PREFIX
from stream_ingest.records.codec import PackedRecord, unpack

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

_LOOK_S = 30
_MAX_RECEIVE = 10


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that could not be done."""

    kind: str
    id: str
    """SQS message id, or S3 key."""
    when: str
    why: str
    tries: int
    window_id: str | None = None
    batch_id: str | None = None
    rows: int = 0


class HeldMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message received from a dead-letter queue, hidden from others for `_LOOK_S` seconds."""

    letter: DeadLetter
    queue_url: str
    receipt: str
    body: str


class DeadLetterQueues:
    """The dead-letter queues of one stack."""

    def __init__(self, sqs: SQSClient, outputs: StackOutputs) -> None:
        """Look into the queues that the stack's outputs name."""
        self._sqs, self._outputs = sqs, outputs

    def messages(self) -> list[HeldMessage]:
        """Return every message of every queue, hidden from others for a while; `show` ends that."""
        return [
            held
            for kind, url in sorted(self._outputs.dead_letter_urls.items())
            for held in self._receive_all(kind, url)
        ]

    def show(self, messages: list[HeldMessage]) -> None:
        """Let others see messages again at once."""
        for held in messages:
            with map_errors("show a dead letter again"):
                self._sqs.change_message_visibility(
                    QueueUrl=held.queue_url, ReceiptHandle=held.receipt, VisibilityTimeout=0
                )

    def delete(self, held: HeldMessage) -> None:
        """Delete a message that was sent on."""
        with map_errors("delete a dead letter"):
            self._sqs.delete_message(QueueUrl=held.queue_url, ReceiptHandle=held.receipt)

    def _receive_all(self, kind: str, url: str) -> Iterator[HeldMessage]:
        while True:
            with map_errors(f"look into the {kind} dead-letter queue"):
                answer = self._sqs.receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=_MAX_RECEIVE,
                    VisibilityTimeout=_LOOK_S,
                    MessageSystemAttributeNames=["All"],
                    MessageAttributeNames=["All"],
                )
            messages = answer.get("Messages", [])
            for message in messages:
                yield HeldMessage(
                    letter=read_message(kind, message),
                    queue_url=url,
                    receipt=message["ReceiptHandle"],
                    body=message["Body"],
                )
            if not messages:
                return


class FailedRecords:
    """Records that were given up on, in the stack's buckets."""

    def __init__(self, s3: S3Client, outputs: StackOutputs) -> None:
        """Look into the buckets that the stack's outputs name."""
        self._s3, self._outputs = s3, outputs

    def letters(self) -> Iterator[DeadLetter]:
        """Yield what is in both places; objects that are neither are left out."""
        for key, body in self._objects(QUARANTINE_PREFIX):
            if not key.endswith(".redriven"):
                yield read_poison(key, body)
        for key, body in self._objects(FAILED_BATCHES_PREFIX):
            yield read_failed_batch(key, body)

    def records(self, key: str) -> list[PackedRecord]:
        """Return the records in an object; `DecodeError` where this version cannot read them."""
        body = self._body(key)
        if key.startswith(QUARANTINE_PREFIX):
            return [_unpacked(str(body["data"]))]
        event = msgspec.json.decode(str(body["payload"]))
        return [_unpacked(each["kinesis"]["data"]) for each in event["Records"]]

    def delete(self, key: str) -> None:
        """Delete an object whose rows were sent again."""
        with map_errors(f"delete {key}"):
            self._s3.delete_object(Bucket=self._outputs.output_bucket, Key=key)

    def _objects(self, prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._outputs.output_bucket, Prefix=prefix
        )
        with map_errors(f"list {prefix}"):
            for page in pages:
                for item in page.get("Contents", []):
                    yield item["Key"], self._body(item["Key"])

    def _body(self, key: str) -> Mapping[str, Any]:
        with map_errors(f"read {key}"):
            answer = self._s3.get_object(Bucket=self._outputs.output_bucket, Key=key)
            data = answer["Body"].read()
        try:
            body: Mapping[str, Any] = msgspec.json.decode(data, type=dict)
        except msgspec.DecodeError as error:
            msg = f"{key}: {error}"
            raise DecodeError(msg) from error
        return body


def read_message(kind: str, message: MessageTypeDef) -> DeadLetter:
    """Return what a dead message is; never raises for any body. Pure."""
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


_DEFAULT_REASON = {
    "collage": "every try to build it failed; the window says why",
    "window-rule": "EventBridge could not deliver it to the collage queue",
    "sweeper": "every try of this invocation failed",
    "intake": "every try to read its file failed",
    "prefetch": "every try to prefetch these covers failed; the sweeper asks for them again",
}


def _detail(body: str, name: str) -> str | None:
    """Return a text of an event's detail, None where there is none."""
    try:
        envelope = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    detail = envelope.get("detail") if isinstance(envelope, dict) else None
    value = detail.get(name) if isinstance(detail, dict) else None
    return value if isinstance(value, str) else None


def read_poison(key: str, body: Mapping[str, Any]) -> DeadLetter:
    """Return what a quarantined record is. Pure."""
    day = "-".join(key.removeprefix(QUARANTINE_PREFIX).split("/")[:3])
    return DeadLetter(kind="record", id=key, when=day, why=str(body.get("reason", "")), tries=1)


def read_failed_batch(key: str, body: Mapping[str, Any]) -> DeadLetter:
    """Return what Lambda's record of a failed batch is (AWS's `KinesisBatchInfo`). Pure."""
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


def _unpacked(data: str) -> PackedRecord:
    try:
        return unpack(base64.b64decode(data, validate=True))
    except binascii.Error as error:
        msg = f"record: {error}"
        raise DecodeError(msg) from error
