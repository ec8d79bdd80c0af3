"""The photos of a stack under moto: buckets, table and queue, and items to fill the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3
from msgspec.structs import replace

from ops_dashboard.local.aws.clients import ACCOUNT, REGION
from rendition_lambda.names import output_keys
from rendition_lambda.photo_item import (
    GALLERY_INDEX,
    OPEN,
    OPEN_INDEX,
    STATUS,
    UPDATED_AT,
    UPLOADED_AT,
    OutputFacts,
    Photo,
    PhotoStatus,
    to_item,
)
from rendition_lambda.recipe import RENDITIONS, Recipe
from stream_ingest.aws.items import to_wire
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tools.rights.grants import Place

STACK = Place(account=ACCOUNT, region=REGION, stack="test")
TABLE, QUEUE = f"{STACK.prefix}-photos", f"{STACK.prefix}-photos-backfill"
UPLOADS, RENDITIONS_BUCKET = (
    f"{STACK.prefix}-{purpose}-{ACCOUNT}-{REGION}" for purpose in ("uploads", "renditions")
)
DOMAIN = "photos.example.com"


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


@dataclass
class OpsPhotos:
    """Creates what photos are stored in, and fills it."""

    session: boto3.Session

    def create(self, *, domain: str = "") -> PhotosOutputs:
        """Create everything; return the outputs of the stack."""
        s3 = self.s3
        for bucket in (UPLOADS, RENDITIONS_BUCKET):
            s3.create_bucket(Bucket=bucket)
        names = ("gallery", "photo", OPEN, UPDATED_AT, UPLOADED_AT)
        self._dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in names],
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
        queue: Any = self.session.client("sqs")
        url = queue.create_queue(QueueName=QUEUE)["QueueUrl"]
        return PhotosOutputs(
            table=TABLE,
            uploads_bucket=UPLOADS,
            renditions_bucket=RENDITIONS_BUCKET,
            queue_url=url,
            backfill_queue_url=url,
            dead_letters_url=url,
            function="photos",
            domain=domain,
        )

    @property
    def s3(self) -> Any:  # noqa: ANN401 - a boto3 client
        """A client of S3."""
        return self.session.client("s3")

    @property
    def _dynamodb(self) -> Any:  # noqa: ANN401 - a boto3 client
        return self.session.client("dynamodb")

    def put(self, photo: Photo, **others: object) -> Photo:
        """Write an item, with attributes that the code does not have."""
        item = to_wire({**to_item(photo), **others})
        self._dynamodb.put_item(TableName=TABLE, Item=item)
        return photo

    def active(
        self, key: str, uploaded_at: str = "2026-11-29T10:00:00Z", *, domain: str = ""
    ) -> Photo:
        """Write a photo that is rendered."""
        gallery, _, name = key.partition("/")
        stem = name.rpartition(".")[0]
        outputs = _outputs(RENDITIONS, gallery, stem)
        where = f"https://{domain}" if domain else f"s3://{RENDITIONS_BUCKET}"
        return self.put(
            Photo(
                gallery=gallery,
                photo=key,
                status=PhotoStatus.ACTIVE,
                revision=4,
                version="v1",
                bytes=2_000_000,
                recipe="renditions",
                recipe_version=RENDITIONS.version,
                stem=stem,
                outputs=outputs,
                urls={name: f"{where}/{facts.key}" for name, facts in outputs.items()},
                width=6_000,
                height=4_000,
                format="JPEG",
                source="image",
                uploaded_at=uploaded_at,
                processed_at=uploaded_at,
                updated_at=uploaded_at,
            )
        )

    def with_status(
        self, key: str, status: PhotoStatus, uploaded_at: str = "2026-11-29T10:00:00Z"
    ) -> Photo:
        """Write a photo without outputs."""
        return self.put(
            Photo(
                gallery=key.partition("/")[0],
                photo=key,
                status=status,
                revision=2,
                uploaded_at=uploaded_at,
                updated_at=uploaded_at,
            )
        )


def failed(photo: Photo, reason: str) -> Photo:
    """Return a photo that failed."""
    return replace(photo, status=PhotoStatus.FAILED, reason=reason, outputs={}, urls={})


def _outputs(recipe: Recipe, gallery: str, stem: str) -> dict[str, OutputFacts]:
    keys = output_keys(recipe, gallery, stem)
    return {
        output.name: OutputFacts(key=key, bytes=1_000, width=output.box[0], height=output.box[1])
        for output, key in zip(recipe.outputs, keys, strict=True)
    }
