"""The CloudFront distribution of the bucket of renditions. Edge (Pulumi).

The bucket stays private: CloudFront signs its requests (origin access control), and the bucket's
policy allows this distribution to read ``renditions/*`` and nothing else. It may not list, so S3
answers 403 for a key that does not exist, as it does for one that CloudFront may not read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pulumi_aws as aws
from components.data.bucket import PrivateBucket
from components.data.upload_origin import UPLOAD_BEHAVIOR, upload_origins
from components.security import cdn_policies

import pulumi
from rendition_lambda.invalidations import SERVED

YEAR_S = 31_536_000
DAY_S = 86_400
_ORIGIN = "renditions"
_READING = ["GET", "HEAD"]


@dataclass(frozen=True, kw_only=True)
class CdnArgs:
    """What is served, by which name, and to whom."""

    prefix: str
    bucket: PrivateBucket
    price_class: str
    protect: bool
    own_domain: str = ""
    """A name of the owner's, which `certificate_arn` is for; empty for that of CloudFront."""
    certificate_arn: str = ""
    public_keys: tuple[str, ...] = ()
    """Keys (PEM) of those who sign addresses; without any, everybody may read."""
    upload_host: pulumi.Input[str] | None = None
    """Host of the function's URL that answers below ``upload/``, if there is one."""


class Cdn(pulumi.ComponentResource):
    """Serves what is below ``renditions/`` of one bucket."""

    def __init__(
        self, name: str, args: CdnArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the distribution and its policies, and allow it to read the bucket."""
        super().__init__("coverstream:index:Cdn", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        # Who loses a distribution loses its domain, which is in every address.
        own = pulumi.ResourceOptions(parent=self, protect=args.protect or None)
        self.distribution = aws.cloudfront.Distribution(
            name,
            comment=f"Photos of {args.prefix}",
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class=args.price_class,
            aliases=[args.own_domain] if args.own_domain else None,
            origins=[
                {
                    "origin_id": _ORIGIN,
                    "domain_name": args.bucket.bucket.bucket_regional_domain_name,
                    "origin_access_control_id": self._access_control().id,
                },
                *upload_origins(name, args.prefix, args.upload_host, self._child),
            ],
            default_cache_behavior=self._behavior(),
            ordered_cache_behaviors=[UPLOAD_BEHAVIOR] if args.upload_host else None,
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate=_certificate(args),
            opts=own,
        )
        self.id, self.arn = self.distribution.id, self.distribution.arn
        self.given_domain = self.distribution.domain_name
        """The name that CloudFront gives, to which an own domain's CNAME points."""
        self.domain: pulumi.Input[str] = args.own_domain or self.given_domain
        args.bucket.set_policy(
            pulumi.Output.all(
                bucket_arn=args.bucket.arn, distribution_arn=self.arn, folder=SERVED
            ).apply(lambda known: [cdn_policies.serve(**known)])
        )
        self.register_outputs({"domain": self.domain})

    def _access_control(self) -> aws.cloudfront.OriginAccessControl:
        return aws.cloudfront.OriginAccessControl(
            self._name,
            name=f"{self._args.prefix}-photos",
            description=f"Renditions of {self._args.prefix}",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=self._child,
        )

    def _behavior(self) -> aws.cloudfront.DistributionDefaultCacheBehaviorArgsDict:
        behavior: aws.cloudfront.DistributionDefaultCacheBehaviorArgsDict = {
            "target_origin_id": _ORIGIN,
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": _READING,
            "cached_methods": _READING,
            "compress": False,  # a JPEG is as small as it gets
            "cache_policy_id": self._cache_policy().id,
            "response_headers_policy_id": self._headers_policy().id,
        }
        if self._args.public_keys:
            behavior["trusted_key_groups"] = [self._signers().id]
        return behavior

    def _cache_policy(self) -> aws.cloudfront.CachePolicy:
        """Cache by path and by ``v``, for as long as the object's Cache-Control says."""
        return aws.cloudfront.CachePolicy(
            self._name,
            name=f"{self._args.prefix}-photos",
            comment="Path and v",
            min_ttl=0,
            default_ttl=DAY_S,
            max_ttl=YEAR_S,
            parameters_in_cache_key_and_forwarded_to_origin={
                "cookies_config": {"cookie_behavior": "none"},
                "headers_config": {"header_behavior": "none"},
                "query_strings_config": {
                    "query_string_behavior": "whitelist",
                    "query_strings": {"items": ["v"]},
                },
                "enable_accept_encoding_gzip": False,
                "enable_accept_encoding_brotli": False,
            },
            opts=self._child,
        )

    def _headers_policy(self) -> aws.cloudfront.ResponseHeadersPolicy:
        return aws.cloudfront.ResponseHeadersPolicy(
            self._name,
            name=f"{self._args.prefix}-photos",
            comment="No other type, and TLS only",
            security_headers_config={
                "content_type_options": {"override": True},
                "strict_transport_security": {
                    "access_control_max_age_sec": YEAR_S,
                    "include_subdomains": False,
                    "preload": False,
                    "override": True,
                },
            },
            opts=self._child,
        )

    def _signers(self) -> aws.cloudfront.KeyGroup:
        """Name each key by its digest: CloudFront changes no key, so another one is added."""
        keys = {_digest(key): key for key in map(_normal, self._args.public_keys)}
        public_keys = [
            aws.cloudfront.PublicKey(
                f"{self._name}-{digest}",
                name=f"{self._args.prefix}-photos-{digest}",
                encoded_key=key,
                opts=self._child,
            )
            for digest, key in keys.items()
        ]
        return aws.cloudfront.KeyGroup(
            self._name,
            name=f"{self._args.prefix}-photos",
            items=[each.id for each in public_keys],
            opts=self._child,
        )


def _certificate(args: CdnArgs) -> aws.cloudfront.DistributionViewerCertificateArgsDict:
    if not args.own_domain:
        return {"cloudfront_default_certificate": True}
    return {
        "acm_certificate_arn": args.certificate_arn,
        "ssl_support_method": "sni-only",
        "minimum_protocol_version": "TLSv1.2_2021",
    }


def _normal(key: str) -> str:
    """Return a key as CloudFront returns it, without which it would be replaced each time."""
    return key.strip().replace("\r", "") + "\n"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:8]
