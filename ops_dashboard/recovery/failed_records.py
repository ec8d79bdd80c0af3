"""Records that could not be folded, stored in the output bucket. Edge (S3)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ops_dashboard.recovery.dead_letters import DeadLetter, read_failed_batch, read_poison
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.object_keys import FAILED_BATCHES_PREFIX, QUARANTINE_PREFIX
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.records.codec import PackedRecord, unpack

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class FailedRecords:
    """Quarantined records, and batches that Lambda gave up on, of one stack."""

    def __init__(self, s3: S3Client, outputs: StackOutputs) -> None:
        """Use the bucket that the stack's outputs name."""
        self._s3, self._outputs = s3, outputs

    def dead_letters(self) -> Iterator[DeadLetter]:
        """Yield the dead letters of quarantined records, then those of failed batches."""
        for key, body in self._objects(QUARANTINE_PREFIX):
            if not key.endswith(".redriven"):
                yield read_poison(key, body)
        for key, body in self._objects(FAILED_BATCHES_PREFIX):
            yield read_failed_batch(key, body)

    def records(self, key: str) -> list[PackedRecord]:
        """Return the records in an object; raises `DecodeError` if they cannot be decoded."""
        body = self._body(key)
        if key.startswith(QUARANTINE_PREFIX):
            return [_decode_record(str(body["data"]))]
        event = msgspec.json.decode(str(body["payload"]))
        return [_decode_record(each["kinesis"]["data"]) for each in event["Records"]]

    def delete(self, key: str) -> None:
        """Delete an object whose rows were sent again."""
        with map_errors(f"delete {key}"):
            self._s3.delete_object(Bucket=self._outputs.output_bucket, Key=key)

    def _objects(self, prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._outputs.output_bucket, Prefix=prefix
        )
        with map_errors(f"list {prefix}"):
            for page in pages:
                for item in page.get("Contents", []):
                    yield item["Key"], self._body(item["Key"])

    def _body(self, key: str) -> Mapping[str, Any]:
        with map_errors(f"read {key}"):
            answer = self._s3.get_object(Bucket=self._outputs.output_bucket, Key=key)
            data = answer["Body"].read()
        try:
            body: Mapping[str, Any] = msgspec.json.decode(data, type=dict)
        except msgspec.DecodeError as error:
            msg = f"{key}: {error}"
            raise DecodeError(msg) from error
        return body


def _decode_record(data: str) -> PackedRecord:
    try:
        return unpack(base64.b64decode(data, validate=True))
    except binascii.Error as error:
        msg = f"record: {error}"
        raise DecodeError(msg) from error
