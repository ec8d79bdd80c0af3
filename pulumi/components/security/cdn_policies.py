"""Policy statements by which CloudFront reads renditions. Pure. See `policies`."""

from __future__ import annotations

from components.security.policies import Statement

_CLOUDFRONT = {"Service": "cloudfront.amazonaws.com"}


def serve(*, bucket_arn: str, distribution_arn: str, folder: str) -> Statement:
    """Allow one distribution to read the objects of a folder of a bucket, and not to list it."""
    return {
        "Sid": "OwnDistributionOnly",
        "Effect": "Allow",
        "Principal": _CLOUDFRONT,
        "Action": "s3:GetObject",
        "Resource": [f"{bucket_arn}/{folder}*"],
        "Condition": {"StringEquals": {"aws:SourceArn": distribution_arn}},
    }


def decrypt(*, bucket_arn: str, account: str, partition: str) -> Statement:
    """Allow the account's distributions to decrypt what is in one bucket, with the key's policy.

    The distribution reads the bucket, and the bucket is encrypted with the key, so the key exists
    before the distribution has an id. Which distribution reads is decided by the bucket's policy.
    S3 names the bucket, or without a bucket key the object, in the encryption context (Amazon S3
    User Guide, "Encryption context").
    """
    return {
        "Sid": "AllowDistributionsToRead",
        "Effect": "Allow",
        "Principal": _CLOUDFRONT,
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"arn:{partition}:cloudfront::{account}:distribution/*"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket_arn, f"{bucket_arn}/*"]},
        },
    }
