"""Calls that the roles of photos and of upload links must be denied."""

from __future__ import annotations

from typing import Any

from stream_ingest.contracts.stack_outputs import PhotosOutputs, StackOutputs
from tests.end_to_end.denied_calls import Arguments

_KEY = {"gallery": {"S": "g"}, "photo": {"S": "g/a.jpg"}}
_STATE_KEY = {"creator_name": {"S": "a"}, "item": {"S": "state"}}
_FORGED = {"Source": "aws.s3", "DetailType": "Object Created", "Detail": "{}"}


def _photos(outputs: StackOutputs) -> PhotosOutputs:
    assert outputs.photos is not None
    return outputs.photos


def _on_table(**more: object) -> Arguments:
    return lambda outputs: {"TableName": _photos(outputs).table, **more}


def _on_object(bucket: str, key: str, **more: object) -> Arguments:
    return lambda outputs: {
        "Bucket": getattr(_photos(outputs), f"{bucket}_bucket"),
        "Key": key,
        **more,
    }


def _on_bucket(bucket: str) -> Arguments:
    return lambda outputs: {"Bucket": getattr(_photos(outputs), f"{bucket}_bucket")}


def _on_function(name: str) -> Arguments:
    return lambda outputs: {"FunctionName": getattr(_photos(outputs), name)}


def _on_queue(name: str, **more: object) -> Arguments:
    return lambda outputs: {"QueueUrl": getattr(_photos(outputs), f"{name}_url"), **more}


def _on_state(**more: object) -> Arguments:
    return lambda outputs: {"TableName": outputs.table_name, **more}


def _mac(**more: Any) -> Arguments:  # noqa: ANN401 - parameters of KMS
    return lambda outputs: {
        "KeyId": _photos(outputs).link_key,
        "MacAlgorithm": "HMAC_SHA_256",
        "Message": b"a",
        **more,
    }


_RENDITION = "renditions/g/a_large.jpg"
NEVER_PHOTOS: list[tuple[str, str, str, Arguments]] = [
    ("photos", "s3:PutObject", "put_object", _on_object("uploads", "g/a.jpg")),
    ("photos", "s3:DeleteObject", "delete_object", _on_object("uploads", "g/a.jpg")),
    ("photos", "s3:GetObject", "get_object", _on_object("renditions", _RENDITION)),
    ("photos", "s3:PutObject", "put_object", _on_object("renditions", "elsewhere/a.jpg")),
    ("photos", "s3:ListBucket", "list_objects_v2", _on_bucket("renditions")),
    ("photos", "dynamodb:Scan", "scan", _on_table()),
    ("photos", "dynamodb:DeleteItem", "delete_item", _on_table(Key=_KEY)),
    ("photos", "dynamodb:GetItem", "get_item", _on_state(Key=_STATE_KEY)),
    ("photos", "dynamodb:PutItem", "put_item", _on_state(Item=_STATE_KEY)),
    ("photos", "sqs:SendMessage", "send_message", _on_queue("queue", MessageBody="{}")),
    ("photos", "sqs:ReceiveMessage", "receive_message", _on_queue("dead_letters")),
    ("photos", "events:PutEvents", "put_events", lambda _: {"Entries": [_FORGED]}),
    ("photos", "kms:GenerateMac", "generate_mac", _mac()),
    ("photos", "lambda:InvokeFunction", "invoke", _on_function("function")),
    ("photos-schedule", "lambda:InvokeFunction", "invoke", _on_function("links_function")),
    ("photos-schedule", "dynamodb:Scan", "scan", _on_table()),
    ("links", "kms:GenerateMac", "generate_mac", _mac()),
    ("links", "s3:GetObject", "get_object", _on_object("uploads", "g/a.jpg")),
    ("links", "s3:ListBucket", "list_objects_v2", _on_bucket("uploads")),
    ("links", "s3:DeleteObject", "delete_object", _on_object("uploads", "g/a.jpg")),
    ("links", "s3:PutObject", "put_object", _on_object("renditions", _RENDITION)),
    ("links", "s3:GetObject", "get_object", _on_object("renditions", _RENDITION)),
    ("links", "dynamodb:Scan", "scan", _on_table()),
    ("links", "dynamodb:DeleteItem", "delete_item", _on_table(Key=_KEY)),
    ("links", "dynamodb:GetItem", "get_item", _on_state(Key=_STATE_KEY)),
    ("links", "sqs:SendMessage", "send_message", _on_queue("queue", MessageBody="{}")),
    ("links", "events:PutEvents", "put_events", lambda _: {"Entries": [_FORGED]}),
    ("links", "lambda:InvokeFunction", "invoke", _on_function("function")),
]
"""Role, action, operation and arguments of calls that the role never makes."""
