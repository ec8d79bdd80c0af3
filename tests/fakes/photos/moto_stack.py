"""A stack that renders photos under moto, its function, and an operator who runs commands."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from ops_dashboard.local.aws.clients import ACCOUNT, REGION
from rendition_lambda.announcements import PhotoBus
from rendition_lambda.cdn import Cdn
from rendition_lambda.messages import read_hints
from rendition_lambda.photo_item import GALLERY_INDEX, OPEN, OPEN_INDEX, UPDATED_AT, UPLOADED_AT
from rendition_lambda.photo_work import PhotoEdges
from rendition_lambda.recipe import Recipe
from rendition_lambda.reconcile import Reconciler
from rendition_lambda.render.rendered import Rendered
from rendition_lambda.renditions import Renditions
from rendition_lambda.repository import PhotoRepository
from rendition_lambda.uploads import Uploads
from tests.fakes.command_line import Commands, Outcome
from tests.fakes.ingest.threads import InlineExecutor
from tests.fakes.ops.stack_outputs import PHOTOS, stack_outputs
from tests.fakes.photos.renderer import FakeRenderer

PREFIX, OTHER = "coverstream-dev", "wedding-archive"
UPLOADS = f"{PREFIX}-uploads-{ACCOUNT}-{REGION}"


class Stack:
    """A stack under moto, its function, and an operator."""

    def __init__(self, commands: Commands, patch: pytest.MonkeyPatch) -> None:
        self._commands, self._patch, self._owners = commands, patch, 0
        self.s3, self.sqs = boto3.client("s3"), boto3.client("sqs")
        self.dynamodb, self.events = boto3.client("dynamodb"), boto3.client("events")
        queue = self.sqs.create_queue(QueueName=f"{PREFIX}-photos-backfill")
        self.outputs = msgspec.structs.replace(
            PHOTOS,
            table=f"{PREFIX}-photos",
            uploads_bucket=UPLOADS,
            renditions_bucket=f"{PREFIX}-renditions-{ACCOUNT}-{REGION}",
            backfill_queue_url=queue["QueueUrl"],
            other_buckets=(OTHER,),
        )
        for bucket in (UPLOADS, self.outputs.renditions_bucket, OTHER):
            self.s3.create_bucket(Bucket=bucket)
        versions: Any = {"Status": "Enabled"}
        self.s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration=versions)
        self._create_table()
        self.events.create_event_bus(Name="bus")
        patch.setattr(
            "ops_dashboard.photos.stack.load_stack",
            lambda _ssm, _stack: stack_outputs(photos=self.outputs),
        )

    def _create_table(self) -> None:
        def keys(partition: str, sort: str) -> Any:  # noqa: ANN401 - boto3's types
            return [
                {"AttributeName": partition, "KeyType": "HASH"},
                {"AttributeName": sort, "KeyType": "RANGE"},
            ]

        names = ("gallery", "photo", OPEN, UPDATED_AT, UPLOADED_AT)
        self.dynamodb.create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
            KeySchema=keys("gallery", "photo"),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": name,
                    "KeySchema": keys(*pair),
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
                for name, pair in (
                    (OPEN_INDEX, (OPEN, UPDATED_AT)),
                    (GALLERY_INDEX, ("gallery", UPLOADED_AT)),
                )
            ],
        )

    @property
    def table(self) -> str:
        return self.outputs.table

    def upload(self, key: str, body: bytes, bucket: str = UPLOADS) -> None:
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def run(self, line: str, answer: str | None = None) -> Outcome:
        """Run ``ops-dashboard photos``; `answer` is typed on a terminal."""
        self._patch.setattr("sys.stdin", Terminal(answer))
        return self._commands.run("ops-dashboard", "photos", *line.split())

    def messages(self) -> list[str]:
        """Take all messages from the queue."""
        url, bodies = self.outputs.backfill_queue_url, []
        while found := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for each in found:
                bodies.append(each["Body"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return bodies

    def work(self, *bodies: str) -> int:
        """Run the function on given messages, or on all that are in the queue."""
        chosen = list(bodies) or self.messages()
        for body in chosen:
            for hint in read_hints(body, self.outputs.uploads_bucket, (OTHER,)):
                self._owners += 1
                self.reconciler().reconcile(
                    hint.key,
                    owner=str(self._owners),
                    remaining_s=100,
                    again=hint.again,
                    run=hint.run,
                )
        return len(chosen)

    def reconciler(self) -> Reconciler:
        def render(source: Path, folder: Path, recipe: Recipe) -> Rendered:
            return FakeRenderer().render(source=source, folder=folder, recipe=recipe)

        edges = PhotoEdges(
            photos=PhotoRepository(self.dynamodb, self.table),
            uploads=Uploads(self.s3, self.outputs.uploads_bucket, (OTHER,)),
            renditions=Renditions(self.s3, self.outputs.renditions_bucket, InlineExecutor()),
            bus=PhotoBus(self.events, "bus"),
            render=render,
            domain="",
            cdn=Cdn(boto3.client("cloudfront"), ""),
        )
        return Reconciler(edges, time.time)


class Terminal(io.StringIO):
    """What an operator types; None if nobody can be asked."""

    def __init__(self, answer: str | None) -> None:
        super().__init__(f"{answer}\n")
        self._is_terminal = answer is not None

    def isatty(self) -> bool:
        return self._is_terminal
