"""Audit trail: S3's access logs and CloudTrail's data events. Edge (Pulumi).

Both go to a bucket that is encrypted with S3's own key, whatever the stack uses: S3 delivers access
logs to no other (Amazon S3 User Guide, "Enabling Amazon S3 server access logging").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from components.data.bucket import Expiry, PrivateBucket, PrivateBucketArgs
from components.data.photo_storage import PhotoStorage
from components.data.storage import Storage
from components.security import hardening_policies, policies

import pulumi


@dataclass(frozen=True, kw_only=True)
class AuditArgs:
    """Which logs to write, and for how many days to store them."""

    prefix: str
    account: pulumi.Input[str]
    region: pulumi.Input[str]
    storage: Storage
    photos: PhotoStorage | None = None
    access_logs: bool
    trail: bool
    partition: str
    expire_days: int
    protect: bool


class Audit(pulumi.ComponentResource):
    """A bucket of logs, the access logs of the stack's buckets, a trail of their data events."""

    def __init__(
        self, name: str, args: AuditArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the bucket, and the logs that the arguments request."""
        super().__init__("coverstream:index:Audit", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self._trail_name = f"{args.prefix}-data"
        storage = args.storage
        self._buckets = {"input": storage.input, "output": storage.output, "temp": storage.temp}
        if args.photos:
            self._buckets |= {"uploads": args.photos.uploads, "renditions": args.photos.renditions}
        self.bucket = PrivateBucket("logs", self._bucket_args(), self._child)
        if args.access_logs:
            self._log_access()
        if args.trail:
            self._create_trail()
        self.register_outputs({"bucket": self.bucket.name})

    def _bucket_args(self) -> PrivateBucketArgs:
        args = self._args
        return PrivateBucketArgs(
            bucket_name=pulumi.Output.concat(args.prefix, "-logs-", args.account, "-", args.region),
            protect=args.protect,
            expiries=(
                Expiry(prefix="access/", days=args.expire_days),
                Expiry(prefix="AWSLogs/", days=args.expire_days),
            ),
            writers=lambda bucket_arn: pulumi.Output.all(
                bucket_arn=bucket_arn,
                sources=[bucket.arn for bucket in self._buckets.values()],
                account=args.account,
                region=args.region,
            ).apply(self._writers),
        )

    def _writers(self, known: dict[str, Any]) -> list[policies.Statement]:
        """Return the statements that allow AWS to write to the bucket."""
        account, bucket_arn = known["account"], known["bucket_arn"]
        here = f"{self._args.partition}:cloudtrail:{known['region']}:{account}"
        trail = f"arn:{here}:trail/{self._trail_name}"
        statements: list[policies.Statement] = []
        if self._args.access_logs:
            statements.append(
                hardening_policies.accept_access_logs(bucket_arn, known["sources"], account)
            )
        if self._args.trail:
            statements += hardening_policies.accept_trail(bucket_arn, trail, account)
        return statements

    def _log_access(self) -> None:
        for purpose, bucket in self._buckets.items():
            aws.s3.BucketLogging(
                purpose,
                bucket=bucket.name,
                target_bucket=self.bucket.name,
                target_prefix=f"access/{purpose}/",
                opts=self._child,
            )

    def _create_trail(self) -> None:
        """Record every read and write of an object; CloudTrail bills them by the 100,000."""
        objects = [pulumi.Output.concat(bucket.arn, "/") for bucket in self._buckets.values()]
        aws.cloudtrail.Trail(
            "data",
            name=self._trail_name,
            s3_bucket_name=self.bucket.name,
            enable_log_file_validation=True,
            include_global_service_events=False,
            is_multi_region_trail=False,
            advanced_event_selectors=[
                {
                    "name": "Objects of the stack",
                    "field_selectors": [
                        {"field": "eventCategory", "equals": ["Data"]},
                        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                        {"field": "resources.ARN", "starts_withs": objects},
                    ],
                }
            ],
            # CloudTrail writes a test object when the trail is created.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.bucket]),
        )
