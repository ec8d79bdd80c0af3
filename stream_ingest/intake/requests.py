"""Requests for a controlled batch: a message that names a file and how to run it. Edge (S3).

```json
{"processing_type": "csv_batch", "s3_bucket": "…-input-…", "s3_key": "manual-uploads/covers.csv",
 "output_prefix": "campaign-7",
 "processing_config": {"rows": 5, "cols": 7, "quality": 95, "group_by_creator": true}}
```

A request is read strictly: an unknown field, a wrong type or a value out of range is an error that
names the field. The file stays where it is, so that it can be run again with other settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from stream_ingest.errors import UserError
from stream_ingest.intake.jobs import Job, ObjectId, batch_id_of
from stream_ingest.intake.ledger import Ledger
from stream_ingest.intake.objects import GoneError, find_object
from stream_ingest.packing import NAME_PATTERN, BatchHeader
from stream_ingest.settings import BATCH_END, BatchSettings, CollageLayout

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SQS_TRIGGER = "sqs-trigger"
PROCESSING_TYPE = "csv_batch"


class ProcessingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a batch is run; what is left out is as for any other batch."""

    rows: Annotated[int, msgspec.Meta(ge=1, le=40)] = 5
    cols: Annotated[int, msgspec.Meta(ge=1, le=40)] = 7
    quality: Annotated[int, msgspec.Meta(ge=1, le=100)] = 95


class BatchRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message on the request queue."""

    processing_type: Literal["csv_batch"] = "csv_batch"
    s3_bucket: Annotated[str, msgspec.Meta(min_length=3, max_length=63)]
    s3_key: Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)]
    output_prefix: str = ""
    processing_config: ProcessingConfig = ProcessingConfig()
    batch_id: Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)] | None = None
    """Not among the fields that teams know: names the batch, so that a request that is sent twice
    is one batch. Left out, each message is a batch of its own."""


class Requests:
    """Makes jobs of requests."""

    def __init__(self, s3: S3Client, ledger: Ledger, input_bucket: str) -> None:
        """Look for files in `input_bucket`, which is all that the intake may read."""
        self._s3, self._ledger, self._bucket = s3, ledger, input_bucket

    def job(self, content: dict[str, Any], message_id: str) -> Job:
        """Return what a request asks for; `UserError` names the field that is wrong."""
        request = read_request(content)
        if request.s3_bucket != self._bucket:
            msg = f"s3_bucket: expected {self._bucket!r}, not {request.s3_bucket!r}"
            raise UserError(msg)
        batch_id = request.batch_id or batch_id_of("sqs", request.s3_key, message_id)
        begun = self._ledger.load(batch_id)
        job = Job(
            object=begun.job.object if begun else self._found(request),
            header=BatchHeader(
                batch_id=batch_id, trigger=SQS_TRIGGER, settings=settings_of(request)
            ),
            moves=False,
        )
        if begun and (begun.job != job or begun.job.object.key != request.s3_key):
            msg = f"batch_id: {batch_id!r} is another batch already"
            raise UserError(msg)
        return job

    def _found(self, request: BatchRequest) -> ObjectId:
        try:
            return find_object(self._s3, request.s3_bucket, request.s3_key)
        except GoneError as error:
            msg = f"s3_key: {error}"
            raise UserError(msg) from error


def read_request(content: dict[str, Any]) -> BatchRequest:
    """Return the request in a message's JSON; `UserError` names the field that is wrong."""
    try:
        return msgspec.convert(content, type=BatchRequest)
    except msgspec.ValidationError as error:
        msg = f"request: {error}"
        raise UserError(msg) from error


def settings_of(request: BatchRequest) -> BatchSettings:
    """Return the batch's settings that a request asks for."""
    config = request.processing_config
    layout = CollageLayout(rows=config.rows, cols=config.cols, quality=config.quality)
    return BatchSettings(layout=layout, images_per_window=layout.cells, flush=BATCH_END)
