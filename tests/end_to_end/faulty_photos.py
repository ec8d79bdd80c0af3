"""A photo of a faulty stack: what happens to it, and what it has become, as lines of differences.

What its outputs show is looked up here, not computed by the product's code.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

from PIL import Image

from rendition_lambda import manifest
from rendition_lambda.names import claim_partition, gallery_of, stored_keys
from rendition_lambda.photo_item import NAME_ITEM, Photo, from_item
from rendition_lambda.recipe import Recipe, recipe_of
from rendition_lambda.sweeping.sweep import SWEEP
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tests.end_to_end.faulty_stack import FaultyStack
from tests.end_to_end.photo_fault_points import Change

_RED, _BLUE = (220, 20, 20), (20, 20, 220)
_TOLERANCE = 25
_EVENTS = {
    Change.DELETED: "RenditionsRemoved",
    Change.BROKEN: "RenditionsFailed",
}
_STATUS = {Change.DELETED: "deleted", Change.BROKEN: "failed"}


class FaultyPhoto:
    """One photo of a case, by its name."""

    def __init__(self, stack: FaultyStack, name: str, change: Change) -> None:
        """Be about a photo that does not exist yet."""
        assert stack.outputs.photos is not None
        self._stack, self._name, self._change = stack, name, change
        self._outputs: PhotosOutputs = stack.outputs.photos
        self._s3 = stack.aws.clients.s3
        folder = "original-uploads" if change is Change.IMAGE else name
        self._key = f"{folder}/{name}.jpg"
        recipe = recipe_of(self._key)
        assert recipe is not None
        self._recipe: Recipe = recipe
        self._gallery = gallery_of(self._key, recipe)
        self._version = ""

    def prepare(self) -> None:
        """Bring about what the change is a change of."""
        if self._change in {Change.REPLACED, Change.DELETED}:
            self._put(_jpeg(_RED))
            self._stack.wait(lambda: self._has("active"), "it was not rendered")

    def make(self) -> None:
        """Change the object."""
        bucket = self._outputs.uploads_bucket
        match self._change:
            case Change.DELETED:
                self._s3.delete_object(Bucket=bucket, Key=self._key)
            case Change.BROKEN:
                self._put(b"no photo")
            case _:
                self._put(_jpeg(_BLUE))

    def wait(self) -> None:
        """Sweep until the photo has ended, and its event is out."""

        def ended() -> bool:
            self._stack.aws.clients.functions.invoke(
                FunctionName=self._outputs.function, Payload=json.dumps({SWEEP: True}).encode()
            )
            return self._has(_STATUS.get(self._change, "active"))

        self._stack.wait(ended, f"it has not ended: {self._item()}")

    def differences(self) -> list[str]:
        """Compare item, objects, name and events with the object and its recipe."""
        photo = from_item(self._item())
        objects = self._stored()
        is_active = self._change not in _STATUS
        wanted = stored_keys(self._recipe, self._gallery, photo.stem) if is_active else ()
        return [
            *_unlike("objects", sorted(objects), sorted(wanted)),
            *_unlike("keys", sorted(photo.keys), sorted(wanted)),
            *_unlike("version", photo.version, self._version),
            *(self._outputs_unlike(photo, objects) if is_active else ()),
            *self._event_unlike(photo),
            *self._letters(),
        ]

    def _put(self, body: bytes) -> None:
        bucket = self._outputs.uploads_bucket
        answer = self._s3.put_object(Bucket=bucket, Key=self._key, Body=body)
        self._version = answer["VersionId"]

    def _get(self, gallery: str, photo: str) -> dict[str, Any]:
        found = self._stack.aws.clients.dynamodb.get_item(
            TableName=self._outputs.table,
            Key=to_wire({"gallery": gallery, "photo": photo}),
            ConsistentRead=True,
        )
        return from_wire(found.get("Item", {}))

    def _item(self) -> dict[str, Any]:
        return self._get(self._gallery, self._key)

    def _has(self, status: str) -> bool:
        item = self._item()
        return (
            item.get("status") == status
            and item["version"] == self._version
            and not item.keys() & {"lease_until", "outbox"}
        )

    def _stored(self) -> dict[str, bytes]:
        """Return all objects of renditions, rotations and manifests of the case."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._outputs.renditions_bucket
        )
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        return {key: self._read(key) for key in keys if self._name in key}

    def _read(self, key: str) -> bytes:
        bucket = self._outputs.renditions_bucket
        found = self._s3.get_object(Bucket=bucket, Key=key)
        assert found["Metadata"]["original-version"] == self._version, key
        assert found["Metadata"]["recipe-version"] == self._recipe.version, key
        return found["Body"].read()

    def _outputs_unlike(self, photo: Photo, objects: dict[str, bytes]) -> Iterator[str]:
        owner = self._get(claim_partition(self._recipe, self._gallery, photo.stem), NAME_ITEM)
        yield from _unlike("owner of the name", owner.get("original_key"), self._key)
        yield from _unlike("recipe", photo.recipe_version, self._recipe.version)
        yield from _unlike("outputs", set(photo.outputs), {e.name for e in self._recipe.outputs})
        for name, facts in photo.outputs.items():
            body = objects[facts.key]
            digest = hashlib.sha256(body).hexdigest()
            yield from _unlike(f"sha256 of {name}", digest, facts.sha256)
            with Image.open(io.BytesIO(body)) as image:
                yield from _unlike(f"size of {name}", image.size, (facts.width, facts.height))
                middle = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
            assert isinstance(middle, tuple)
            far = max(abs(one - other) for one, other in zip(middle, _BLUE, strict=True))
            yield from _unlike(f"whether {name} shows the photo", far < _TOLERANCE, wanted=True)
        if self._recipe.manifest:
            (key,) = objects.keys() - {facts.key for facts in photo.outputs.values()}
            lines = manifest.encode(manifest.lines_of(photo))
            yield from _unlike("manifest", objects[key], lines)

    def _event_unlike(self, photo: Photo) -> Iterator[str]:
        kind = _EVENTS.get(self._change, "RenditionsCreated")
        told = [
            (event["detail-type"], event["detail"]["version"])
            for event in self._stack.events_of("")
            if event["detail"].get("photo") == self._key
        ]
        last = told[-1] if told else None
        yield from _unlike("last event", last, (kind, photo.version))

    def _letters(self) -> Iterator[str]:
        found = self._stack.aws.clients.sqs.get_queue_attributes(
            QueueUrl=self._outputs.dead_letters_url,
            AttributeNames=["ApproximateNumberOfMessages"],
        )
        number = found["Attributes"]["ApproximateNumberOfMessages"]
        yield from _unlike("dead letters", number, "0")


def _unlike(what: str, found: object, wanted: object) -> Iterator[str]:
    if found != wanted:
        yield f"{what}: {found!r}, not {wanted!r}"


def _jpeg(colour: tuple[int, int, int]) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (600, 400), colour).save(data, "JPEG")
    return data.getvalue()
