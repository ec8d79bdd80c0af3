"""Audit trail: S3's access logs and CloudTrail's data events. Edge (Pulumi).

Both go to a bucket that is encrypted with S3's own key, whatever the stack uses: S3 delivers access
logs to no other (Amazon S3 User Guide, "Enabling Amazon S3 server access logging").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from components import guard_policies, policies
from components.bucket import Expiry, PrivateBucket, PrivateBucketArgs
from components.storage import Storage

import pulumi


@dataclass(frozen=True, kw_only=True)
class AuditArgs:
    """What is logged, and for how long logs are kept."""

    prefix: str
    account: pulumi.Input[str]
    region: pulumi.Input[str]
    storage: Storage
    access_logs: bool
    trail: bool
    expire_days: int
    protect: bool


class Audit(pulumi.ComponentResource):
    """A bucket of logs, the access logs of the three buckets, a trail of their data events."""

    def __init__(
        self, name: str, args: AuditArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the bucket, and what was asked for."""
        super().__init__("coverstream:index:Audit", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self._trail_name = f"{args.prefix}-data"
        storage = args.storage
        self._watched = {"input": storage.input, "output": storage.output, "temp": storage.temp}
        self.bucket = PrivateBucket("logs", self._bucket_args(), self._child)
        if args.access_logs:
            self._log_access()
        if args.trail:
            self._follow()
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
                sources=[bucket.arn for bucket in self._watched.values()],
                account=args.account,
                region=args.region,
            ).apply(self._writers),
        )

    def _writers(self, known: dict[str, Any]) -> list[policies.Statement]:
        """Return the statements that let AWS write into the bucket."""
        account, bucket_arn = known["account"], known["bucket_arn"]
        trail = f"arn:aws:cloudtrail:{known['region']}:{account}:trail/{self._trail_name}"
        statements: list[policies.Statement] = []
        if self._args.access_logs:
            statements.append(
                guard_policies.take_access_logs(bucket_arn, known["sources"], account)
            )
        if self._args.trail:
            statements += guard_policies.take_trail(bucket_arn, trail, account)
        return statements

    def _log_access(self) -> None:
        for purpose, bucket in self._watched.items():
            aws.s3.BucketLogging(
                purpose,
                bucket=bucket.name,
                target_bucket=self.bucket.name,
                target_prefix=f"access/{purpose}/",
                opts=self._child,
            )

    def _follow(self) -> None:
        """Record every read and write of an object; CloudTrail bills them by the 100,000."""
        objects = [pulumi.Output.concat(bucket.arn, "/") for bucket in self._watched.values()]
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
            # CloudTrail writes a first object at once, to see whether it may.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.bucket]),
        )
