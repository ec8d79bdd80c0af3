"""What photos are stored in: uploads, renditions and their table. Edge (Pulumi)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from components.data.bucket import PrivateBucket, PrivateBucketArgs
from components.data.state import create_table, index
from components.data.storage import INPUT_TRANSITIONS

import pulumi
from rendition_lambda import photo_item

_CORS_AGE_S = 3_000


@dataclass(frozen=True, kw_only=True)
class PhotoStorageArgs:
    """Names as in `StorageArgs`.

    If renditions are served, whoever serves them sets the policy of their bucket.
    """

    prefix: str
    account: pulumi.Input[str]
    region: pulumi.Input[str]
    protect: bool
    key_arn: pulumi.Input[str] | None = None
    is_served: bool = False


class PhotoStorage(pulumi.ComponentResource):
    """Buckets `uploads` (versioned) and `renditions`, and the table `photos`.

    The bucket of renditions sends no events, so that no output can start the function.
    """

    def __init__(
        self, name: str, args: PhotoStorageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create buckets and table."""
        super().__init__("coverstream:index:PhotoStorage", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        # Versioned, so that the version that was found is the one that is read.
        self.uploads = self._bucket("uploads", versioned=True)
        self.renditions = self._bucket("renditions", versioned=False, has_policy=not args.is_served)
        self.table = create_table(
            "photos",
            table_name=f"{args.prefix}-photos",
            keys=(photo_item.PARTITION_KEY, photo_item.SORT_KEY),
            attributes=dict.fromkeys(
                (
                    photo_item.PARTITION_KEY,
                    photo_item.SORT_KEY,
                    photo_item.OPEN,
                    photo_item.UPDATED_AT,
                    photo_item.UPLOADED_AT,
                ),
                "S",
            ),
            indexes=[
                index(photo_item.OPEN_INDEX, photo_item.OPEN, photo_item.UPDATED_AT),
                index(
                    photo_item.GALLERY_INDEX,
                    photo_item.PARTITION_KEY,
                    photo_item.UPLOADED_AT,
                    (photo_item.STATUS,),
                ),
            ],
            ttl_attribute=photo_item.TTL_ATTRIBUTE,
            protect=args.protect,
            key_arn=args.key_arn,
            parent=self,
        )
        self.register_outputs({"uploads": self.uploads.name, "table": self.table.name})

    def _bucket(self, purpose: str, *, versioned: bool, has_policy: bool = True) -> PrivateBucket:
        args = self._args
        return PrivateBucket(
            purpose,
            PrivateBucketArgs(
                bucket_name=pulumi.Output.concat(
                    args.prefix, "-", purpose, "-", args.account, "-", args.region
                ),
                protect=args.protect,
                versioned=versioned,
                has_policy=has_policy,
                transitions=INPUT_TRANSITIONS if versioned else (),
                key_arn=args.key_arn,
            ),
            self._child,
        )

    def allow_browsers(self, origins: Sequence[pulumi.Input[str]]) -> None:
        """Allow pages of these origins to send presigned requests. Call once."""
        if not origins:
            return
        aws.s3.BucketCorsConfiguration(
            "uploads",
            bucket=self.uploads.name,
            cors_rules=[
                {
                    "allowed_methods": ["PUT", "POST", "GET", "HEAD"],
                    "allowed_origins": list(origins),
                    "allowed_headers": ["*"],
                    "expose_headers": ["ETag", "x-amz-version-id"],
                    "max_age_seconds": _CORS_AGE_S,
                }
            ],
            opts=self._child,
        )
