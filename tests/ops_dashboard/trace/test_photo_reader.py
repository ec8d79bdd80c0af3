"""A photo's story and its checks, read from AWS as moto models it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ops_dashboard.doctor.deployed import Aws, Deployed
from ops_dashboard.doctor.findings import State
from ops_dashboard.doctor.photos import check_photos
from ops_dashboard.inspect.photo_counts import read_photo_counts
from ops_dashboard.trace.photo_reader import PhotoStoryReader
from rendition_lambda.photo_item import Photo
from stream_ingest.contracts.stack_outputs import PhotosOutputs, StackOutputs
from stream_ingest.contracts.stack_parts import StackParts
from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.photos.account import PhotoAccount
from tests.fakes.photos.mirrored import mirror
from tests.fakes.photos.renderer import BROKEN
from tests.fakes.photos.s3 import RENDITIONS, UPLOADS

KEY, CAT, BAD = "g/a.jpg", "original-uploads/cats/1.jpg", "g/bad.jpg"


class Stack:
    """A stack in moto with three photos."""

    def __init__(self, session: boto3.Session) -> None:
        account = PhotoAccount()
        for key, body in ((KEY, b"one"), (CAT, b"two"), (BAD, BROKEN)):
            account.put(key, body)
        account.drain()
        self.session = session
        self.outputs: StackOutputs = mirror(account, session, (KEY, CAT, BAD))
        assert self.outputs.photos is not None
        self.photos: PhotosOutputs = self.outputs.photos

    def client(self, name: str) -> Any:  # noqa: ANN401 - an untyped client
        return self.session.client(name)  # type: ignore[call-overload]

    def deployed(self) -> Deployed:
        return Deployed(aws=Aws(self.session), outputs=self.outputs, parts=StackParts())

    def reader(self) -> PhotoStoryReader:
        return PhotoStoryReader(self.session, self.outputs, self.photos)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    set_aws_variables(monkeypatch)
    with mock_aws():
        yield Stack(boto3.Session(region_name="us-east-1"))


def test_a_story_has_versions_outputs_and_dead_letters(stack: Stack) -> None:
    stack.client("s3").delete_object(Bucket=RENDITIONS, Key="renditions/g/a_small.jpg")
    for key in (KEY, BAD):
        stack.client("sqs").send_message(
            QueueUrl=stack.photos.dead_letters_url, MessageBody=json.dumps({"render": key})
        )

    story = stack.reader().read(KEY)

    assert story is not None
    assert isinstance(story.photo, Photo)
    assert (story.gallery, story.needs, len(story.letters)) == ("g", "nothing", 1)
    assert [each.bytes for each in story.versions] == [3]
    assert {each.what: each.bytes is not None for each in story.objects} == {
        "large": True,
        "medium": True,
        "small": False,
        "thumbnail": True,
    }


def test_a_replaced_photo_needs_to_be_rendered_and_a_deleted_one_to_be_removed(
    stack: Stack,
) -> None:
    stack.client("s3").put_object(Bucket=UPLOADS, Key=KEY, Body=b"another")
    stack.client("s3").delete_object(Bucket=UPLOADS, Key=CAT)

    replaced, removed = stack.reader().read(KEY), stack.reader().read(CAT)

    assert replaced is not None
    assert removed is not None
    assert (replaced.needs, len(replaced.versions)) == ("render", 2)
    assert (removed.needs, removed.versions[-1].bytes) == ("remove", None)


def test_what_was_never_uploaded_has_no_story(stack: Stack) -> None:
    assert stack.reader().read("g/none.jpg") is None


def test_photos_and_messages_are_counted(stack: Stack) -> None:
    stack.client("sqs").send_message(QueueUrl=stack.photos.backfill_queue_url, MessageBody="{}")

    counts = read_photo_counts(stack.session, stack.photos)

    assert counts.by_status == {"pending": 0, "processing": 0, "failed": 1, "unannounced": 0}
    assert (counts.waiting, counts.backfill, counts.dead_letters) == (0, 1, 0)


def test_outputs_and_items_that_fit_pass(stack: Stack) -> None:
    found = check_photos(stack.deployed())

    assert (found.state, found.found) == (State.OK, "2 sampled, as in the table")


@pytest.mark.parametrize(
    "key", ["renditions/g/lost_large.jpg", "processed/lost_256x256.jpg", "manifests/lost.jsonl"]
)
def test_an_output_that_no_photo_has_is_found(stack: Stack, key: str) -> None:
    stack.client("s3").put_object(Bucket=RENDITIONS, Key=key, Body=b"x")

    found = check_photos(stack.deployed())

    assert (found.state, key in found.found) == (State.WRONG, True)


def test_a_missing_output_and_a_stuck_photo_are_found(stack: Stack) -> None:
    stack.client("s3").delete_object(Bucket=RENDITIONS, Key="renditions/g/a_small.jpg")
    assert "missing: renditions/g/a_small.jpg" in check_photos(stack.deployed()).found

    item = {"gallery": "g", "photo": "g/stuck.jpg", "status": "processing", "open": "processing"}
    item["updated_at"] = "2026-01-01T00:00:00.000Z"
    stack.client("dynamodb").put_item(
        TableName=stack.photos.table, Item={name: {"S": value} for name, value in item.items()}
    )
    assert "processing for too long: g/stuck.jpg" in check_photos(stack.deployed()).found
