"""Runs `stream-ingest submit`: uploads a file if it is local, and sends a request. Edge."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError

from stream_ingest.aws import clients
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.stack import stack_outputs
from stream_ingest.batches.batch_id import check_batch_id, new_batch_id
from stream_ingest.batches.outcome import outcome_of, with_outcome
from stream_ingest.batches.progress import BatchProgress
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.cli.batch_arguments import option_name
from stream_ingest.cli.object_check import check_object
from stream_ingest.cli.terminal import say
from stream_ingest.cli.wait import arrived, made
from stream_ingest.cli.wait import follow as follow_batch
from stream_ingest.contracts.batch_options import (
    BatchOptions,
    file_defaults,
    lay_over,
    settings_of,
)
from stream_ingest.contracts.errors import RejectedError, UserError
from stream_ingest.contracts.reading import PLAIN_READING, READING, Reading, read_reading
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.intake.request_message import (
    CONFIG,
    PROCESSING_TYPES,
    BatchRequest,
    option_of,
    read_request,
    request_settings,
)
from stream_ingest.intake.requests import Buckets, check_bucket

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

UPLOADS = "manual-uploads"
"""Folder of the input bucket where a new object starts no batch by itself."""
START_TIMEOUT_S = 120
"""How long `--wait` waits for a batch to start before it fails."""


class SubmitMode(msgspec.Struct, frozen=True, kw_only=True):
    """What to do besides sending the request."""

    wait: bool
    json: bool


def run_submit(  # noqa: PLR0913, PLR0917 - the parts of a request
    file: str | None,
    request: Path | None,
    reading: Mapping[str, str | None],
    batch: BatchOptions,
    batch_id: str | None,
    stack: str,
    mode: SubmitMode,
) -> None:
    """Send a request for a file, or that of the file `request`, and print what becomes of it."""
    outputs = stack_outputs(stack)
    content = _read_message(request) if request else {}
    named = batch_id or content.get("batch_id")
    name = check_batch_id(named or new_batch_id())
    content = message(outputs, content, file, name, batch, read_reading(reading, option_name))
    settings_of(lay_over(batch, file_defaults(outputs.batch_defaults)), option_name)
    if named:
        _check_batch(outputs, content, name, is_local=_is_local(file))
    sent = send_request(outputs, content, file)
    say(f"batch {name}: requested for s3://{sent.s3_bucket}/{sent.s3_key}")
    for note in sent.notes:
        say(f"  {note}")
    progress = follow(outputs, name) if mode.wait else None
    if mode.json:
        shown = with_outcome(progress) if progress else None
        result = {"request": content, "notes": sent.notes, "progress": shown}
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    elif progress:
        say(f"  {outcome_of(progress).text}")
        say(f"  {arrived(progress)}")
        say(f"  {made(progress)}")
    if progress and progress.rejected is not None:
        msg = f"batch {name} was rejected: {progress.rejected}"
        raise RejectedError(msg)


def message(  # noqa: PLR0913, PLR0917 - the parts of a message
    outputs: StackOutputs,
    content: dict[str, Any],
    file: str | None,
    batch_id: str,
    batch: BatchOptions,
    reading: Reading = PLAIN_READING,
) -> dict[str, Any]:
    """Return the message for a file with the options that were set, added to those of `content`."""
    merged: dict[str, Any] = {"processing_type": PROCESSING_TYPES[0], **content}
    if file is not None:
        merged["s3_bucket"], merged["s3_key"] = _object_of(outputs, file, batch_id)
    given = msgspec.to_builtins(batch) | msgspec.to_builtins(reading)
    if "output_prefix" in given:
        merged["output_prefix"] = given.pop("output_prefix")
    for option in given.keys() & READING:
        merged.pop(option, None)
    config = merged.get(CONFIG) or {}
    if given and isinstance(config, dict):
        others = {name: value for name, value in config.items() if option_of(name) not in given}
        merged[CONFIG] = {**others, **given}
    return {**merged, "batch_id": batch_id}


def send_request(outputs: StackOutputs, content: dict[str, Any], file: str | None) -> BatchRequest:
    """Send a request and return what the intake will read; a local file is uploaded first.

    Everything is checked before anything is sent. Two requests with the same id are one batch.
    """
    request = read_request(content)
    check_bucket(request.s3_bucket, Buckets(outputs.input_bucket, outputs.allowed_input_buckets))
    request_settings(request, outputs.batch_defaults)
    s3 = clients.session().client("s3", config=clients.CONFIG)
    if file is not None and _is_local(file):
        _upload(s3, file, request)
    else:
        check_object(s3, request.s3_bucket, request.s3_key)
    with map_errors("send a request"):
        clients.session().client("sqs", config=clients.CONFIG).send_message(
            QueueUrl=outputs.request_queue_url, MessageBody=msgspec.json.encode(content).decode()
        )
    return request


def _upload(s3: S3Client, file: str, request: BatchRequest) -> None:
    """Upload a local file, a large one in parts; AWS's errors are those of other requests."""
    with map_errors(f"upload {file}"):
        try:
            s3.upload_file(file, request.s3_bucket, request.s3_key)
        except S3UploadFailedError as error:
            if isinstance(error.__context__, ClientError):
                raise error.__context__ from None
            raise


def _check_batch(
    outputs: StackOutputs, content: dict[str, Any], batch_id: str, *, is_local: bool
) -> None:
    """Raise `UserError` if the id is another batch's; a file in S3 may be requested again."""
    batch = _registry(outputs).load(batch_id)
    if batch is None:
        return
    same = f"s3://{content.get('s3_bucket')}/{content.get('s3_key')}"
    if is_local or (batch.source or "").partition("?")[0] != same:
        origin = f", from {batch.source}" if batch.source else ""
        msg = f"batch {batch.batch_id!r} exists already{origin}; choose another --batch-id"
        raise UserError(msg)


def _is_local(file: str | None) -> bool:
    return file is not None and not file.startswith("s3://")


def _registry(outputs: StackOutputs) -> BatchRegistry:
    dynamodb = clients.session().client("dynamodb", config=clients.CONFIG)
    return BatchRegistry(dynamodb, outputs.table_name, time.time)


def follow(outputs: StackOutputs, batch_id: str) -> BatchProgress:
    """Wait until a batch has ended; raises `UserError` if it does not start."""
    missing = (
        f"batch {batch_id} has not started within {START_TIMEOUT_S} s;"
        " `ops-dashboard dlq list` shows refused requests and why"
    )
    return follow_batch(
        _registry(outputs), batch_id, start_timeout_s=START_TIMEOUT_S, missing=missing
    )


def _object_of(outputs: StackOutputs, file: str, batch_id: str) -> tuple[str, str]:
    """Return the bucket and key of a file, or those that a local file is uploaded to."""
    if file.startswith("s3://"):
        bucket, _, key = file.removeprefix("s3://").partition("/")
        if not key:
            msg = f"{file}: expected s3://{outputs.input_bucket}/<key>"
            raise UserError(msg)
        return bucket, key
    path = Path(file)
    if not path.is_file():
        msg = f"cannot read {file}: no such file"
        raise UserError(msg)
    return outputs.input_bucket, f"{UPLOADS}/{batch_id}/{path.name}"


def _read_message(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise UserError(msg) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = f"{path}: expected a JSON object: {error}"
        raise UserError(msg) from error
