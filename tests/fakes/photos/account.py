"""What photos need of an AWS account, in memory: table, buckets, queue and bus."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rendition_lambda import lifecycle, names
from rendition_lambda.announcements import PhotoBus
from rendition_lambda.cdn import Cdn, CdnBusyError
from rendition_lambda.messages import read_hints, request_of
from rendition_lambda.photo_item import (
    GALLERY_INDEX,
    OPEN,
    OPEN_INDEX,
    STATUS,
    UPDATED_AT,
    UPLOADED_AT,
    Photo,
    from_item,
)
from rendition_lambda.photo_work import Outcome, PhotoEdges
from rendition_lambda.places import place_of
from rendition_lambda.recipe import Recipe, recipe_of
from rendition_lambda.reconcile import Reconciler
from rendition_lambda.redelivery import retry_after_s
from rendition_lambda.render.rendered import Rendered
from rendition_lambda.renditions import Renditions
from rendition_lambda.repository import PhotoRepository
from rendition_lambda.sweeping.queue import RequestQueue
from rendition_lambda.sweeping.sweep import PhotoSweep, SweepEdges, Swept
from rendition_lambda.uploads import Uploads
from stream_ingest.aws.items import from_wire
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.s3_events import OBJECT_CREATED, OBJECT_DELETED
from tests.fakes.ingest.clock import Clock
from tests.fakes.ingest.threads import InlineExecutor
from tests.fakes.photos.cdn import DISTRIBUTION, PhotoCdn
from tests.fakes.photos.renderer import FakeRenderer
from tests.fakes.photos.role import BACKFILL, BUS, TABLE, PhotoRole
from tests.fakes.photos.s3 import OTHER, RENDITIONS, UPLOADS, PhotoS3
from tests.faults.harness.aws.bus import FakeBus
from tests.faults.harness.aws.dynamodb import FakeDynamoDb
from tests.faults.harness.aws.errors import KilledError, Wire, known
from tests.faults.harness.aws.sqs import FakeQueue, Message
from tests.faults.harness.injector import Fault, Faults, Faulty

TIMEOUT_S = 120
VISIBILITY_S = 6 * TIMEOUT_S
MAX_RECEIVES = 5


class FakeSqs:
    """A low-level client that sends to a queue."""

    def __init__(self, queue: FakeQueue) -> None:
        self._queue = queue

    def send_message(self, **request: Wire) -> dict[str, object]:
        """Put a message."""
        known(request, "QueueUrl", "MessageBody", "DelaySeconds")
        return {"MessageId": self._queue.send(request["MessageBody"])}


class PhotoAccount:
    """Table, buckets, queue and bus of a stack that renders photos, and its function."""

    def __init__(self, dynamodb: Any = None) -> None:  # noqa: ANN401 - a low-level client
        """Use a fake DynamoDB, or the one that is given."""
        self.role = PhotoRole()
        self.clock = Clock()
        self.s3, self.dynamodb = PhotoS3(self.clock), dynamodb or FakeDynamoDb()
        self.dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("gallery", "photo", OPEN, UPDATED_AT, UPLOADED_AT)
            ],
            KeySchema=_keys("gallery", "photo"),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": OPEN_INDEX,
                    "KeySchema": _keys(OPEN, UPDATED_AT),
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                },
                {
                    "IndexName": GALLERY_INDEX,
                    "KeySchema": _keys("gallery", UPLOADED_AT),
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": [STATUS]},
                },
            ],
        )
        self.cdn = PhotoCdn(self.s3.outputs)
        self.bus = FakeBus(BUS, self.clock, {"source": ["nothing"]})
        self.dead_letters = FakeQueue(self.clock, visibility_s=VISIBILITY_S)
        self.queue = FakeQueue(
            self.clock,
            visibility_s=VISIBILITY_S,
            max_receives=MAX_RECEIVES,
            dead_letters=self.dead_letters,
        )
        self.recipe_of: Callable[[str], Recipe | None] = recipe_of
        self.owners = 0
        self.sqs = FakeSqs(self.queue)

    def put(self, key: str, body: bytes, times: int = 1) -> None:
        """Upload an object, which S3 announces `times` times."""
        self.s3.upload(key, body)
        self._announce(OBJECT_CREATED, key, times)

    def expect(self, key: str) -> None:
        """Record that the upload of a photo was signed."""
        gallery = names.gallery_of(key, self.recipe_of(key))
        pending = lifecycle.expect(None, gallery=gallery, key=key, now_s=self.clock())
        PhotoRepository(self.dynamodb, TABLE).save(pending)  # type: ignore[arg-type]

    def delete(self, key: str, times: int = 1) -> None:
        """Delete an object, which S3 announces `times` times."""
        self.s3.remove(key)
        self._announce(OBJECT_DELETED, key, times)

    def request(self, key: str, *, again: bool = False) -> None:
        """Request that a photo is rendered."""
        self.queue.send(json.dumps({"render": key, "again": again}))

    def _announce(self, detail_type: str, key: str, times: int) -> None:
        detail = {"bucket": {"name": UPLOADS}, "object": {"key": key}}
        for _ in range(times):
            self.queue.send(json.dumps({"detail-type": detail_type, "detail": detail}))

    def reconciler(self, faults: Faults) -> Reconciler:
        """Return the function's parts, with the faults of its process."""
        renderer = Faulty(FakeRenderer(), "render", faults)
        s3: Any = Faulty(self.role.guard(self.s3, "s3"), "s3", faults)
        dynamodb: Any = Faulty(self.role.guard(self.dynamodb, "dynamodb"), "dynamodb", faults)
        events: Any = Faulty(self.role.guard(self.bus, "events"), "events", faults)
        cloudfront: Any = Faulty(self.role.guard(self.cdn, "cloudfront"), "cloudfront", faults)

        def render(source: Path, folder: Path, recipe: Recipe) -> Rendered:
            rendered: Rendered = renderer.render(source=source, folder=folder, recipe=recipe)
            return rendered

        edges = PhotoEdges(
            photos=PhotoRepository(dynamodb, TABLE),
            uploads=Uploads(s3, UPLOADS, (OTHER,)),
            renditions=Renditions(s3, RENDITIONS, InlineExecutor()),
            cdn=Cdn(cloudfront, DISTRIBUTION),
            bus=PhotoBus(events, BUS),
            render=render,
            domain="cdn.example.com",
            recipe_of=self.recipe_of,
        )
        return Reconciler(edges, self.clock)

    def deliver(
        self, which: int = 0, faults: Iterable[Fault] = (), *, is_lost: bool = False
    ) -> bool:
        """Invoke the function with one visible message; return False if there is none.

        With `is_lost`, the message of a function that is killed after its claim never comes again.
        """
        message = self.queue.receive(which)
        if message is None:
            return False
        self.owners += 1
        owner = f"owner-{self.owners}"
        try:
            self.handle(message, Faults(faults), owner)
        except CoverstreamError as error:
            delay_s = retry_after_s(error, message.receives, self.clock())
            if delay_s is not None:
                self.queue.change_visibility(message.receipt, delay_s)
        except KilledError:  # the message is visible again after its visibility timeout
            if is_lost and self._is_overdue(owner):
                self.queue.delete(message.receipt)
        return True

    def _is_overdue(self, owner: str) -> bool:
        """Return whether an owner has left a photo that has not ended, or was not announced."""
        left = [photo for photo in self.photos() if photo.owner == owner]
        return any(photo.outbox is not None or not photo.is_finished for photo in left)

    def handle(self, message: Message, faults: Faults, owner: str) -> list[Outcome]:
        """Work a message off, and delete it."""
        reconciler = self.reconciler(faults)
        outcomes = []
        for hint in read_hints(message.body, UPLOADS, (OTHER,)):
            try:
                outcome = reconciler.reconcile(
                    hint.key,
                    owner=owner,
                    remaining_s=TIMEOUT_S,
                    is_last=message.receives >= MAX_RECEIVES,
                    again=hint.again,
                    run=hint.run,
                )
            except CdnBusyError:  # as the handler does
                sqs = self.role.guard(self.sqs, "sqs")
                requests = RequestQueue(sqs, f"https://sqs/{BACKFILL}")
                requests.send(request_of(hint, UPLOADS), delay_s=60)
                continue
            outcomes.append(outcome)
        self.queue.delete(message.receipt)
        return outcomes

    def sweep(self, faults: Iterable[Fault] = ()) -> Swept:
        """Sweep, as the schedule does; a fault may kill it at any call."""
        injected = Faults(faults)
        dynamodb: Any = Faulty(self.role.guard(self.dynamodb, "dynamodb"), "dynamodb", injected)
        events: Any = Faulty(self.role.guard(self.bus, "events"), "events", injected)
        sqs: Any = Faulty(self.role.guard(self.sqs, "sqs"), "sqs", injected)
        edges = SweepEdges(
            photos=PhotoRepository(dynamodb, TABLE),
            bus=PhotoBus(events, BUS),
            requests=RequestQueue(sqs, f"https://sqs/{BACKFILL}"),
            uploads_bucket=UPLOADS,
        )
        self.owners += 1
        try:
            return PhotoSweep(edges, self.clock).run(f"sweep-{self.owners}", lambda: TIMEOUT_S)
        except (KilledError, CoverstreamError):  # the next one does the same work
            return Swept()

    def drain(self) -> None:
        """Deliver messages without faults until none is left."""
        while self.queue.messages:
            if not self.deliver():
                self.clock.advance(60)

    def photo(self, key: str) -> Photo | None:
        """Return a photo's item, by its name."""
        place = place_of(key, UPLOADS)
        gallery = names.gallery_of(place.key, self.recipe_of(place.key))
        return PhotoRepository(self.dynamodb, TABLE).load(gallery, key)  # type: ignore[arg-type]

    def photos(self) -> list[Photo]:
        """Return the items of all photos."""
        items = map(from_wire, self.dynamodb.items.values())
        return [from_item(item) for item in items if STATUS in item]

    def announced(self, key: str) -> list[tuple[str, str]]:
        """Return type and version of a photo's events, in order."""
        return [
            (event["detail-type"], event["detail"]["version"])
            for event in self.bus.received
            if event["detail"]["photo"] == key
        ]


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]
