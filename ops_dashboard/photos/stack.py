"""The parts of a stack that commands about photos use. Edge (SSM, boto3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.stack_outputs import PhotosOutputs

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoStack:
    """A stack with the setting `photos`, and the user's clients."""

    name: str
    outputs: PhotosOutputs
    s3: S3Client
    dynamodb: DynamoDBClient
    sqs: SQSClient

    @classmethod
    def open(cls, stack: str) -> PhotoStack:
        """Look a stack up; raises `UserError` if it is not deployed or renders no photos."""
        session = clients.session()
        outputs = load_stack(clients.parameters(session), stack).photos
        if outputs is None:
            msg = f"stack {stack!r} renders no photos: set coverstream:photos to true and deploy it"
            raise UserError(msg)
        return cls(
            name=stack,
            outputs=outputs,
            s3=session.client("s3", config=clients.CONFIG),
            dynamodb=session.client("dynamodb", config=clients.CONFIG),
            sqs=session.client("sqs", config=clients.CONFIG),
        )
