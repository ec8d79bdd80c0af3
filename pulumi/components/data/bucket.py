"""A private S3 bucket: encrypted, TLS only, no public access, lifecycle rules. Edge (Pulumi)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from components.security import hardening_policies, policies

import pulumi


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """Objects under `prefix` (with its slash) are deleted `days` after they were written."""

    prefix: str
    days: int


@dataclass(frozen=True, kw_only=True)
class Transition:
    """Objects move to `storage_class` `days` after they were written.

    S3 does not move objects below 128 KB: they would cost more in the other class.
    """

    days: int
    storage_class: str


@dataclass(frozen=True, kw_only=True)
class PrivateBucketArgs:
    """Name, lifecycle and encryption of a bucket."""

    bucket_name: pulumi.Input[str]
    protect: bool
    versioned: bool = False
    expiries: tuple[Expiry, ...] = ()
    transitions: tuple[Transition, ...] = ()
    key_arn: pulumi.Input[str] | None = None
    """KMS key for all objects; None uses S3's own key."""
    adopted_name: str = ""
    """Name of a bucket that exists already: it becomes the stack's, and outlives it."""
    writers: Callable[[pulumi.Output[str]], pulumi.Output[list[policies.Statement]]] | None = None
    """Returns policy statements for the AWS services that may write, given the bucket's ARN."""
    has_policy: bool = True
    """Without it, whoever creates the bucket calls `set_policy`."""


class PrivateBucket(pulumi.ComponentResource):
    """One private bucket."""

    def __init__(
        self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the bucket and everything that makes it private."""
        super().__init__("coverstream:index:PrivateBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(
            name,
            bucket=args.bucket_name,
            force_destroy=not (args.protect or args.adopted_name),
            opts=_own_options(self, args),
        )
        self.name, self.arn = self.bucket.bucket, self.bucket.arn
        self._name, self._args = name, args
        self._make_private(name, child)
        versioning = self._enable_versioning(name, child) if args.versioned else None
        self.versioning = [versioning] if versioning else []
        """What has to exist before objects have versions."""
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=self.bucket.bucket,
            rules=_lifecycle(args),
            # AWS accepts a rule for old versions only on a versioned bucket.
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.versioning or None),
        )
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _make_private(self, name: str, child: pulumi.ResourceOptions) -> None:
        bucket = self.bucket.bucket
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": _encryption(self._args.key_arn),
                    "blocked_encryption_types": ["SSE-C"],
                    # One KMS call for many objects instead of one for each.
                    **({"bucket_key_enabled": True} if self._args.key_arn else {}),
                }
            ],
            opts=child,
        )
        self._block = aws.s3.BucketPublicAccessBlock(
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
        if self._args.has_policy:
            self.set_policy(self._args.writers(self.arn) if self._args.writers else [])

    def set_policy(self, statements: pulumi.Input[list[policies.Statement]]) -> None:
        """Refuse plain HTTP and other encryption, and add statements. Call once."""
        aws.s3.BucketPolicy(
            self._name,
            bucket=self.bucket.bucket,
            policy=policies.document(
                _policy,
                bucket_arn=self.bucket.arn,
                extra=statements,
                with_key=self._args.key_arn is not None,
            ),
            # S3 rejects concurrent changes of one bucket's access settings.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._block]),
        )

    def _enable_versioning(
        self, name: str, child: pulumi.ResourceOptions
    ) -> aws.s3.BucketVersioning:
        return aws.s3.BucketVersioning(
            name,
            bucket=self.bucket.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=child,
        )


def _own_options(parent: pulumi.Resource, args: PrivateBucketArgs) -> pulumi.ResourceOptions:
    """Return the options of the bucket itself, which its objects are lost without."""
    if not args.adopted_name:
        return pulumi.ResourceOptions(parent=parent, protect=args.protect or None)
    # Pulumi imports nothing whose inputs differ from what exists, such as tags.
    return pulumi.ResourceOptions(
        parent=parent,
        protect=args.protect or None,
        import_=args.adopted_name,
        ignore_changes=["forceDestroy", "tags", "tagsAll"],
        retain_on_delete=True,
    )


def _policy(
    *, bucket_arn: str, extra: Sequence[policies.Statement], with_key: bool
) -> policies.Document:
    document = policies.bucket(bucket_arn=bucket_arn)
    own_key = [hardening_policies.refuse_other_encryption(bucket_arn)] if with_key else []
    return policies.policy(*document["Statement"], *own_key, *extra)


def _encryption(
    key_arn: pulumi.Input[str] | None,
) -> aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict:
    if key_arn is None:
        return {"sse_algorithm": "AES256"}
    return {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn}


def _lifecycle(args: PrivateBucketArgs) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    """Return the rules: incomplete uploads, old versions, transitions, expiries."""
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
    if args.transitions:
        rules.append(
            {
                "id": "age",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "transitions": [
                    {"days": step.days, "storage_class": step.storage_class}
                    for step in args.transitions
                ],
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
