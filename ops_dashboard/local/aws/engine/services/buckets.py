"""Creates S3 buckets with their policies, lifecycle and notifications. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import REGION, Clients
from ops_dashboard.local.aws.engine.inputs import Inputs

Created = tuple[str, dict[str, Any]]


def _bucket(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("bucket")
    inputs.flag("forceDestroy")  # concerns deletion, which the engine does not support
    clients.untyped("s3").create_bucket(Bucket=name)
    return name, {
        "bucket": name,
        "arn": f"arn:aws:s3:::{name}",
        "bucketRegion": REGION,
        "bucketRegionalDomainName": f"{name}.s3.{REGION}.amazonaws.com",
        "region": REGION,
    }


def _encryption(clients: Clients, inputs: Inputs) -> Created:
    bucket = inputs.text("bucket")
    rules = []
    for rule in inputs.blocks("rules"):
        default = rule.required_block("applyServerSideEncryptionByDefault")
        key = default.text_or_none("kmsMasterKeyId")
        rules.append(
            {
                "ApplyServerSideEncryptionByDefault": {
                    "SSEAlgorithm": default.text("sseAlgorithm"),
                    **({"KMSMasterKeyID": key} if key else {}),
                },
                "BlockedEncryptionTypes": {"EncryptionType": rule.texts("blockedEncryptionTypes")},
                **({"BucketKeyEnabled": True} if rule.flag("bucketKeyEnabled") else {}),
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
    ownership = inputs.required_block("rule").text("objectOwnership")
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
    status = inputs.required_block("versioningConfiguration").text("status")
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
    created: dict[str, Any] = {
        "ID": rule.text("id"),
        "Status": rule.text("status"),
        "Filter": {"Prefix": rule.required_block("filter").text("prefix")},
    }
    if abort := rule.block("abortIncompleteMultipartUpload"):
        created["AbortIncompleteMultipartUpload"] = {
            "DaysAfterInitiation": abort.number("daysAfterInitiation")
        }
    if expiration := rule.block("expiration"):
        created["Expiration"] = {"Days": expiration.number("days")}
    if old := rule.block("noncurrentVersionExpiration"):
        created["NoncurrentVersionExpiration"] = {"NoncurrentDays": old.number("noncurrentDays")}
    if transitions := rule.blocks("transitions"):
        created["Transitions"] = [
            {"Days": step.number("days"), "StorageClass": step.text("storageClass")}
            for step in transitions
        ]
    return created


def _notification(clients: Clients, inputs: Inputs) -> Created:
    bucket = inputs.text("bucket")
    if not inputs.flag("eventbridge"):
        raise inputs.invalid(name="eventbridge", expected="true")
    clients.untyped("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return bucket, {}


def _cors(clients: Clients, inputs: Inputs) -> Created:
    bucket = inputs.text("bucket")
    rules = [
        {
            "AllowedMethods": rule.texts("allowedMethods"),
            "AllowedOrigins": rule.texts("allowedOrigins"),
            "AllowedHeaders": rule.texts("allowedHeaders"),
            "ExposeHeaders": rule.texts("exposeHeaders"),
            "MaxAgeSeconds": rule.number("maxAgeSeconds"),
        }
        for rule in inputs.blocks("corsRules")
    ]
    clients.untyped("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    return bucket, {}


REPLACING = {
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _cors,
    "aws:s3/bucketNotification:BucketNotification": _notification,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _encryption
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _public_access,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _ownership,
    "aws:s3/bucketPolicy:BucketPolicy": _policy,
    "aws:s3/bucketVersioning:BucketVersioning": _versioning,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _lifecycle,
}
CREATE = {"aws:s3/bucket:Bucket": _bucket, **REPLACING}
