"""What each right of the intake's role is for, shown by using it."""

from __future__ import annotations

import json
from typing import Any

from tests.end_to_end.guarded_stack import GuardedStack, Said

HEADER = "creator_name,cover_url,created_at\n"


class IntakeUses:
    """Uses of the intake's rights, each on files that nobody has seen before."""

    _stack: GuardedStack

    def _name(self) -> str:
        raise NotImplementedError

    def _call(self, role: str, service: str, operation: str, **arguments: object) -> Said:
        raise NotImplementedError

    def take_in(self) -> Said:
        """Read a dropped file of one row, send it and move it."""
        return self._take_in(f"{self._name()},https://p16.tiktokcdn.com/a,2026-11-01\n")

    def take_in_bad_rows(self) -> Said:
        """Read a dropped file of which a row is refused."""
        return self._take_in(",,\n")

    def take_in_a_version(self) -> Said:
        """Read, move and delete the version of a file that S3 has announced."""
        return self._take_in(f"{self._name()},https://p16.tiktokcdn.com/a,2026\n", version=True)

    def give_up(self) -> Said:
        """Put a message that cannot be read among the dead letters."""
        said = self._invoke("no request", tries=3)
        url = self._stack.outputs.dead_letter_urls["intake"]
        self._stack.aws.clients.sqs.purge_queue(QueueUrl=url)
        return said

    def go_on_later(self) -> Said:
        """Ask for another invocation."""
        return self._on_queue("send_message", MessageBody="{}")

    def receive_requests(self) -> Said:
        """Lambda's poller takes messages."""
        return self._on_queue("receive_message")

    def delete_request(self) -> Said:
        """Lambda's poller deletes a message that was worked off."""
        return self._on_queue("delete_message", ReceiptHandle=self._receipt())

    def show_request_again(self) -> Said:
        """Let a message be received again soon."""
        return self._on_queue(
            "change_message_visibility", ReceiptHandle=self._receipt(), VisibilityTimeout=1
        )

    def look_at_requests(self) -> Said:
        """Lambda's poller looks how much there is."""
        return self._on_queue("get_queue_attributes", AttributeNames=["All"])

    def read_chunk(self) -> Said:
        """Read the chunk with which an earlier invocation has stopped."""
        bucket, key = self._stack.outputs.temp_bucket, f"processing/intake/{self._name()}.chunk"
        self._stack.aws.clients.s3.put_object(Bucket=bucket, Key=key, Body=b"chunk")
        return self._call("intake", "s3", "head_object", Bucket=bucket, Key=key)

    def look_for_missing_file(self) -> Said:
        """Look for a file that is not there."""
        bucket = self._stack.outputs.input_bucket
        return self._call("intake", "s3", "list_objects_v2", Bucket=bucket)

    def _take_in(self, rows: str, *, version: bool = False) -> Said:
        key, bucket = f"csv-files/{self._name()}.csv", self._stack.outputs.input_bucket
        answer = self._stack.aws.clients.s3.put_object(
            Bucket=bucket, Key=key, Body=(HEADER + rows).encode()
        )
        announced = {"key": key, "etag": answer["ETag"].strip('"'), "sequencer": self._name()}
        if version:
            announced["version-id"] = answer["VersionId"]
        detail: dict[str, Any] = {"bucket": {"name": bucket}, "object": announced}
        return self._invoke(json.dumps({"detail-type": "Object Created", "detail": detail}))

    def _invoke(self, body: str, tries: int = 1) -> Said:
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
        sqs, url = self._stack.aws.clients.sqs, self._stack.outputs.request_queue_url
        sqs.send_message(QueueUrl=url, MessageBody="{}")
        (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
        return message["ReceiptHandle"]

    def _on_queue(self, operation: str, **arguments: object) -> Said:
        url = self._stack.outputs.request_queue_url
        return self._call("intake", "sqs", operation, QueueUrl=url, **arguments)
