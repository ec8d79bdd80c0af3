"""The AWS of the collage tests: moto with a table, two buckets, and a bus that a queue listens to."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

import boto3
from moto import mock_aws

from stream_ingest import table
from stream_ingest.items import from_wire, to_wire
from stream_ingest.naming import split_window_id

TABLE, BUS, OUTPUT, TEMP = "coverstream", "coverstream", "output", "temp"


class CollageAws:
    """Clients of the faked services, and ways to look at what was written."""

    def __enter__(self) -> Self:
        self._mock = mock_aws()
        self._mock.start()
        self.s3 = boto3.client("s3")
        self.dynamodb = boto3.client("dynamodb")
        self.events = boto3.client("events")
        self.sqs = boto3.client("sqs")
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
        self._listen()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._mock.stop()

    def _listen(self) -> None:
        self.events.create_event_bus(Name=BUS)
        self._queue = self.sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        self.events.put_rule(
            Name="all",
            EventBusName=BUS,
            EventPattern=json.dumps({"source": ["coverstream.collage"]}),
        )
        self.events.put_targets(
            Rule="all",
            EventBusName=BUS,
            Targets=[{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}],
        )

    def heard(self) -> list[dict[str, Any]]:
        """Return the events that the bus delivered since the last call."""
        events = []
        while True:
            answer = self.sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
            messages = answer.get("Messages", [])
            if not messages:
                return events
            for message in messages:
                events.append(json.loads(message["Body"]))
                self.sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )

    def window(self, window_id: str) -> dict[str, Any]:
        """Return the status item of a window; empty where there is none."""
        answer = self.dynamodb.get_item(TableName=TABLE, Key=_key(window_id))
        return from_wire(answer.get("Item", {}))

    def put_window(self, window_id: str, **attributes: object) -> None:
        """Write the status item of a window."""
        item = _key(window_id) | to_wire(attributes)
        self.dynamodb.put_item(TableName=TABLE, Item=item)

    def keys(self, bucket: str = OUTPUT) -> list[str]:
        """Return the keys of a bucket in order."""
        listed = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return sorted(entry["Key"] for entry in listed)

    def read(self, key: str, bucket: str = OUTPUT) -> bytes:
        """Return an object's bytes."""
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def _key(window_id: str) -> dict[str, Any]:
    key, number = split_window_id(window_id)
    return to_wire({table.PARTITION_KEY: key, table.SORT_KEY: table.window_item(number)})
