"""Records that could not be folded, stored in the stack's buckets. Edge (S3)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ops_dashboard.recovery.dead_letters import (
    DeadLetter,
    read_failed_batch,
    read_poison,
    read_unreadable,
)
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.failed_objects import RECORD, FailedObjects
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.records.codec import PackedRecord, unpack

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class FailedRecords:
    """Quarantined records, and batches that Lambda gave up on, of one stack."""

    def __init__(self, s3: S3Client, outputs: StackOutputs) -> None:
        """Use the buckets that the stack's outputs name."""
        self._s3 = s3
        self._objects = FailedObjects(
            s3, output_bucket=outputs.output_bucket, temp_bucket=outputs.temp_bucket
        )

    def count(self, kind: str) -> int:
        """Return the number of objects of a kind."""
        return self._objects.count(kind)

    def dead_letters(self, kind: str) -> Iterator[DeadLetter]:
        """Yield the dead letters of a kind; reads no more objects than are consumed."""
        for bucket, key in self._objects.keys(kind):
            try:
                letter = self._read(kind, bucket, key)
            except DecodeError as error:
                letter = read_unreadable(kind, key, str(error))
            yield msgspec.structs.replace(letter, bucket=bucket)

    def records(self, letter: DeadLetter) -> list[PackedRecord]:
        """Return the records of a letter; raises `DecodeError` if they cannot be decoded."""
        return _records_in(letter.kind, self.document(letter))

    def document(self, letter: DeadLetter) -> Mapping[str, Any]:
        """Return what is stored about a letter's records; raises `DecodeError` if it is no JSON."""
        return self._body(letter.bucket or "", letter.id)

    def copy(self, letter: DeadLetter, bucket: str, key: str) -> None:
        """Copy the object of a letter to `key`."""
        source = {"Bucket": letter.bucket or "", "Key": letter.id}
        with map_errors(f"copy {letter.id}"):
            self._s3.copy_object(Bucket=bucket, Key=key, CopySource=source)  # type: ignore[arg-type]  # a plain dict

    def delete(self, letter: DeadLetter) -> None:
        """Delete the object of a letter whose rows were sent again, or of which there is a copy."""
        with map_errors(f"delete {letter.id}"):
            self._s3.delete_object(Bucket=letter.bucket or "", Key=letter.id)

    def _read(self, kind: str, bucket: str, key: str) -> DeadLetter:
        body = self._body(bucket, key)
        try:
            records = _records_in(kind, body)
        except DecodeError:  # the letter says why it is there
            records = []
        batches = tuple(dict.fromkeys(each.batch.batch_id for each in records))
        read = read_poison if kind == RECORD else read_failed_batch
        return read(key, body, batches)

    def _body(self, bucket: str, key: str) -> Mapping[str, Any]:
        with map_errors(f"read {key}"):
            data = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        try:
            body: Mapping[str, Any] = msgspec.json.decode(data, type=dict)
        except msgspec.DecodeError as error:
            msg = f"{key}: {error}"
            raise DecodeError(msg) from error
        return body


def _records_in(kind: str, body: Mapping[str, Any]) -> list[PackedRecord]:
    """Return the records in a stored document; raises `DecodeError`."""
    try:
        if kind == RECORD:
            return [_decode_record(str(body["data"]))]
        payload = body["payload"]
        event = msgspec.json.decode(payload) if isinstance(payload, str) else payload
        return [_decode_record(each["kinesis"]["data"]) for each in event["Records"]]
    except (KeyError, TypeError, msgspec.DecodeError) as error:
        msg = f"it has no records, or only where they were in the stream ({error!r})"
        raise DecodeError(msg) from error


def _decode_record(data: str) -> PackedRecord:
    try:
        return unpack(base64.b64decode(data, validate=True))
    except binascii.Error as error:
        msg = f"record: {error}"
        raise DecodeError(msg) from error
