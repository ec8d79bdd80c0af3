"""Uses each right of the roles of photos and of upload links, to show that it is needed."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from PIL import Image

from rendition_lambda.links.link_key import LinkKey
from rendition_lambda.links.link_table import LinkTable
from rendition_lambda.links.terms import Terms, link_text
from rendition_lambda.sweeping.sweep import SWEEP
from rendition_lambda.uploading.signed import MAX_PUT_BYTES
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tests.end_to_end.iam_stack import CallResult, IamStack
from tests.end_to_end.receipts import new_receipt
from tests.end_to_end.waiting import wait_for

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PATIENCE_S = 90
LATER_S = 4_000_000_000
LONG_AGO = "2026-01-01T00:00:00.000Z"


def render_and_remove(stack: IamStack) -> None:
    """Upload a photo and an image, and delete them, as people do; S3 announces it all."""
    photos, clients = stack.outputs.photos, stack.aws.clients
    assert photos is not None
    keys = ("g/a.jpg", "original-uploads/a.jpg")

    def have(status: str) -> bool:
        items = [item_of(clients.dynamodb, photos.table, key) for key in keys]
        return all(item.get("status") == status and "outbox" not in item for item in items)

    for key in keys:
        clients.s3.put_object(Bucket=photos.uploads_bucket, Key=key, Body=jpeg())
    wait_for(lambda: have("active"), "photos were not rendered", PATIENCE_S)
    for key in keys:
        clients.s3.delete_object(Bucket=photos.uploads_bucket, Key=key)
    wait_for(lambda: have("deleted"), "photos were not removed", PATIENCE_S)
    assert clients.s3.list_objects_v2(Bucket=photos.renditions_bucket)["KeyCount"] == 0


def jpeg() -> bytes:
    """Return a small photo."""
    data = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(data, "JPEG")
    return data.getvalue()


def item_of(dynamodb: DynamoDBClient, table: str, key: str) -> dict[str, Any]:
    """Return the item of a photo, empty if there is none."""
    found = dynamodb.get_item(
        TableName=table,
        Key=to_wire({"gallery": key.partition("/")[0], "photo": key}),
        ConsistentRead=True,
    )
    return from_wire(found.get("Item", {}))


class PhotoUses:
    """Uses of the rights of the rendition function, each with a new photo."""

    _stack: IamStack

    def _name(self) -> str:
        raise NotImplementedError

    def _call(self, role: str, service: str, operation: str, **arguments: object) -> CallResult:
        raise NotImplementedError

    @property
    def photos(self) -> PhotosOutputs:
        """Where the stack stores photos."""
        assert self._stack.outputs.photos is not None
        return self._stack.outputs.photos

    @property
    def _clients(self) -> Any:  # noqa: ANN401 - boto3 builds its classes at run time
        return self._stack.aws.clients

    def render(self) -> CallResult:
        """Render an uploaded photo."""
        return self._reconcile(self._upload("g"), "active")

    def augment(self) -> CallResult:
        """Turn an uploaded image, and describe it in a manifest."""
        return self._reconcile(self._upload("original-uploads"), "active")

    def remove(self) -> CallResult:
        """Remove the renditions of a photo that was deleted."""
        return self._remove("g")

    def remove_rotations(self) -> CallResult:
        """Remove what was made of an image that was deleted."""
        return self._remove("original-uploads")

    def find_missing_upload(self) -> CallResult:
        """Find out that a photo is missing."""
        bucket = self.photos.uploads_bucket
        return self._call("photos", "s3", "list_objects_v2", Bucket=bucket)

    def sweep_photos(self) -> CallResult:
        """Look for photos that nothing works on any more."""
        return self._stack.invoke("photos", {SWEEP: True})

    def request_again(self) -> CallResult:
        """Request a photo again that was processed for too long."""
        key = {"gallery": "g", "photo": f"g/{self._name()}.jpg"}
        item = {**key, "status": "processing", "open": "processing", "revision": 1}
        table = {"TableName": self.photos.table}
        written = to_wire({**item, "lease_until": 5, "updated_at": LONG_AGO})
        self._clients.dynamodb.put_item(**table, Item=written)
        result = self.sweep_photos()
        self._clients.dynamodb.delete_item(**table, Key=to_wire(key))
        return result

    def receive_photos(self, url: str) -> CallResult:
        """Lambda's poller receives messages."""
        return self._call("photos", "sqs", "receive_message", QueueUrl=url)

    def delete_photo_message(self, url: str) -> CallResult:
        """Lambda's poller deletes a handled message."""
        receipt = new_receipt(self._clients.sqs, url)
        return self._call("photos", "sqs", "delete_message", QueueUrl=url, ReceiptHandle=receipt)

    def retry_photo_soon(self, url: str) -> CallResult:
        """Have a message that failed received again soon."""
        return self._call(
            "photos",
            "sqs",
            "change_message_visibility",
            QueueUrl=url,
            ReceiptHandle=new_receipt(self._clients.sqs, url),
            VisibilityTimeout=1,
        )

    def inspect_photo_queue(self, url: str) -> CallResult:
        """Lambda's poller reads a queue's attributes."""
        names = ["All"]
        return self._call(
            "photos", "sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=names
        )

    def start_photo_sweep(self) -> CallResult:
        """The scheduler starts a sweep."""
        name = self.photos.function
        return self._call(
            "photos-schedule", "lambda", "invoke", FunctionName=name, InvocationType="Event"
        )

    def _upload(self, folder: str) -> str:
        key, bucket = f"{folder}/{self._name()}.jpg", self.photos.uploads_bucket
        self._clients.s3.put_object(Bucket=bucket, Key=key, Body=jpeg())
        return key

    def _remove(self, folder: str) -> CallResult:
        key = self._upload(folder)
        rendered = self._reconcile(key, "active")
        assert rendered.done, rendered.text
        self._clients.s3.delete_object(Bucket=self.photos.uploads_bucket, Key=key)
        return self._reconcile(key, "deleted")

    def _reconcile(self, key: str, status: str) -> CallResult:
        """Have the function look at a photo; `done` if it reached `status`."""
        queue = self.photos.queue_url.rpartition("/")[2]
        message = {
            "messageId": self._name(),
            "receiptHandle": "handle",
            "body": json.dumps({"render": key}),
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue}",
            "awsRegion": "us-east-1",
        }
        result = self._stack.invoke("photos", {"Records": [message]})
        item = item_of(self._clients.dynamodb, self.photos.table, key)
        is_there = item.get("status") == status and "outbox" not in item
        return CallResult(done=result.done and is_there, text=result.text)


class LinkUses(PhotoUses):
    """Uses of the rights of the function of upload links, each with a new link."""

    def describe_link(self) -> CallResult:
        """Say what a link still allows."""
        return self._ask("describe", self._issue())

    def begin_upload(self) -> CallResult:
        """Count a file, reserve its place and sign it."""
        return self._ask("begin", self._issue(), name="a.jpg", bytes=5)

    def begin_parts(self) -> CallResult:
        """Begin an upload in parts."""
        return self._ask("begin", self._issue(), **self._large)

    def resume_parts(self) -> CallResult:
        """Begin the same upload again, which lists its parts."""
        return self._begin_and("begin", **self._large)

    def abort_parts(self) -> CallResult:
        """Abort an upload in parts."""
        return self._begin_and("abort", name=self._large["name"])

    @property
    def _large(self) -> dict[str, Any]:
        return {"name": "large.tif", "bytes": MAX_PUT_BYTES + 1}

    def _begin_and(self, action: str, **fields: object) -> CallResult:
        link = self._issue()
        begun = self._ask("begin", link, **self._large)
        assert begun.done, begun.text
        return self._ask(action, link, **fields)

    def _issue(self) -> str:
        """Issue a link with an administrator's rights."""
        terms = Terms(
            id=f"{int(self._name().removeprefix('someone')):016x}",
            gallery="guests",
            expires_at=LATER_S,
            max_files=10,
            max_bytes=10 * MAX_PUT_BYTES,
        )
        LinkTable(self._clients.dynamodb, self.photos.table).create(terms, LONG_AGO)
        key = LinkKey(self._clients.untyped("kms"), self.photos.link_key)
        return link_text(terms, key.mac(terms))

    def _ask(self, action: str, link: str, **fields: object) -> CallResult:
        """Send a request as the distribution does; `done` if it was answered with 200."""
        event = {
            "requestContext": {"http": {"method": "POST"}},
            "rawPath": f"/upload/{action}",
            "headers": {"content-type": "application/json"},
            "body": json.dumps({"link": link, **fields}),
        }
        result = self._stack.invoke("links", event)
        answered = json.loads(result.text.partition("\n")[0])
        return CallResult(done=result.done and answered.get("statusCode") == 200, text=result.text)
