"""Uses the rights that AWS's services need in a function's role, to show that they are needed.

ministack's pollers, log writers, failure destinations and scheduler do not check the role. So the
calls of these services are made here with a session of the role. So are calls that a function makes
once a minute.
"""

from __future__ import annotations

import time

from tests.end_to_end.iam_stack import CallResult, IamStack
from tests.end_to_end.receipts import new_receipt


class ServiceUses:
    """Uses of rights by AWS's services."""

    _stack: IamStack

    def _name(self) -> str:
        raise NotImplementedError

    def _call(self, role: str, service: str, operation: str, **arguments: object) -> CallResult:
        raise NotImplementedError

    def describe_stream(self) -> CallResult:
        """Lambda's poller describes the stream."""
        stream = self._stack.outputs.stream_name
        return self._call("windowing", "kinesis", "describe_stream", StreamName=stream)

    def summarize_stream(self) -> CallResult:
        """Lambda's poller describes the stream."""
        stream = self._stack.outputs.stream_name
        return self._call("windowing", "kinesis", "describe_stream_summary", StreamName=stream)

    def list_shards(self) -> CallResult:
        """Lambda's poller lists the shards."""
        stream = self._stack.outputs.stream_name
        return self._call("windowing", "kinesis", "list_shards", StreamName=stream)

    def seek_in_shard(self) -> CallResult:
        """Lambda's poller starts at a shard."""
        return self._call("windowing", "kinesis", "get_shard_iterator", **self._shard())

    def read_shard(self) -> CallResult:
        """Lambda's poller reads a shard."""
        kinesis = self._stack.aws.clients.untyped("kinesis")
        iterator = kinesis.get_shard_iterator(**self._shard())["ShardIterator"]
        arn = kinesis.describe_stream(StreamName=self._stack.outputs.stream_name)
        return self._call(
            "windowing",
            "kinesis",
            "get_records",
            ShardIterator=iterator,
            StreamARN=arn["StreamDescription"]["StreamARN"],
        )

    def describe_table_as_windowing(self) -> CallResult:
        """Find out when the table was created, once a minute."""
        return self._describe_table("windowing")

    def describe_table_as_sweeper(self) -> CallResult:
        """Find out when the table was created, once a minute."""
        return self._describe_table("sweeper")

    def read_numbering(self) -> CallResult:
        """Find out from where windows are numbered, once a minute."""
        key = {"creator_name": {"S": "table#"}, "item": {"S": "numbering"}}
        return self.call_table("windowing", "get_item", Key=key)

    def _describe_table(self, role: str) -> CallResult:
        return self.call_table(role, "describe_table")

    def call_table(self, role: str, operation: str, **arguments: object) -> CallResult:
        """Call an operation on the table as a role."""
        name = self._stack.outputs.table_name
        return self._call(role, "dynamodb", operation, TableName=name, **arguments)

    def store_discarded_batch(self) -> CallResult:
        """Lambda stores a batch that the windowing function could not fold."""
        return self._call(
            "windowing",
            "s3",
            "put_object",
            Bucket=self._stack.outputs.output_bucket,
            Key=f"aws/lambda/{self._name()}",
            Body=b"{}",
        )

    def remove_attempt(self) -> CallResult:
        """Remove the mark of a record that came alone and was folded."""
        key = f"processing/attempts/{self._name()}/1"
        bucket = self._stack.outputs.temp_bucket
        return self._call("windowing", "s3", "delete_object", Bucket=bucket, Key=key)

    def find_failure_bucket(self) -> CallResult:
        """Lambda checks that the bucket for such batches exists."""
        bucket = self._stack.outputs.output_bucket
        return self._call("windowing", "s3", "list_objects_v2", Bucket=bucket)

    def report_failed_sweep(self) -> CallResult:
        """Lambda reports a sweep that failed for good."""
        return self._send("sweeper", self._stack.outputs.dead_letter_urls["sweeper"])

    def report_missed_sweep(self) -> CallResult:
        """The scheduler reports a sweep that it could not start."""
        return self._send("sweeper-schedule", self._stack.outputs.dead_letter_urls["sweeper"])

    def start_sweep(self) -> CallResult:
        """The scheduler starts a sweep."""
        name = self._stack.outputs.sweeper_function
        return self._call(
            "sweeper-schedule", "lambda", "invoke", FunctionName=name, InvocationType="Event"
        )

    def receive_windows(self) -> CallResult:
        """Lambda's poller receives messages."""
        return self._queue("receive_message")

    def delete_window(self) -> CallResult:
        """Lambda's poller deletes a handled message."""
        return self._queue("delete_message", ReceiptHandle=self._window_receipt())

    def retry_window_soon(self) -> CallResult:
        """Have a window that failed received again soon."""
        return self._queue(
            "change_message_visibility", ReceiptHandle=self._window_receipt(), VisibilityTimeout=1
        )

    def _window_receipt(self) -> str:
        return new_receipt(self._stack.aws.clients.sqs, self._stack.outputs.collage_queue_url)

    def inspect_queue(self) -> CallResult:
        """Lambda's poller reads the queue's attributes."""
        return self._queue("get_queue_attributes", AttributeNames=["All"])

    def create_log_stream(self, role: str) -> CallResult:
        """Lambda opens a log stream for a function."""
        return self._call(
            role,
            "logs",
            "create_log_stream",
            logGroupName=self._log_group(role),
            logStreamName=self._name(),
        )

    def put_log_events(self, role: str) -> CallResult:
        """Lambda writes a function's log."""
        stream = {"logGroupName": self._log_group(role), "logStreamName": self._name()}
        self._stack.aws.clients.untyped("logs").create_log_stream(**stream)
        line = {"timestamp": int(time.time() * 1000), "message": "one line"}
        return self._call(role, "logs", "put_log_events", **stream, logEvents=[line])

    def _send(self, role: str, url: str) -> CallResult:
        result = self._call(role, "sqs", "send_message", QueueUrl=url, MessageBody="{}")
        self._stack.aws.clients.sqs.purge_queue(QueueUrl=url)
        return result

    def _queue(self, operation: str, **arguments: object) -> CallResult:
        url = self._stack.outputs.collage_queue_url
        return self._call("collage", "sqs", operation, QueueUrl=url, **arguments)

    def _shard(self) -> dict[str, str]:
        return {
            "StreamName": self._stack.outputs.stream_name,
            "ShardId": "shardId-000000000000",
            "ShardIteratorType": "TRIM_HORIZON",
        }

    def _log_group(self, role: str) -> str:
        return f"/aws/lambda/{self._stack.function_name(role)}"
