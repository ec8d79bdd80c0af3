"""The function of upload links as an origin of the distribution. Edge (Pulumi).

CloudFront signs what it sends to the function's URL (origin access control), which refuses anything
else. For that a POST has to come with the digest of its body, in ``x-amz-content-sha256`` (Amazon
CloudFront Developer Guide, "Restrict access to an AWS Lambda function URL origin").
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi_aws as aws

import pulumi
from rendition_lambda.links.terms import PATH

_ORIGIN = "upload"
_NOT_CACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
_ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""Ids of AWS's own policies CachingDisabled and AllViewerExceptHostHeader: a function's URL refuses
another host than its own."""

UPLOAD_BEHAVIOR: aws.cloudfront.DistributionOrderedCacheBehaviorArgsDict = {
    "path_pattern": f"{PATH}*",
    "target_origin_id": _ORIGIN,
    "viewer_protocol_policy": "https-only",
    "allowed_methods": ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
    "cached_methods": ["GET", "HEAD"],
    "compress": True,
    "cache_policy_id": _NOT_CACHED,
    "origin_request_policy_id": _ALL_BUT_HOST,
}
"""Whoever has a link may open its page, also where renditions need signed addresses. CloudFront
offers POST only together with all other methods, which the function refuses."""


def upload_origins(
    name: str, prefix: str, host: pulumi.Input[str] | None, opts: pulumi.ResourceOptions
) -> Sequence[aws.cloudfront.DistributionOriginArgsDict]:
    """Return the origin with its access control; nothing without a host."""
    if host is None:
        return []
    control = aws.cloudfront.OriginAccessControl(
        f"{name}-upload",
        name=f"{prefix}-upload",
        description=f"Upload links of {prefix}",
        origin_access_control_origin_type="lambda",
        signing_behavior="always",
        signing_protocol="sigv4",
        opts=opts,
    )
    return [
        {
            "origin_id": _ORIGIN,
            "domain_name": host,
            "origin_access_control_id": control.id,
            "custom_origin_config": {
                "http_port": 80,
                "https_port": 443,
                "origin_protocol_policy": "https-only",
                "origin_ssl_protocols": ["TLSv1.2"],
            },
        }
    ]
