"""Requests for a controlled batch: messages that name a file and how to process it. Edge (S3).

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

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import (
    BATCH_END,
    MAX_IMAGES_PER_WINDOW,
    PREFIX_PATTERN,
    BatchSettings,
    CollageLayout,
)
from stream_ingest.intake.job_store import JobStore
from stream_ingest.intake.jobs import Job, ObjectId, batch_id_of
from stream_ingest.intake.objects import GoneError, find_object
from stream_ingest.records.codec import BATCH_ID_PATTERN, BatchHeader

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SQS_TRIGGER = "sqs-trigger"


class ProcessingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a batch is processed; the defaults are those of any other batch.

    `max_workers`, `timeout` and `max_retries` come from pipelines that ran a batch in one process.
    Here every window is built by its own invocation, and these are settings of the whole stack
    (``collageMaxConcurrency``, ``collageTimeoutS``, ``collageMaxReceives``). So they are validated
    and stored with the job (``asked`` in its item), and change nothing.
    """

    rows: Annotated[int, msgspec.Meta(ge=1, le=40)] = 5
    cols: Annotated[int, msgspec.Meta(ge=1, le=40)] = 7
    cell_px: Annotated[int, msgspec.Meta(ge=16, le=1_024)] = 200
    quality: Annotated[int, msgspec.Meta(ge=1, le=100)] = 95
    background: Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-f]{6}$")] = "#ffffff"
    max_images_per_creator: Annotated[int, msgspec.Meta(ge=1, le=MAX_IMAGES_PER_WINDOW)] | None = (
        None
    )
    """Maximum images of a creator in one collage: the size of a window, at most as many as the grid
    has cells (the default). A creator with more has further collages; none of the images is lost.
    """
    group_by_creator: bool = True
    """Whether each collage has one creator's images; else all rows fill collages in file order."""
    dedup: bool = True
    """Whether images that a creator already has are refused; off for a file that is processed again
    with another grid."""
    max_workers: Annotated[int, msgspec.Meta(ge=1, le=1_000)] | None = None
    timeout: Annotated[int, msgspec.Meta(ge=1, le=86_400)] | None = None
    """Seconds."""
    max_retries: Annotated[int, msgspec.Meta(ge=0, le=1_000)] | None = None

    def ignored(self) -> dict[str, int]:
        """Return the options that are stored with the job and change nothing."""
        options = {
            "max_workers": self.max_workers,
            "timeout": self.timeout,
            "max_retries": self.max_retries,
        }
        return {name: value for name, value in options.items() if value is not None}


class BatchRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message on the request queue."""

    processing_type: Literal["csv_batch"] = "csv_batch"
    s3_bucket: Annotated[str, msgspec.Meta(min_length=3, max_length=63)]
    s3_key: Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)]
    output_prefix: Annotated[str, msgspec.Meta(max_length=128, pattern=PREFIX_PATTERN)] = ""
    """The batch's folder under ``collages/``, ``thumbnails/`` and ``metadata/``."""
    processing_config: ProcessingConfig = ProcessingConfig()
    batch_id: Annotated[str, msgspec.Meta(pattern=BATCH_ID_PATTERN)] | None = None
    """Names the batch, so that a request that is sent twice is one batch. Without it, each message
    is a separate batch."""


class Requests:
    """Turns requests into jobs."""

    def __init__(self, s3: S3Client, job_store: JobStore, input_bucket: str) -> None:
        """Accept files in `input_bucket`, the only one that the intake may read."""
        self._s3, self._job_store, self._bucket = s3, job_store, input_bucket

    def job(self, content: dict[str, Any], message_id: str) -> Job:
        """Return the job of a request; `UserError` names the field that is wrong."""
        request = read_request(content)
        if request.s3_bucket != self._bucket:
            msg = f"s3_bucket: expected {self._bucket!r}, not {request.s3_bucket!r}"
            raise UserError(msg)
        batch_id = request.batch_id or batch_id_of("sqs", request.s3_key, message_id)
        known = self._job_store.load(batch_id)
        job = Job(
            object=known.job.object if known else self._find(request),
            header=BatchHeader(
                batch_id=batch_id, trigger=SQS_TRIGGER, settings=settings_of(request)
            ),
            moves=False,
            ignored=request.processing_config.ignored(),
        )
        if known and (known.job != job or job.object.key != request.s3_key):
            msg = f"batch_id: {batch_id!r} is another batch already"
            raise UserError(msg)
        return job

    def _find(self, request: BatchRequest) -> ObjectId:
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
    """Return the settings of a request's batch."""
    config = request.processing_config
    layout = CollageLayout(
        rows=config.rows,
        cols=config.cols,
        cell_px=config.cell_px,
        quality=config.quality,
        background=config.background,
    )
    max_images = config.max_images_per_creator or layout.cells
    if min(max_images, layout.cells) > MAX_IMAGES_PER_WINDOW:
        msg = (
            f"request: {config.rows}x{config.cols} are more than {MAX_IMAGES_PER_WINDOW} cells - at"
            " `$.processing_config.rows`"
        )
        raise UserError(msg)
    return BatchSettings(
        layout=layout,
        images_per_window=min(max_images, layout.cells),
        flush=BATCH_END,
        prefix=request.output_prefix,
        dedup=config.dedup,
        group_by_creator=config.group_by_creator,
    )
