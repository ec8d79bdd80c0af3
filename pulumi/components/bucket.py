"""A private bucket: encrypted, TLS only, closed to the public, cleaned by age."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from components import policies

import pulumi


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """Objects under `prefix` (with its slash) are deleted `days` after they were written."""

    prefix: str
    days: int


@dataclass(frozen=True, kw_only=True)
class PrivateBucketArgs:
    """What a bucket is called and how long it keeps what."""

    bucket_name: pulumi.Input[str]
    protect: bool
    versioned: bool = False
    expiries: tuple[Expiry, ...] = ()


class PrivateBucket(pulumi.ComponentResource):
    """One private bucket; `name` and `arn` are usable once its policy is in place."""

    def __init__(
        self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the bucket and everything that makes it private."""
        super().__init__("coverstream:index:PrivateBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(
            name, bucket=args.bucket_name, force_destroy=not args.protect, opts=child
        )
        self.name, self.arn = self.bucket.bucket, self.bucket.arn
        self._close(name, child)
        versioning = self._keep_versions(name, child) if args.versioned else None
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=self.bucket.bucket,
            rules=_lifecycle(args),
            # AWS applies a rule on old versions only to a bucket that keeps them.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[versioning] if versioning else None
            ),
        )
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _close(self, name: str, child: pulumi.ResourceOptions) -> None:
        bucket = self.bucket.bucket
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"},
                    "blocked_encryption_types": ["SSE-C"],
                }
            ],
            opts=child,
        )
        block = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketOwnershipControls(
            name, bucket=bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        aws.s3.BucketPolicy(
            name,
            bucket=bucket,
            policy=policies.document(policies.bucket, bucket_arn=self.bucket.arn),
            # S3 refuses two changes of one bucket's access at the same time.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )

    def _keep_versions(self, name: str, child: pulumi.ResourceOptions) -> aws.s3.BucketVersioning:
        return aws.s3.BucketVersioning(
            name,
            bucket=self.bucket.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=child,
        )


def _lifecycle(args: PrivateBucketArgs) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    """Return the rules: no orphaned uploads, no old versions past 30 days, each prefix its age."""
    rules: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": "abort-incomplete-uploads",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
        }
    ]
    if args.versioned:
        rules.append(
            {
                "id": "expire-old-versions",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "noncurrent_version_expiration": {"noncurrent_days": 30},
            }
        )
    rules.extend(
        {
            "id": f"expire-{expiry.prefix.rstrip('/')}",
            "status": "Enabled",
            "filter": {"prefix": expiry.prefix},
            "expiration": {"days": expiry.days},
        }
        for expiry in args.expiries
    )
    return rules
