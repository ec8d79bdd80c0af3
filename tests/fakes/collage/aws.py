"""The AWS of the collage tests: moto with a table, two buckets, and a bus that is listened to."""

from __future__ import annotations

import json
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import boto3
from moto import mock_aws

from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.naming import split_window_id
from tests.fakes.collage.recording_sqs import RecordingSqs

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_s3 import S3Client

_PUT_EVENTS = "provide-client-params.events.PutEvents"
TABLE, BUS, OUTPUT, TEMP = "coverstream", "coverstream", "output", "temp"


@cache
def _client(service: str) -> Any:  # noqa: ANN401 - of whichever service
    """Return a client that all tests share: making one takes 0.1 s, and moto keeps the state."""
    return boto3.client(service)  # type: ignore[call-overload]


class CollageAws:
    """Clients of the faked services, and readers of what was written."""

    def __enter__(self) -> Self:
        self._mock = mock_aws()
        self._mock.start()
        self.s3: S3Client = _client("s3")
        self.dynamodb: DynamoDBClient = _client("dynamodb")
        self.events: EventBridgeClient = _client("events")
        self.sqs = RecordingSqs()
        for bucket in (OUTPUT, TEMP):
            self.s3.create_bucket(Bucket=bucket)
        self.dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in (table.PARTITION_KEY, table.SORT_KEY)
            ],
            KeySchema=[
                {"AttributeName": table.PARTITION_KEY, "KeyType": "HASH"},
                {"AttributeName": table.SORT_KEY, "KeyType": "RANGE"},
            ],
        )
        self.events.create_event_bus(Name=BUS)
        self._recorded: list[dict[str, Any]] = []
        self.listen_to(self.events)
        return self

    def listen_to(self, events: EventBridgeClient) -> None:
        """Record what a client puts on the bus, until the end of this AWS."""
        events.meta.events.register(_PUT_EVENTS, self._note, unique_id="note")

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.events.meta.events.unregister(_PUT_EVENTS, unique_id="note")
        self._mock.stop()

    def _note(self, params: dict[str, Any], **_context: object) -> None:
        self._recorded += params["Entries"]

    def heard(self) -> list[dict[str, Any]]:
        """Return the entries that were put on the bus since the last call, details decoded."""
        recorded, self._recorded = self._recorded, []
        return [entry | {"Detail": json.loads(entry["Detail"])} for entry in recorded]

    def window(self, window_id: str) -> dict[str, Any]:
        """Return the status item of a window; empty if there is none."""
        answer = self.dynamodb.get_item(TableName=TABLE, Key=_key(window_id))
        return from_wire(answer.get("Item", {}))

    def forget_window(self, window_id: str) -> None:
        """Delete the status item of a window, as if it had expired."""
        self.dynamodb.delete_item(TableName=TABLE, Key=_key(window_id))

    def put_window(self, window_id: str, **attributes: object) -> None:
        """Write the status item of a window."""
        item = _key(window_id) | to_wire(attributes)
        self.dynamodb.put_item(TableName=TABLE, Item=item)

    def stored(self, bucket: str = OUTPUT) -> list[str]:
        """Return the keys of a bucket in order."""
        listed = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return sorted(entry["Key"] for entry in listed)

    def read(self, key: str, bucket: str = OUTPUT) -> bytes:
        """Return an object's bytes."""
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def _key(window_id: str) -> dict[str, Any]:
    key, number = split_window_id(window_id)
    return to_wire({table.PARTITION_KEY: key, table.SORT_KEY: table.window_item(number)})
