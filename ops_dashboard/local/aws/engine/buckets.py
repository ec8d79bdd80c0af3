"""Creates S3 buckets and what makes them private. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import REGION, Clients
from ops_dashboard.local.aws.engine.inputs import Inputs

Created = tuple[str, dict[str, Any]]


def _bucket(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("bucket")
    inputs.flag("forceDestroy")  # how to delete, which the engine never does
    clients.untyped("s3").create_bucket(Bucket=name)
    return name, {
        "bucket": name,
        "arn": f"arn:aws:s3:::{name}",
        "bucketRegion": REGION,
        "region": REGION,
    }


def _encryption(clients: Clients, inputs: Inputs) -> Created:
    bucket = inputs.text("bucket")
    rules = []
    for rule in inputs.blocks("rules"):
        default = rule.need_block("applyServerSideEncryptionByDefault")
        rules.append(
            {
                "ApplyServerSideEncryptionByDefault": {
                    "SSEAlgorithm": default.text("sseAlgorithm")
                },
                "BlockedEncryptionTypes": {"EncryptionType": rule.texts("blockedEncryptionTypes")},
            }
        )
    clients.untyped("s3").put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules}
    )
    return bucket, {}


def _public_access(clients: Clients, inputs: Inputs) -> Created:
    bucket = inputs.text("bucket")
    clients.untyped("s3").put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": inputs.flag("blockPublicAcls"),
            "BlockPublicPolicy": inputs.flag("blockPublicPolicy"),
            "IgnorePublicAcls": inputs.flag("ignorePublicAcls"),
            "RestrictPublicBuckets": inputs.flag("restrictPublicBuckets"),
        },
    )
    return bucket, {}


def _ownership(clients: Clients, inputs: Inputs) -> Created:
    bucket = inputs.text("bucket")
    ownership = inputs.need_block("rule").text("objectOwnership")
    clients.untyped("s3").put_bucket_ownership_controls(
        Bucket=bucket,
        OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]},
    )
    return bucket, {}


def _policy(clients: Clients, inputs: Inputs) -> Created:
    bucket = inputs.text("bucket")
    clients.untyped("s3").put_bucket_policy(Bucket=bucket, Policy=inputs.document("policy"))
    return bucket, {}


def _versioning(clients: Clients, inputs: Inputs) -> Created:
    bucket = inputs.text("bucket")
    status = inputs.need_block("versioningConfiguration").text("status")
    clients.untyped("s3").put_bucket_versioning(
        Bucket=bucket,
        VersioningConfiguration={"Status": status},
    )
    return bucket, {}


def _lifecycle(clients: Clients, inputs: Inputs) -> Created:
    bucket = inputs.text("bucket")
    rules = [_lifecycle_rule(rule) for rule in inputs.blocks("rules")]
    clients.untyped("s3").put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": rules}
    )
    return bucket, {}


def _lifecycle_rule(rule: Inputs) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ID": rule.text("id"),
        "Status": rule.text("status"),
        "Filter": {"Prefix": rule.need_block("filter").text("prefix")},
    }
    if abort := rule.block("abortIncompleteMultipartUpload"):
        made["AbortIncompleteMultipartUpload"] = {
            "DaysAfterInitiation": abort.number("daysAfterInitiation")
        }
    if expiration := rule.block("expiration"):
        made["Expiration"] = {"Days": expiration.number("days")}
    if old := rule.block("noncurrentVersionExpiration"):
        made["NoncurrentVersionExpiration"] = {"NoncurrentDays": old.number("noncurrentDays")}
    if transitions := rule.blocks("transitions"):
        made["Transitions"] = [
            {"Days": step.number("days"), "StorageClass": step.text("storageClass")}
            for step in transitions
        ]
    return made


def _notification(clients: Clients, inputs: Inputs) -> Created:
    bucket = inputs.text("bucket")
    if not inputs.flag("eventbridge"):
        raise inputs.wrong(name="eventbridge", expected="true")
    clients.untyped("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return bucket, {}


CREATE = {
    "aws:s3/bucketNotification:BucketNotification": _notification,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _encryption
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _public_access,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _ownership,
    "aws:s3/bucketPolicy:BucketPolicy": _policy,
    "aws:s3/bucketVersioning:BucketVersioning": _versioning,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _lifecycle,
}
