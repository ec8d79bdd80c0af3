"""What `stream-ingest submit` does: a file into S3 if it is not there, and a request. Edge."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from stream_ingest.aws import clients
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.stack import StackOutputs
from stream_ingest.batches.progress import BatchProgress
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.cli.wait import follow as follow_batch
from stream_ingest.contracts.errors import UserError
from stream_ingest.intake.requests import BatchRequest, ProcessingConfig, read_request, settings_of

UPLOADS = "manual-uploads"
"""Folder of the input bucket that starts nothing by itself."""
BEGIN_PATIENCE_S = 120
"""How long a request may wait for its turn before `--wait` says that nothing has begun."""


def config_of(options: dict[str, object]) -> ProcessingConfig:
    """Return the configuration that options name; `UserError` for one out of range."""
    try:
        return msgspec.convert(options, type=ProcessingConfig)
    except msgspec.ValidationError as error:
        msg = f"options: {error}"
        raise UserError(msg) from error


def submit(
    outputs: StackOutputs, file: str, batch_id: str, prefix: str, config: ProcessingConfig
) -> BatchRequest:
    """Ask for a batch and return the request; a local file is uploaded first.

    Everything is checked before anything is sent. Sent twice under one id it is one batch.
    """
    bucket, key = _place(outputs, file, batch_id)
    request = read_request(
        {
            "s3_bucket": bucket,
            "s3_key": key,
            "output_prefix": prefix,
            "processing_config": msgspec.to_builtins(config),
            "batch_id": batch_id,
        }
    )
    settings_of(request)
    if not file.startswith("s3://"):
        with map_errors(f"upload {file}"):
            clients.session().client("s3", config=clients.CONFIG).upload_file(file, bucket, key)
    with map_errors("send a request"):
        clients.session().client("sqs", config=clients.CONFIG).send_message(
            QueueUrl=outputs.request_queue_url, MessageBody=msgspec.json.encode(request).decode()
        )
    return request


def follow(outputs: StackOutputs, batch_id: str) -> BatchProgress:
    """Wait until a batch has ended; `UserError` where it does not begin."""
    dynamodb = clients.session().client("dynamodb", config=clients.CONFIG)
    registry = BatchRegistry(dynamodb, outputs.table_name, time.time)
    missing = (
        f"batch {batch_id} has not begun within {BEGIN_PATIENCE_S} s;"
        " `ops-dashboard dlq list` tells a request that was refused, and why"
    )
    return follow_batch(registry, batch_id, patience_s=BEGIN_PATIENCE_S, missing=missing)


def _place(outputs: StackOutputs, file: str, batch_id: str) -> tuple[str, str]:
    """Return bucket and key of a file, or where a local one is to go."""
    if file.startswith("s3://"):
        bucket, _, key = file.removeprefix("s3://").partition("/")
        if not key or bucket != outputs.input_bucket:
            msg = f"{file}: expected s3://{outputs.input_bucket}/<key>, the stack's input bucket"
            raise UserError(msg)
        return bucket, key
    path = Path(file)
    if not path.is_file():
        msg = f"cannot read {file}: no such file"
        raise UserError(msg)
    return outputs.input_bucket, f"{UPLOADS}/{batch_id}/{path.name}"
