"""The demo's photos: uploaded to a deployed stack, and read by their addresses. Edge (S3, clock).

Only S3, DynamoDB and HTTP are used, nothing of the product.
"""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from boto3.dynamodb.types import TypeDeserializer

from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.demo.inputs import END_TIMEOUT_S, DemoFailedError
from ops_dashboard.local.demo.photo_check import (
    FoundPhoto,
    Served,
    key_in_s3,
    manifest_key,
    output_names,
)
from ops_dashboard.local.samples.photos.sample import AUGMENTED, GALLERY, SamplePhoto

_ENDED = frozenset({"active", "failed", "skipped"})
_POLL_S = 0.5
_TIMEOUT_S = 30


class DemoPhotos:
    """The photos of one stack."""

    def __init__(self, aws: LocalAws) -> None:
        """Use the stack deployed on `aws`, which must render photos."""
        outputs = aws.outputs().photos
        if outputs is None:
            msg = "the stack renders no photos"
            raise DemoFailedError(msg)
        self._aws, self._outputs = aws, outputs

    def upload(self, samples: Sequence[SamplePhoto]) -> None:
        """Put every original into the bucket of uploads."""
        for sample in samples:
            self._aws.clients.s3.put_object(
                Bucket=self._outputs.uploads_bucket, Key=sample.key, Body=sample.data
            )

    def wait(self, samples: Sequence[SamplePhoto]) -> dict[str, FoundPhoto]:
        """Return each photo by its key once all have ended; raises `DemoFailedError`."""
        deadline = time.monotonic() + END_TIMEOUT_S
        while True:
            items = {item["photo"]: item for item in self._items()}
            unfinished = [each.key for each in samples if not _has_ended(items.get(each.key))]
            if not unfinished:
                break
            if time.monotonic() > deadline:
                msg = f"not rendered within {END_TIMEOUT_S} s: {', '.join(unfinished)}"
                raise DemoFailedError(msg)
            time.sleep(_POLL_S)
        return {each.key: self._found(each, items[each.key]) for each in samples}

    def keys(self) -> list[str]:
        """Return the keys of all outputs."""
        pages = self._aws.clients.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._outputs.renditions_bucket
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def _items(self) -> Iterator[dict[str, Any]]:
        read = TypeDeserializer()
        for gallery in (GALLERY, AUGMENTED):
            found = self._aws.clients.dynamodb.query(
                TableName=self._outputs.table,
                KeyConditionExpression="gallery = :gallery",
                ExpressionAttributeValues={":gallery": {"S": gallery}},
                ConsistentRead=True,
            )
            for item in found["Items"]:
                yield {name: read.deserialize(value) for name, value in item.items()}

    def _found(self, sample: SamplePhoto, item: dict[str, Any]) -> FoundPhoto:
        addresses = {
            name: item[attribute]
            for name in output_names(sample)
            if (attribute := f"{name.replace('-', '_')}_url") in item
        }
        outputs = {name: self._served(each) for name, each in addresses.items()}
        square = outputs.get("256x256")
        manifest = self._manifest(key_in_s3(square.address)) if square else b""
        return FoundPhoto(item=item, outputs=outputs, manifest=manifest)

    def _manifest(self, processed: str) -> bytes:
        key = manifest_key(processed)
        s3, bucket = self._aws.clients.s3, self._outputs.renditions_bucket
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def _served(self, address: str) -> Served:
        """Return what is at an address: of the CDN, or of S3 in a stack without one."""
        parts = urlsplit(address)
        if parts.scheme == "s3":
            key = key_in_s3(address)
            found = self._aws.clients.s3.get_object(Bucket=parts.netloc, Key=key)
            return Served(
                address=address,
                data=found["Body"].read(),
                content_type=found["ContentType"],
                cache_control=found["CacheControl"],
            )
        # The embedded CloudFront finds a distribution by the request's Host, and redirects HTTP.
        request = urllib.request.Request(  # noqa: S310 - http, to this machine
            f"{self._aws.endpoint}{parts.path}?{parts.query}",
            headers={"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme},
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return Served(
                address=address,
                data=answer.read(),
                content_type=answer.headers["Content-Type"],
                cache_control=answer.headers["Cache-Control"],
            )


def _has_ended(item: dict[str, Any] | None) -> bool:
    return item is not None and item["status"] in _ENDED and "lease_until" not in item
