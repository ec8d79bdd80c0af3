"""Rebuilds of chosen windows, through the collage queue. Edge (SQS, S3, DynamoDB).

EventBridge's replay rebuilds a time range; this rebuilds chosen windows in the same way. A message
is the event as the table has it, with a `replay-name` of ours. The collage function applies each
name once to each window, so sending a window twice has no effect.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from collage_lambda.output.keys import keys_of
from collage_lambda.reasons import FailureReason
from ops_dashboard.inspect.window_metadata import read_metadata
from ops_dashboard.inspect.windows import WindowReader
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.request_groups import group_by_weight
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.windowing.overflow import fitting_detail

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

_MAX_MESSAGES = 10
_MAX_BATCH_BYTES = 900_000
"""SendMessageBatch takes 10 messages and 1 MiB in all."""


class RebuildMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The message that rebuilds a window; `body` is None if the window's event has expired."""

    window_id: str
    body: str | None


class RebuildReport(msgspec.Struct, frozen=True, kw_only=True):
    """Windows that were sent, and windows whose event has expired."""

    sent: list[str]
    expired: list[str]


class Rebuild:
    """Sends windows of one stack to be built again."""

    def __init__(
        self, reader: WindowReader, sqs: SQSClient, s3: S3Client, outputs: StackOutputs
    ) -> None:
        """Work on one stack."""
        self._reader, self._sqs, self._s3, self._outputs = reader, sqs, s3, outputs

    def send(
        self, window_ids: Iterable[str], name: str, *, skip_permanent: bool = False
    ) -> RebuildReport:
        """Send windows under a replay's `name`.

        With `skip_permanent`, images that failed permanently in the last build are not downloaded
        again.
        """
        sent: list[str] = []
        expired: list[str] = []
        messages = (self._message(each, name, skip_permanent=skip_permanent) for each in window_ids)
        for group in message_batches(messages):
            self._send([each.body for each in group if each.body is not None])
            for each in group:
                (expired if each.body is None else sent).append(each.window_id)
        return RebuildReport(sent=sent, expired=expired)

    def _message(self, window_id: str, name: str, *, skip_permanent: bool) -> RebuildMessage:
        event = self._reader.event(window_id)
        if event is None:
            return RebuildMessage(window_id=window_id, body=None)
        skipped = self._permanent_failures(event) if skip_permanent else {}
        return RebuildMessage(window_id=window_id, body=self._envelope(event, name, skipped))

    def _permanent_failures(self, event: WindowReady) -> dict[str, str]:
        """Return the identities that failed permanently in the last build, with the reason."""
        key = keys_of(event).metadata
        metadata = read_metadata(self._s3, self._outputs.output_bucket, key)
        if metadata is None:
            return {}  # it was never built
        return {
            cell.identity: cell.reason
            for cell in metadata.cells
            if cell.reason and not FailureReason(cell.reason).is_passing
        }

    def _envelope(self, event: WindowReady, name: str, skipped: dict[str, str]) -> str:
        """Return the event in EventBridge's envelope, as a replay would deliver it."""
        envelope: dict[str, Any] = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": event.detail_type(),
            "source": "coverstream.operator",
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._outputs.region,
            "resources": [],
            "replay-name": name,
            **({"coverstream-known-failures": skipped} if skipped else {}),
            "detail": msgspec.Raw(
                fitting_detail(event, self._s3, self._outputs.temp_bucket).encode()
            ),
        }
        return msgspec.json.encode(envelope).decode()

    def _send(self, bodies: list[str]) -> None:
        if not bodies:
            return
        with map_errors("send windows to the collage queue"):
            answer = self._sqs.send_message_batch(
                QueueUrl=self._outputs.collage_queue_url,
                Entries=[
                    {"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)
                ],
            )
        if answer.get("Failed"):
            msg = f"the collage queue rejected {len(answer['Failed'])} windows; run this again"
            raise TransientError(msg)


def message_batches(messages: Iterable[RebuildMessage]) -> Iterator[list[RebuildMessage]]:
    """Group messages into batches that SendMessageBatch takes."""
    return group_by_weight(
        messages,
        weigh=lambda message: len((message.body or "").encode()),
        max_count=_MAX_MESSAGES,
        max_weight=_MAX_BATCH_BYTES,
    )
