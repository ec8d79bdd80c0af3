"""Windows are sent to the collage queue again, under a replay's name. Edge (SQS, S3, DynamoDB).

What EventBridge's replay does for a time range, this does for chosen windows: the message is the
archived event as the table has it, with a `replay-name` of ours. The collage Lambda applies each
name once to each window, so sending twice doubles nothing.
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
from stream_ingest.aws.request_groups import grouped
from stream_ingest.aws.stack import StackOutputs
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.windowing.overflow import fitting_detail

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

_MAX_MESSAGES = 10
_MAX_BATCH_BYTES = 900_000
"""SendMessageBatch takes 10 messages and 1 MiB in all."""


class Rebuild:
    """Asks for collages to be built again."""

    def __init__(
        self, reader: WindowReader, sqs: SQSClient, s3: S3Client, outputs: StackOutputs
    ) -> None:
        """Work on one stack."""
        self._reader, self._sqs, self._s3, self._outputs = reader, sqs, s3, outputs

    def ask(
        self, window_ids: Iterable[str], name: str, *, spares: bool = False
    ) -> tuple[list[str], list[str]]:
        """Send windows under a replay `name`; return those sent and those whose event is gone.

        With `spares` the images that failed for good before are not fetched again.
        """
        asked: list[str] = []
        gone: list[str] = []
        bodies = self._bodies(window_ids, name, asked, gone, spares=spares)
        for group in message_batches(bodies):
            self._send(group)
        return asked, gone

    def _bodies(
        self,
        window_ids: Iterable[str],
        name: str,
        asked: list[str],
        gone: list[str],
        *,
        spares: bool,
    ) -> Iterator[str]:
        for window_id in window_ids:
            event = self._reader.event(window_id)
            if event is None:
                gone.append(window_id)
                continue
            asked.append(window_id)
            yield self._envelope(event, name, self._spared(event) if spares else {})

    def _spared(self, event: WindowReady) -> dict[str, str]:
        """Return the identities that failed for good in the last build, and why."""
        key = keys_of(event).metadata
        metadata = read_metadata(self._s3, self._outputs.output_bucket, key)
        if metadata is None:
            return {}  # it was never built, so nothing is known to be hopeless
        return {
            cell.identity: cell.reason
            for cell in metadata.cells
            if cell.reason and not FailureReason(cell.reason).is_passing
        }

    def _envelope(self, event: WindowReady, name: str, spared: dict[str, str]) -> str:
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
            **({"coverstream-spared": spared} if spared else {}),
            "detail": msgspec.Raw(
                fitting_detail(event, self._s3, self._outputs.temp_bucket).encode()
            ),
        }
        return msgspec.json.encode(envelope).decode()

    def _send(self, bodies: list[str]) -> None:
        with map_errors("send windows to the collage queue"):
            answer = self._sqs.send_message_batch(
                QueueUrl=self._outputs.collage_queue_url,
                Entries=[
                    {"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)
                ],
            )
        if answer.get("Failed"):
            msg = f"the collage queue refused {len(answer['Failed'])} windows; run this again"
            raise TransientError(msg)


def message_batches(bodies: Iterable[str]) -> Iterator[list[str]]:
    """Group message bodies into batches that SendMessageBatch takes."""
    return grouped(
        bodies,
        weigh=lambda body: len(body.encode()),
        most=_MAX_MESSAGES,
        max_weight=_MAX_BATCH_BYTES,
    )
