"""The distribution of a stack with the setting `photosCdn`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from settings import SettingsError

from stream_ingest.contracts import environment as env

if TYPE_CHECKING:
    from conftest import Deploy

    from tests.pulumi.recorder import Recorder

DISTRIBUTION = "arn:Distribution:photo-cdn"
GIVEN = "d111111abcdef8.cloudfront.net"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd"
PEM = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----"


@pytest.fixture(scope="module")
def served(deploy: Deploy) -> Recorder:
    return deploy("dev", photos=True, photosCdn=True, kmsKey=True)


def test_without_the_setting_there_is_no_distribution(deploy: Deploy) -> None:
    without = deploy("dev", photos=True)

    assert [each.type for each in without.declared if "cloudfront" in each.type] == []
    statements = without.one("BucketPolicy", "renditions").document("policy")["Statement"]
    assert [each["Sid"] for each in statements] == ["TlsOnly"]


def test_the_distribution_reads_by_tls_only_with_signed_requests(served: Recorder) -> None:
    inputs = served.one("Distribution", "photo-cdn").inputs
    control = served.one("OriginAccessControl", "photo-cdn").inputs
    behavior = inputs["defaultCacheBehavior"]

    assert (control["signingBehavior"], control["signingProtocol"]) == ("always", "sigv4")
    (origin,) = inputs["origins"]
    assert origin["originAccessControlId"] == "photo-cdn"
    assert behavior["viewerProtocolPolicy"] == "redirect-to-https"
    assert behavior["allowedMethods"] == behavior["cachedMethods"] == ["GET", "HEAD"]
    assert "trustedKeyGroups" not in behavior
    assert inputs["httpVersion"] == "http2and3"
    assert inputs["priceClass"] == "PriceClass_100"
    assert inputs["viewerCertificate"] == {"cloudfrontDefaultCertificate": True}


def test_nothing_but_the_path_and_v_tells_copies_apart(served: Recorder) -> None:
    policy = served.one("CachePolicy", "photo-cdn").inputs
    key = policy["parametersInCacheKeyAndForwardedToOrigin"]

    assert key["queryStringsConfig"] == {
        "queryStringBehavior": "whitelist",
        "queryStrings": {"items": ["v"]},
    }
    assert key["headersConfig"] == {"headerBehavior": "none"}
    assert key["cookiesConfig"] == {"cookieBehavior": "none"}
    assert (policy["minTtl"], policy["maxTtl"]) == (0, 31_536_000)


def test_the_bucket_lets_this_distribution_read_renditions_and_nobody_else(
    served: Recorder,
) -> None:
    statements = served.one("BucketPolicy", "renditions").document("policy")["Statement"]
    by_sid = {each["Sid"]: each for each in statements}

    assert set(by_sid) == {"TlsOnly", "OwnKeyOnly", "OwnDistributionOnly"}
    assert by_sid["OwnDistributionOnly"] == {
        "Sid": "OwnDistributionOnly",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": ["arn:Bucket:renditions/renditions/*"],
        "Condition": {"StringEquals": {"aws:SourceArn": DISTRIBUTION}},
    }


def test_the_key_lets_distributions_of_the_account_decrypt_renditions_only(
    served: Recorder, deploy: Deploy
) -> None:
    sid = "AllowDistributionsToRead"
    statements = served.one("Key", "encryption").document("policy")["Statement"]
    bucket = "arn:aws:s3:::coverstream-dev-renditions-123456789012-eu-central-1"
    (decrypt,) = (each for each in statements if each["Sid"] == sid)

    assert decrypt["Action"] == "kms:Decrypt"
    assert decrypt["Condition"] == {
        "ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::123456789012:distribution/*"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket, f"{bucket}/*"]},
    }
    closed = deploy("dev", photos=True, kmsKey=True).one("Key", "encryption").document("policy")
    assert sid not in {each["Sid"] for each in closed["Statement"]}


def test_the_function_invalidates_at_this_distribution_only(served: Recorder) -> None:
    statements = served.one("RolePolicy", "photos").document("policy")["Statement"]
    by_sid = {each["Sid"]: each for each in statements}

    assert by_sid["ForgetRemoved"]["Action"] == ["cloudfront:CreateInvalidation"]
    assert by_sid["ForgetRemoved"]["Resource"] == [DISTRIBUTION]


def test_the_function_and_the_commands_know_the_domain(served: Recorder) -> None:
    variables = served.one("Function", "photos").inputs["environment"]["variables"]
    entries = served.one("Parameter", "directory").document("value")["photos"]

    assert variables[env.PHOTOS_DOMAIN] == entries["domain"] == GIVEN
    assert variables[env.PHOTOS_DISTRIBUTION] == entries["distribution_id"] == "photo-cdn"
    assert entries["distribution_domain"] == GIVEN


def test_an_own_domain_and_signers(full: Recorder) -> None:
    """Keys are named by their digest, so that one is added before another goes."""
    inputs = full.one("Distribution", "photo-cdn").inputs
    entries = full.one("Parameter", "directory").document("value")["photos"]
    (key,) = full.all("PublicKey")

    assert inputs["aliases"] == ["photos.example.com"]
    assert inputs["viewerCertificate"]["minimumProtocolVersion"] == "TLSv1.2_2021"
    assert entries["domain"] == "photos.example.com"
    assert entries["distribution_domain"].endswith(".cloudfront.net")
    assert inputs["defaultCacheBehavior"]["trustedKeyGroups"] == ["group-1"]
    assert key.name.startswith("photo-cdn-")
    assert key.inputs["encodedKey"].endswith("-----END PUBLIC KEY-----\n")
    assert ("Distribution", "photo-cdn") in full.protected


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"photosCdn": True, "photos": False}, "photosCdn is set without photos"),
        (
            {"photosCdn": True, "photosDomain": "p.example.com"},
            "photosCertificateArn is not set: CloudFront takes a name only with its certificate",
        ),
        (
            {"photosCdn": True, "photosCertificateArn": CERTIFICATE},
            "photosCertificateArn is set without photosDomain",
        ),
        (
            {
                "photosCdn": True,
                "photosDomain": "p.example.com",
                "photosCertificateArn": CERTIFICATE.replace("us-east-1", "eu-west-1"),
            },
            "photosCertificateArn is in eu-west-1, and CloudFront takes certificates of us-east-1",
        ),
        ({"photosPublicKeys": [PEM]}, "photosPublicKeys is set without photosCdn"),
        ({"photosCertificateArn": CERTIFICATE}, "photosCertificateArn is set without photosCdn"),
        ({"photosCdn": True, "photosPublicKeys": [PEM] * 6}, "has 6 keys, and CloudFront takes 5"),
        ({"photosCdn": True, "photosPublicKeys": ["x"]}, "expected public keys in PEM"),
        ({"photosCdn": True, "photosPriceClass": "cheap"}, "photosPriceClass is 'cheap'"),
        ({"photosCertificateArn": "x"}, "expected the ARN of a certificate, such as arn:aws:acm"),
    ],
)
def test_settings_that_cloudfront_would_refuse_are_refused_first(
    deploy: Deploy, settings: dict[str, object], problem: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        deploy("dev", **{"photos": True, **settings})

    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)
