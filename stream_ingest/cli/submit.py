"""The command `stream-ingest submit`: upload a file if it is local, and send a request. Edge."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stream_ingest.aws import clients
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.stack import stack_outputs
from stream_ingest.batches.progress import BatchProgress
from stream_ingest.batches.registry import BatchRegistry, check_batch_id, new_batch_id
from stream_ingest.cli import options
from stream_ingest.cli.object_check import check_object
from stream_ingest.cli.terminal import say
from stream_ingest.cli.wait import follow as follow_batch
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.intake.requests import BatchRequest, ProcessingConfig, read_request, settings_of

UPLOADS = "manual-uploads"
"""Folder of the input bucket where a new object starts no batch by itself."""
START_TIMEOUT_S = 120
"""How long `--wait` waits for a batch to start before it fails."""
EXAMPLES = """Examples:

  stream-ingest submit covers.csv --rows 3 --cols 4 --wait

  stream-ingest submit s3://my-input/manual-uploads/covers.csv --mix-creators --output-prefix team-a
"""


def submit(  # noqa: PLR0913 - one parameter for each option
    file: Annotated[str, typer.Argument(help="s3://<input bucket>/<key>, or a file to upload.")],
    *,
    rows: options.Rows = 5,
    cols: options.Cols = 7,
    cell_px: options.CellPx = 200,
    quality: options.Quality = 95,
    background: options.Background = "#ffffff",
    max_images_per_creator: options.ImagesPerCollage = None,
    group_by_creator: Annotated[
        bool,
        typer.Option(
            "--group-by-creator/--mix-creators",
            help="Fill a collage with one creator's images, or with the file's in their order.",
        ),
    ] = True,
    dedup: Annotated[bool, typer.Option(help="Refuse images that the creator already has.")] = True,
    output_prefix: Annotated[
        str, typer.Option(help="Folder for the batch's outputs, under collages/ and so on.")
    ] = "",
    batch_id: options.BatchId = None,
    stack: options.Stack = "dev",
    wait: options.Wait = False,
    json: options.Json = False,
) -> None:
    """Request a controlled batch: the intake reads the file with these settings."""
    config = config_of(
        {
            "rows": rows,
            "cols": cols,
            "cell_px": cell_px,
            "quality": quality,
            "background": background.lower(),
            "max_images_per_creator": max_images_per_creator,
            "group_by_creator": group_by_creator,
            "dedup": dedup,
        }
    )
    outputs = stack_outputs(stack)
    name = check_batch_id(batch_id or new_batch_id())
    request = send_request(outputs, file, name, output_prefix, config)
    say(f"batch {name}: requested for s3://{request.s3_bucket}/{request.s3_key}")
    progress = follow(outputs, name) if wait else None
    if json:
        result = {"request": request, "progress": progress}
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    elif progress:
        say(f"  {progress.rows_accepted:,} rows accepted, {progress.collages:,} collages")


def config_of(values: dict[str, object]) -> ProcessingConfig:
    """Return the configuration that options make; raises `UserError` if one is out of range."""
    try:
        return msgspec.convert(values, type=ProcessingConfig)
    except msgspec.ValidationError as error:
        msg = f"options: {error}"
        raise UserError(msg) from error


def send_request(
    outputs: StackOutputs, file: str, batch_id: str, prefix: str, config: ProcessingConfig
) -> BatchRequest:
    """Request a batch and return the request; a local file is uploaded first.

    Everything is checked before anything is sent. Two requests with the same id are one batch.
    """
    bucket, key = _object_of(outputs, file, batch_id)
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
    s3 = clients.session().client("s3", config=clients.CONFIG)
    if file.startswith("s3://"):
        check_object(s3, bucket, key)
    else:
        with map_errors(f"upload {file}"):
            s3.upload_file(file, bucket, key)
    with map_errors("send a request"):
        clients.session().client("sqs", config=clients.CONFIG).send_message(
            QueueUrl=outputs.request_queue_url, MessageBody=msgspec.json.encode(request).decode()
        )
    return request


def follow(outputs: StackOutputs, batch_id: str) -> BatchProgress:
    """Wait until a batch has ended; raises `UserError` if it does not start."""
    dynamodb = clients.session().client("dynamodb", config=clients.CONFIG)
    registry = BatchRegistry(dynamodb, outputs.table_name, time.time)
    missing = (
        f"batch {batch_id} has not started within {START_TIMEOUT_S} s;"
        " `ops-dashboard dlq list` shows refused requests and why"
    )
    return follow_batch(registry, batch_id, start_timeout_s=START_TIMEOUT_S, missing=missing)


def _object_of(outputs: StackOutputs, file: str, batch_id: str) -> tuple[str, str]:
    """Return the bucket and key of a file, or those that a local file is uploaded to."""
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
