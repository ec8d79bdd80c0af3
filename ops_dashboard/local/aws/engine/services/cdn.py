"""Creates CloudFront distributions with their policies and keys. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs

Created = tuple[str, dict[str, Any]]


def _access_control(clients: Clients, inputs: Inputs) -> Created:
    made = clients.untyped("cloudfront").create_origin_access_control(
        OriginAccessControlConfig={
            "Name": inputs.text("name"),
            "Description": inputs.text("description"),
            "OriginAccessControlOriginType": inputs.text("originAccessControlOriginType"),
            "SigningBehavior": inputs.text("signingBehavior"),
            "SigningProtocol": inputs.text("signingProtocol"),
        }
    )
    return made["OriginAccessControl"]["Id"], {}


def _cache_policy(clients: Clients, inputs: Inputs) -> Created:
    key = inputs.required_block("parametersInCacheKeyAndForwardedToOrigin")
    strings = key.required_block("queryStringsConfig")
    made = clients.untyped("cloudfront").create_cache_policy(
        CachePolicyConfig={
            "Name": inputs.text("name"),
            "Comment": inputs.text("comment"),
            "MinTTL": inputs.number("minTtl"),
            "DefaultTTL": inputs.number("defaultTtl"),
            "MaxTTL": inputs.number("maxTtl"),
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": key.flag("enableAcceptEncodingGzip"),
                "EnableAcceptEncodingBrotli": key.flag("enableAcceptEncodingBrotli"),
                "HeadersConfig": {
                    "HeaderBehavior": key.required_block("headersConfig").text("headerBehavior")
                },
                "CookiesConfig": {
                    "CookieBehavior": key.required_block("cookiesConfig").text("cookieBehavior")
                },
                "QueryStringsConfig": {
                    "QueryStringBehavior": strings.text("queryStringBehavior"),
                    "QueryStrings": _items(strings.required_block("queryStrings").texts("items")),
                },
            },
        }
    )
    return made["CachePolicy"]["Id"], {}


def _headers_policy(clients: Clients, inputs: Inputs) -> Created:
    security = inputs.required_block("securityHeadersConfig")
    transport = security.required_block("strictTransportSecurity")
    made = clients.untyped("cloudfront").create_response_headers_policy(
        ResponseHeadersPolicyConfig={
            "Name": inputs.text("name"),
            "Comment": inputs.text("comment"),
            "SecurityHeadersConfig": {
                "ContentTypeOptions": {
                    "Override": security.required_block("contentTypeOptions").flag("override")
                },
                "StrictTransportSecurity": {
                    "AccessControlMaxAgeSec": transport.number("accessControlMaxAgeSec"),
                    "IncludeSubdomains": transport.flag("includeSubdomains"),
                    "Preload": transport.flag("preload"),
                    "Override": transport.flag("override"),
                },
            },
        }
    )
    return made["ResponseHeadersPolicy"]["Id"], {}


def _public_key(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    made = clients.untyped("cloudfront").create_public_key(
        PublicKeyConfig={
            "CallerReference": name,
            "Name": name,
            "EncodedKey": inputs.text("encodedKey"),
        }
    )
    return made["PublicKey"]["Id"], {}


def _key_group(clients: Clients, inputs: Inputs) -> Created:
    made = clients.untyped("cloudfront").create_key_group(
        KeyGroupConfig={"Name": inputs.text("name"), "Items": inputs.texts("items")}
    )
    return made["KeyGroup"]["Id"], {}


def _distribution(clients: Clients, inputs: Inputs) -> Created:
    comment = inputs.text("comment")
    made = clients.untyped("cloudfront").create_distribution(
        DistributionConfig=_configuration(inputs, reference=comment)
    )["Distribution"]
    return made["Id"], {"arn": made["ARN"], "domainName": made["DomainName"]}


def _update_distribution(clients: Clients, inputs: Inputs, id_: str) -> None:
    cloudfront = clients.untyped("cloudfront")
    found = cloudfront.get_distribution_config(Id=id_)
    reference = found["DistributionConfig"]["CallerReference"]
    cloudfront.update_distribution(
        Id=id_, IfMatch=found["ETag"], DistributionConfig=_configuration(inputs, reference)
    )


def _configuration(inputs: Inputs, reference: str) -> dict[str, Any]:
    restriction = inputs.required_block("restrictions").required_block("geoRestriction")
    return {
        "CallerReference": reference,
        "Comment": inputs.text("comment"),
        "Enabled": inputs.flag("enabled"),
        "IsIPV6Enabled": inputs.flag("isIpv6Enabled"),
        "HttpVersion": inputs.text("httpVersion"),
        "PriceClass": inputs.text("priceClass"),
        "Aliases": _items(inputs.texts("aliases")),
        "Origins": _items([_origin(each) for each in inputs.blocks("origins")]),
        "DefaultCacheBehavior": _behavior(inputs.required_block("defaultCacheBehavior")),
        "CacheBehaviors": _items(
            [
                {"PathPattern": each.text("pathPattern"), **_behavior(each)}
                for each in inputs.blocks("orderedCacheBehaviors")
            ]
        ),
        "Restrictions": {
            "GeoRestriction": {
                "RestrictionType": restriction.text("restrictionType"),
                "Quantity": 0,
            }
        },
        "ViewerCertificate": _certificate(inputs.required_block("viewerCertificate")),
    }


def _origin(origin: Inputs) -> dict[str, Any]:
    return {
        "Id": origin.text("originId"),
        "DomainName": origin.text("domainName"),
        "OriginAccessControlId": origin.text("originAccessControlId"),
        **_kind(origin.block("customOriginConfig")),
    }


def _kind(custom: Inputs | None) -> dict[str, Any]:
    """Return what an origin is: a bucket, or a server."""
    if custom is None:
        return {"S3OriginConfig": {"OriginAccessIdentity": ""}}
    protocols = custom.texts("originSslProtocols")
    return {
        "CustomOriginConfig": {
            "HTTPPort": custom.number("httpPort"),
            "HTTPSPort": custom.number("httpsPort"),
            "OriginProtocolPolicy": custom.text("originProtocolPolicy"),
            "OriginSslProtocols": _items(protocols),
        }
    }


def _behavior(behavior: Inputs) -> dict[str, Any]:
    groups = behavior.texts("trustedKeyGroups")
    return {
        "TargetOriginId": behavior.text("targetOriginId"),
        "ViewerProtocolPolicy": behavior.text("viewerProtocolPolicy"),
        "AllowedMethods": {
            **_items(behavior.texts("allowedMethods")),
            "CachedMethods": _items(behavior.texts("cachedMethods")),
        },
        "Compress": behavior.flag("compress"),
        "CachePolicyId": behavior.text("cachePolicyId"),
        **_optional(behavior),
        **({"TrustedKeyGroups": {"Enabled": True, **_items(groups)}} if groups else {}),
    }


def _optional(behavior: Inputs) -> dict[str, str]:
    """Return the policies that not every behavior has."""
    given = {
        "ResponseHeadersPolicyId": behavior.text_or_none("responseHeadersPolicyId"),
        "OriginRequestPolicyId": behavior.text_or_none("originRequestPolicyId"),
    }
    return {name: value for name, value in given.items() if value}


def _certificate(certificate: Inputs) -> dict[str, Any]:
    if certificate.flag("cloudfrontDefaultCertificate"):
        return {"CloudFrontDefaultCertificate": True}
    return {
        "ACMCertificateArn": certificate.text("acmCertificateArn"),
        "SSLSupportMethod": certificate.text("sslSupportMethod"),
        "MinimumProtocolVersion": certificate.text("minimumProtocolVersion"),
    }


def _items(items: list[Any]) -> dict[str, Any]:
    return {"Quantity": len(items), **({"Items": items} if items else {})}


UPDATE = {"aws:cloudfront/distribution:Distribution": _update_distribution}
CREATE = {
    "aws:cloudfront/cachePolicy:CachePolicy": _cache_policy,
    "aws:cloudfront/distribution:Distribution": _distribution,
    "aws:cloudfront/keyGroup:KeyGroup": _key_group,
    "aws:cloudfront/originAccessControl:OriginAccessControl": _access_control,
    "aws:cloudfront/publicKey:PublicKey": _public_key,
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": _headers_policy,
}
