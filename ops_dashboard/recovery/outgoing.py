"""What is sent again for the message of a dead letter, and where. Edge (SQS, Lambda, EventBridge).

A notification is put on its bus again, with a source of its own (`REDRIVE_SOURCE`) that only the
rules of notifications match: the sweeper, the archive and rules of others do not see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.letter_subject import content_of
from stream_ingest.aws import clients
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.errors import DecodeError, TransientError
from stream_ingest.contracts.events import ALARM_CHANGE, REDRIVE_SOURCE, BatchCompleted
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.intake.jobs import Job, encode_continuation

if TYPE_CHECKING:
    import boto3
    from types_boto3_events.type_defs import PutEventsRequestEntryTypeDef

DEFAULT_BUS = "default"
"""Bus on which CloudWatch reports alarms."""


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A body, and the queue that it is for; without a queue, it is for the kind's own target."""

    kind: str
    body: str
    queue_url: str = ""


def outgoing_of(letter: DeadLetter, outputs: StackOutputs, jobs: Sequence[Job] = ()) -> Outgoing:
    """Return what to send for a message; raises `DecodeError` if that is not known.

    `jobs` are those of a letter of the intake (`letter_jobs`).
    """
    kind, body = letter.kind, letter.body
    queues = {
        DeadLetterKind.INTAKE: outputs.request_queue_url,
        DeadLetterKind.PREFETCH: outputs.prefetch_queue_url,
        **({DeadLetterKind.PHOTOS: outputs.photos.queue_url} if outputs.photos else {}),
    }
    windows = {DeadLetterKind.COLLAGE, DeadLetterKind.WINDOW_RULE}
    if kind in queues:
        body = as_continuation(body, jobs)
        return Outgoing(kind=kind, body=body, queue_url=queues[DeadLetterKind(kind)])
    if kind in windows:
        rebuild = as_rebuild(body, f"redrive-{letter.id}")
        return Outgoing(kind=kind, body=rebuild, queue_url=outputs.collage_queue_url)
    if kind == DeadLetterKind.SWEEPER:
        return Outgoing(kind=kind, body=as_call(body))
    if kind == DeadLetterKind.NOTIFICATION:
        event = as_event(body, outputs.bus_name)
        return Outgoing(kind=kind, body=msgspec.json.encode(event).decode())
    msg = f"this release does not know what to do with a dead letter of {kind}"
    raise DecodeError(msg)


def as_continuation(body: str, jobs: Sequence[Job]) -> str:
    """Return the body with which a message of the intake is sent again.

    A request that names no batch has one by the id of its message, which changes. So a job of a
    request that has begun is continued, instead of being read once more as another batch.
    """
    requested = [job for job in jobs if job.requested]
    return encode_continuation(requested[0]) if requested else body


def as_call(body: str) -> str:
    """Return the event in Lambda's record of a failed call; any other body is unchanged."""
    event = content_of(body).get("requestPayload")
    return body if event is None else msgspec.json.encode(event).decode()


def as_rebuild(body: str, name: str) -> str:
    """Return a window's message under a replay's name; a body that is not JSON is unchanged."""
    try:
        envelope: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body
    if not isinstance(envelope, dict):
        return body
    return msgspec.json.encode({**envelope, "replay-name": name}).decode()


def as_event(body: str, bus_name: str) -> PutEventsRequestEntryTypeDef:
    """Return the entry that puts the event of a notification on its bus again.

    The body is the event, or what a webhook would have got, which has the event's detail. Raises
    `DecodeError` if it is neither, as the text of an e-mail.
    """
    content = content_of(body)
    detail, kind = content.get("detail"), content.get("detail-type")
    if kind is None and content.get("notice") not in {None, "alarm"}:
        kind = BatchCompleted.detail_type()
    if not isinstance(detail, dict) or kind not in {BatchCompleted.detail_type(), ALARM_CHANGE}:
        msg = "it has no event that could be sent again; see it with `ops-dashboard dlq show`"
        raise DecodeError(msg)
    resources = content.get("resources")
    return {
        "EventBusName": DEFAULT_BUS if kind == ALARM_CHANGE else bus_name,
        "Source": REDRIVE_SOURCE,
        "DetailType": kind,
        "Detail": msgspec.json.encode(detail).decode(),
        "Resources": resources if isinstance(resources, list) else [],
    }


class Sender:
    """Sends what was to be redriven; safe to call from many threads."""

    def __init__(self, session: boto3.Session, outputs: StackOutputs) -> None:
        """Use the session's credentials."""
        self._sweeper = outputs.sweeper_function
        self._sqs = session.client("sqs", config=clients.CONFIG)
        self._functions = session.client("lambda", config=clients.CONFIG)
        self._events = session.client("events", config=clients.CONFIG)

    def send(self, outgoing: Outgoing) -> None:
        """Send it; raises `TransientError` if it should be tried again."""
        if outgoing.queue_url:
            with map_errors(f"send a message to {outgoing.queue_url}"):
                self._sqs.send_message(QueueUrl=outgoing.queue_url, MessageBody=outgoing.body)
        elif outgoing.kind == DeadLetterKind.SWEEPER:
            with map_errors("invoke the sweeper"):
                self._functions.invoke(
                    FunctionName=self._sweeper,
                    InvocationType="Event",
                    Payload=outgoing.body,
                )
        else:
            self._put(msgspec.json.decode(outgoing.body))

    def _put(self, entry: PutEventsRequestEntryTypeDef) -> None:
        with map_errors("put an event"):
            (result,) = self._events.put_events(Entries=[entry])["Entries"]
        if "ErrorCode" in result:
            msg = f"put an event: {result['ErrorCode']}: {result.get('ErrorMessage', '')}"
            raise TransientError(msg)
