"""Uses each right of the intake's role, to show that it is needed."""

from __future__ import annotations

import json
from typing import Any

from tests.end_to_end.iam_stack import CallResult, IamStack
from tests.end_to_end.receipts import new_receipt

HEADER = "creator_name,cover_url,created_at\n"


class IntakeUses:
    """Uses of the intake's rights, each with a new file."""

    _stack: IamStack

    def _name(self) -> str:
        raise NotImplementedError

    def _call(self, role: str, service: str, operation: str, **arguments: object) -> CallResult:
        raise NotImplementedError

    def take_in(self) -> CallResult:
        """Read a dropped file of one row, send it and archive it."""
        return self._take_in(f"{self._name()},https://p16.tiktokcdn.com/a,2026-11-01\n")

    def take_in_bad_rows(self) -> CallResult:
        """Read a dropped file with a refused row."""
        return self._take_in(f"{self._name()},no cover,2026-11-01\n")

    def take_in_a_version(self) -> CallResult:
        """Read, archive and delete the version of a file named in S3's event."""
        return self._take_in(f"{self._name()},https://p16.tiktokcdn.com/a,2026\n", version=True)

    def dead_letter(self) -> CallResult:
        """Send a message that cannot be read to the dead-letter queue."""
        result = self._invoke("no request", tries=3)
        url = self._stack.outputs.dead_letter_urls["intake"]
        self._stack.aws.clients.sqs.purge_queue(QueueUrl=url)
        return result

    def continue_later(self) -> CallResult:
        """Send a continuation."""
        return self._on_queue("send_message", MessageBody="{}")

    def receive_requests(self) -> CallResult:
        """Lambda's poller receives messages."""
        return self._on_queue("receive_message")

    def delete_request(self) -> CallResult:
        """Lambda's poller deletes a handled message."""
        return self._on_queue("delete_message", ReceiptHandle=self._receipt())

    def retry_request_soon(self) -> CallResult:
        """Make a message visible again soon."""
        return self._on_queue(
            "change_message_visibility", ReceiptHandle=self._receipt(), VisibilityTimeout=1
        )

    def inspect_request_queue(self) -> CallResult:
        """Lambda's poller reads the queue's attributes."""
        return self._on_queue("get_queue_attributes", AttributeNames=["All"])

    def read_chunk(self) -> CallResult:
        """Read the chunk that an earlier invocation has stored."""
        bucket, key = self._stack.outputs.temp_bucket, f"processing/intake/{self._name()}.chunk"
        self._stack.aws.clients.s3.put_object(Bucket=bucket, Key=key, Body=b"chunk")
        return self._call("intake", "s3", "head_object", Bucket=bucket, Key=key)

    def find_missing_file(self) -> CallResult:
        """Find out that a file is missing."""
        bucket = self._stack.outputs.input_bucket
        return self._call("intake", "s3", "list_objects_v2", Bucket=bucket)

    def find_files(self) -> CallResult:
        """The sweeper lists the folder of dropped files."""
        bucket = self._stack.outputs.input_bucket
        return self._call(
            "sweeper", "s3", "list_object_versions", Bucket=bucket, Prefix="csv-files/"
        )

    def create_job(self) -> CallResult:
        """The sweeper creates the item of a job that it has started."""
        item = {"creator_name": {"S": f"batch#{self._name()}"}, "item": {"S": "intake"}}
        table = self._stack.outputs.table_name
        return self._call("sweeper", "dynamodb", "put_item", TableName=table, Item=item)

    def start_job(self) -> CallResult:
        """The sweeper announces a file."""
        url = self._stack.outputs.request_queue_url
        return self._call("sweeper", "sqs", "send_message", QueueUrl=url, MessageBody="{}")

    def remove_file(self) -> CallResult:
        """Delete an archived file of a bucket without versions, as the embedded AWS's is not."""
        bucket, key = self._stack.outputs.input_bucket, f"csv-files/{self._name()}.csv"
        self._stack.aws.clients.s3.put_object(Bucket=bucket, Key=key, Body=b"archived")
        return self._call("intake", "s3", "delete_object", Bucket=bucket, Key=key)

    def _take_in(self, rows: str, *, version: bool = False) -> CallResult:
        return self._invoke(self._announced(rows, version=version))

    def _announced(self, rows: str, *, version: bool = False) -> str:
        """Drop a file; return the message that announces it."""
        key, bucket = f"csv-files/{self._name()}.csv", self._stack.outputs.input_bucket
        answer = self._stack.aws.clients.s3.put_object(
            Bucket=bucket, Key=key, Body=(HEADER + rows).encode()
        )
        uploaded = {"key": key, "etag": answer["ETag"].strip('"'), "sequencer": self._name()}
        if version:
            uploaded["version-id"] = answer["VersionId"]
        detail: dict[str, Any] = {"bucket": {"name": bucket}, "object": uploaded}
        return json.dumps({"detail-type": "Object Created", "detail": detail})

    def _invoke(self, body: str, tries: int = 1) -> CallResult:
        message = {
            "messageId": self._name(),
            "receiptHandle": "handle",
            "body": body,
            "attributes": {"ApproximateReceiveCount": str(tries)},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:intake",
            "awsRegion": "us-east-1",
        }
        return self._stack.invoke("intake", {"Records": [message]})

    def _receipt(self) -> str:
        return new_receipt(self._stack.aws.clients.sqs, self._stack.outputs.request_queue_url)

    def _on_queue(self, operation: str, **arguments: object) -> CallResult:
        url = self._stack.outputs.request_queue_url
        return self._call("intake", "sqs", operation, QueueUrl=url, **arguments)
