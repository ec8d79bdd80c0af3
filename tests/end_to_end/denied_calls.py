"""Calls that each role must be denied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stream_ingest.contracts.stack_outputs import StackOutputs

Arguments = Callable[[StackOutputs], Mapping[str, Any]]


def _on_table(**more: object) -> Arguments:
    return lambda outputs: {"TableName": outputs.table_name, **more}


def _on_queue(**more: object) -> Arguments:
    return lambda outputs: {"QueueUrl": outputs.collage_queue_url, **more}


def _on_stream(**more: object) -> Arguments:
    return lambda outputs: {"StreamName": outputs.stream_name, **more}


def _on_object(bucket: str, key: str, **more: object) -> Arguments:
    return lambda outputs: {"Bucket": getattr(outputs, f"{bucket}_bucket"), "Key": key, **more}


def _on_bucket(bucket: str, **more: object) -> Arguments:
    return lambda outputs: {"Bucket": getattr(outputs, f"{bucket}_bucket"), **more}


def _on_function(function: str) -> Arguments:
    return lambda outputs: {"FunctionName": getattr(outputs, f"{function}_function")}


_KEY = {"creator_name": {"S": "a"}, "item": {"S": "state"}}
_ENTRY = {"Source": "coverstream.windowing", "DetailType": "WindowReady", "Detail": "{}"}
_PARAMETER = {"Name": "/coverstream/dev"}
NEVER: list[tuple[str, str, str, Arguments]] = [
    ("windowing", "s3:GetObject", "get_object", _on_object("output", "failed/rows/a.jsonl")),
    ("windowing", "s3:PutObject", "put_object", _on_object("output", "collages/a.jpg")),
    ("windowing", "s3:PutObject", "put_object", _on_object("temp", "originals/a.zip")),
    ("windowing", "s3:PutObject", "put_object", _on_object("input", "a.csv")),
    ("windowing", "s3:DeleteObject", "delete_object", _on_object("output", "failed/rows/a.jsonl")),
    ("windowing", "s3:ListBucket", "list_objects_v2", _on_bucket("temp")),
    ("windowing", "dynamodb:Scan", "scan", _on_table()),
    ("windowing", "dynamodb:PutItem", "put_item", lambda _: {"TableName": "other", "Item": _KEY}),
    ("windowing", "kinesis:PutRecord", "put_record", _on_stream(Data=b"a", PartitionKey="a")),
    ("windowing", "sqs:SendMessage", "send_message", _on_queue(MessageBody="{}")),
    ("windowing", "sqs:ReceiveMessage", "receive_message", _on_queue()),
    ("windowing", "events:PutEvents", "put_events", lambda _: {"Entries": [_ENTRY]}),
    ("windowing", "lambda:InvokeFunction", "invoke", _on_function("collage")),
    ("windowing", "ssm:GetParameter", "get_parameter", lambda _: _PARAMETER),
    ("sweeper", "kinesis:ListShards", "list_shards", _on_stream()),
    ("sweeper", "kinesis:PutRecord", "put_record", _on_stream(Data=b"a", PartitionKey="a")),
    ("sweeper", "s3:GetObject", "get_object", _on_object("temp", "processing/a.json")),
    ("sweeper", "s3:PutObject", "put_object", _on_object("output", "failed/rows/a.jsonl")),
    ("sweeper", "dynamodb:Scan", "scan", _on_table()),
    ("sweeper", "dynamodb:DeleteTable", "delete_table", _on_table()),
    ("sweeper", "sqs:ReceiveMessage", "receive_message", _on_queue()),
    ("sweeper", "lambda:InvokeFunction", "invoke", _on_function("sweeper")),
    ("collage", "kinesis:ListShards", "list_shards", _on_stream()),
    ("collage", "kinesis:PutRecord", "put_record", _on_stream(Data=b"a", PartitionKey="a")),
    ("collage", "s3:DeleteObject", "delete_object", _on_object("output", "collages/a.jpg")),
    ("collage", "s3:DeleteObject", "delete_object", _on_object("temp", "originals/a.zip")),
    ("collage", "s3:PutObject", "put_object", _on_object("input", "a.csv")),
    ("collage", "s3:PutObject", "put_object", _on_object("output", "failed/rows/a.jsonl")),
    ("collage", "s3:PutObject", "put_object", _on_object("temp", "processing/a.json")),
    ("collage", "s3:GetObject", "get_object", _on_object("output", "failed/rows/a.jsonl")),
    ("collage", "s3:GetObject", "get_object", _on_object("input", "a.csv")),
    ("collage", "s3:ListBucket", "list_objects_v2", _on_bucket("output", Prefix="failed/")),
    ("collage", "s3:ListBucket", "list_objects_v2", _on_bucket("input")),
    ("collage", "dynamodb:PutItem", "put_item", _on_table(Item=_KEY)),
    ("collage", "dynamodb:Scan", "scan", _on_table()),
    (
        "collage",
        "dynamodb:UpdateItem",
        "update_item",
        lambda _: {"TableName": "other", "Key": _KEY},
    ),
    ("collage", "sqs:SendMessage", "send_message", _on_queue(MessageBody="{}")),
    ("collage", "sqs:PurgeQueue", "purge_queue", _on_queue()),
    ("collage", "events:PutEvents", "put_events", lambda _: {"Entries": [_ENTRY]}),
    ("collage", "lambda:InvokeFunction", "invoke", _on_function("sweeper")),
    ("collage", "s3:PutObject", "put_object", _on_object("temp", "prefetched/a.zip")),
    ("collage", "s3:DeleteObject", "delete_object", _on_object("temp", "processing/a.json")),
    ("prefetch", "s3:PutObject", "put_object", _on_object("output", "collages/a.jpg")),
    ("prefetch", "s3:PutObject", "put_object", _on_object("temp", "originals/a.zip")),
    ("prefetch", "s3:PutObject", "put_object", _on_object("temp", "processing/a.json")),
    ("prefetch", "s3:DeleteObject", "delete_object", _on_object("temp", "originals/a.zip")),
    ("prefetch", "s3:DeleteObject", "delete_object", _on_object("output", "collages/a.jpg")),
    ("prefetch", "s3:GetObject", "get_object", _on_object("output", "collages/a.jpg")),
    ("prefetch", "s3:GetObject", "get_object", _on_object("temp", "processing/a.json")),
    ("prefetch", "s3:GetObject", "get_object", _on_object("input", "a.csv")),
    ("prefetch", "s3:ListBucket", "list_objects_v2", _on_bucket("temp", Prefix="originals/")),
    ("prefetch", "s3:ListBucket", "list_objects_v2", _on_bucket("output")),
    ("prefetch", "dynamodb:GetItem", "get_item", _on_table(Key=_KEY)),
    ("prefetch", "dynamodb:Scan", "scan", _on_table()),
    ("prefetch", "kinesis:PutRecord", "put_record", _on_stream(Data=b"a", PartitionKey="a")),
    ("prefetch", "sqs:SendMessage", "send_message", _on_queue(MessageBody="{}")),
    ("prefetch", "sqs:ReceiveMessage", "receive_message", _on_queue()),
    ("prefetch", "events:PutEvents", "put_events", lambda _: {"Entries": [_ENTRY]}),
    ("prefetch", "lambda:InvokeFunction", "invoke", _on_function("collage")),
    ("intake", "s3:PutObject", "put_object", _on_object("input", "csv-files/a.csv")),
    ("intake", "s3:DeleteObject", "delete_object", _on_object("input", "archived/a.csv")),
    ("intake", "s3:DeleteObject", "delete_object", _on_object("input", "manual-uploads/a.csv")),
    ("intake", "s3:PutObject", "put_object", _on_object("output", "collages/a.jpg")),
    ("intake", "s3:GetObject", "get_object", _on_object("output", "failed/rows/a.jsonl")),
    ("intake", "s3:PutObject", "put_object", _on_object("temp", "originals/a.zip")),
    ("intake", "dynamodb:Scan", "scan", _on_table()),
    ("intake", "dynamodb:DeleteItem", "delete_item", _on_table(Key=_KEY)),
    ("intake", "kinesis:ListShards", "list_shards", _on_stream()),
    ("intake", "sqs:SendMessage", "send_message", _on_queue(MessageBody="{}")),
    ("intake", "sqs:ReceiveMessage", "receive_message", _on_queue()),
    ("intake", "events:PutEvents", "put_events", lambda _: {"Entries": [_ENTRY]}),
    ("intake", "lambda:InvokeFunction", "invoke", _on_function("intake")),
    ("sweeper-schedule", "lambda:InvokeFunction", "invoke", _on_function("collage")),
    ("sweeper-schedule", "sqs:SendMessage", "send_message", _on_queue(MessageBody="{}")),
    ("sweeper-schedule", "dynamodb:Scan", "scan", _on_table()),
    ("sweeper-schedule", "s3:ListBucket", "list_objects_v2", _on_bucket("output")),
]
"""Role, action, operation and arguments of calls that the role never makes."""
