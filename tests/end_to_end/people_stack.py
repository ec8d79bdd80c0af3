"""A stack deployed with the deployer's documented rights, and what people work on in it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import boto3

from ops_dashboard.local.aws.clients import REGION, Clients
from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.samples.cover_server import CoverServer
from stream_ingest.aws.items import to_wire
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.records.codec import BatchHeader
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList
from tests.end_to_end.discarded_delivery import store_discarded
from tests.end_to_end.people import People
from tests.end_to_end.photo_people import add_photos
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.samples import make_sample, plain_creator, write_rows
from tests.end_to_end.waiting import wait_for
from tests.end_to_end.webhook import Webhook, webhook

STACK = "dev"
_PHOTOS = {"photos": True, "photosCdn": True, "photosUploadLinks": True}
SECRET = "Bearer 0123456789"


class PeopleStack(NamedTuple):
    """A stack, its people, and the webhook that it notifies."""

    people: People
    stack: Pipeline
    hook: Webhook
    settings: Mapping[str, object]


class ClientsAs(Clients):
    """Clients of somebody who is not the administrator."""

    def __init__(self, aws: LocalAws, variables: Mapping[str, str]) -> None:
        super().__init__(aws.endpoint, aws.instance.ca_bundle)
        self._session = boto3.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=variables["AWS_SESSION_TOKEN"],
            region_name=REGION,
        )


@contextmanager
def acting_as_deployer(people: People, without: str = "") -> Iterator[None]:
    """Deploy inside the block with the deployer's documented rights, if given without one."""
    administrator = people.aws.clients
    people.aws.clients = ClientsAs(people.aws, people.session("deployer", without=without))
    try:
        yield
    finally:
        people.aws.clients.close()
        people.aws.clients = administrator


@contextmanager
def people_stack(folder: Path) -> Iterator[PeopleStack]:
    """Start an embedded AWS that enforces IAM, with a stack that a deployer deployed."""
    with (
        CoverServer() as covers,
        CoverServer() as mortal,
        LocalAws.start(auth=True) as aws,
        webhook(Path(aws.instance.ca_bundle or "")) as hook,
    ):
        people = People(aws, STACK)
        settings = {"notifyWebhookUrl": hook.url, "notifyWebhookSecret": SECRET, **_PHOTOS}
        with acting_as_deployer(people):
            outputs = aws.deploy(
                allowed_sources=[covers.address, mortal.address], settings=settings
            )
        stack = Pipeline(aws, outputs, covers, mortal, covers)
        _push(stack, folder)
        wait_for(lambda: _has_ended_if_swept(stack, "operated"))
        people.values |= {"window": "first.one:000001", "folder": str(folder / "collages")}
        people.values.update(_dead_letters(stack))
        _discard_a_delivery(stack)
        people.values |= add_photos(stack, folder)
        pushed = make_sample(covers, [plain_creator("pushed.one", 64, 40)], seed=71)
        path = write_rows(pushed, folder, "p.csv")
        place = (outputs.input_bucket, "manual-uploads/there.csv")
        aws.clients.s3.upload_file(str(path), *place)
        people.values |= {"csv": str(path), "object": f"s3://{'/'.join(place)}"}
        yield PeopleStack(people, stack, hook, settings)


def _push(stack: Pipeline, folder: Path) -> None:
    """Push three creators; the covers of the last one cannot be downloaded now."""
    creators = [plain_creator("first.one", 61, 37), plain_creator("second.one", 62, 3)]
    sample = make_sample(stack.covers, creators, seed=41, awkward=False)
    stack.push(f"--csv={write_rows(sample, folder, 'a.csv')}", "--flush", "--batch-id=operated")
    failing = [plain_creator("third.one", 63, 3)]
    sample = make_sample(stack.mortal_covers, failing, seed=43, awkward=False)
    stack.mortal_covers.switch_off()
    register(stack, "left")
    stack.push(f"--csv={write_rows(sample, folder, 'b.csv')}", "--flush", "--batch-id=failing")


def _has_ended_if_swept(stack: Pipeline, batch_id: str) -> bool:
    """Sweep, and return whether a batch has ended."""
    stack.sweep()
    status: str = stack.status(batch_id)["status"]
    return status == "ended"


def register(stack: Pipeline, batch_id: str) -> None:
    """Register a batch whose push does not come back."""
    header = BatchHeader(batch_id=batch_id, trigger="csv-push", settings=BatchSettings())
    BatchRegistry(stack.aws.clients.dynamodb, stack.outputs.table_name, time.time).register(header)


def _dead_letters(stack: Pipeline) -> Mapping[str, str]:
    """Put three requests of missing files among the dead letters; return their ids."""
    for number in range(3):
        stack.aws.clients.sqs.send_message(
            QueueUrl=stack.outputs.dead_letter_urls["intake"],
            MessageBody=json.dumps({"s3_key": f"manual-uploads/{number}.csv"}),
        )
    first, second, third = (letter["ref"] for letter in stack.ops("dlq", "list"))
    return {"read": first, "redriven": second, "dropped": third}


def _discard_a_delivery(stack: Pipeline) -> None:
    creator = plain_creator("given.up", 65, 3)
    store_discarded(stack, make_sample(stack.covers, [creator], seed=36, awkward=False))


def add_unreadable_state(stack: Pipeline, creator: str) -> None:
    """Store a state that cannot be read, and list it as the windowing function does."""
    dynamodb, name = stack.aws.clients.dynamodb, stack.outputs.table_name
    item = {table.PARTITION_KEY: creator, table.SORT_KEY: table.STATE, "version": "none"}
    dynamodb.put_item(TableName=name, Item=to_wire(item))
    listed = UnreadableList(dynamodb, name, time.time)
    listed.add(UnreadableItemError(creator, table.STATE, "version: expected a number"))
