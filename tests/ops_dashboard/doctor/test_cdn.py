"""What `doctor` finds about the distribution that serves renditions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from ops_dashboard.doctor.cdn import check_cdn
from ops_dashboard.doctor.deployed import Aws, Deployed
from ops_dashboard.doctor.findings import Finding, Kind, State
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from stream_ingest.contracts.stack_parts import StackParts
from tests.fakes.ops.healthy_stack import OUTPUTS, Session
from tests.faults.harness.aws.errors import client_error

ARN = "arn:aws:cloudfront::123456789012:distribution/E1"
PHOTOS = PhotosOutputs(
    table="photos",
    uploads_bucket="uploads",
    renditions_bucket="renditions",
    queue_url="q",
    backfill_queue_url="b",
    dead_letters_url="d",
    function="photos",
    domain="photos.example.com",
    distribution_id="E1",
    distribution_domain="d1.cloudfront.net",
)
LINKS = replace(PHOTOS, links_function="links")
URL = {"FunctionUrl": "https://abc.lambda-url.us-east-1.on.aws/", "AuthType": "AWS_IAM"}
GIVEN, NOT_THERE = "d1.cloudfront.net", client_error("NoSuchDistribution", "GetDistribution")


def distribution(*, on: bool = True, status: str = "Deployed", alias: str = PHOTOS.domain) -> Any:  # noqa: ANN401 - boto3's
    aliases = {"Quantity": 1, "Items": [alias]} if alias else {"Quantity": 0}
    config = {"Enabled": on, "Aliases": aliases}
    found = {"ARN": ARN, "Status": status, "DomainName": GIVEN, "DistributionConfig": config}
    return {"Distribution": found}


def policy(source: str = ARN) -> Any:  # noqa: ANN401 - boto3's
    condition = {"StringEquals": {"aws:SourceArn": source}}
    statements = [{"Effect": "Deny"}, {"Effect": "Allow", "Condition": condition}]
    return {"Policy": json.dumps({"Statement": statements})}


def found(
    served: object,
    allowed: object = None,
    photos: PhotosOutputs | None = PHOTOS,
    url: object = None,
) -> Finding:
    answers = {
        "cloudfront": {"get_distribution": served},
        "s3": {"get_bucket_policy": allowed or policy()},
        "lambda": {"get_function_url_config": url},
    }
    session: Any = Session(answers, endpoint="https://lambda.us-east-1.amazonaws.com")
    outputs = replace(OUTPUTS, photos=photos)
    return check_cdn(Deployed(aws=Aws(session), outputs=outputs, parts=StackParts()))


def test_a_distribution_that_serves_is_well() -> None:
    assert found(distribution()).found == "photos.example.com, Deployed"


def test_without_one_there_is_nothing_to_check() -> None:
    for photos in (None, replace(PHOTOS, distribution_id="")):
        assert found(NOT_THERE, photos=photos).state is State.OK


def test_one_that_is_being_deployed_is_noted() -> None:
    finding = found(distribution(status="InProgress"))
    assert (finding.state, finding.found) == (State.NOTE, "photos.example.com, InProgress")


@pytest.mark.parametrize(
    ("served", "allowed", "text", "kind"),
    [
        (NOT_THERE, None, "distribution E1 does not exist", Kind.MISSING),
        (distribution(on=False), None, "E1 is switched off", Kind.STOPPED),
        (
            distribution(alias=""),
            None,
            "E1 serves d1.cloudfront.net, and addresses name photos.example.com",
            Kind.STOPPED,
        ),
        (
            distribution(),
            policy("arn:aws:cloudfront::123456789012:distribution/E2"),
            "the policy of renditions does not let E1 read",
            Kind.STOPPED,
        ),
        (
            distribution(),
            client_error("NoSuchBucketPolicy", "GetBucketPolicy"),
            "the policy of renditions does not let E1 read",
            Kind.STOPPED,
        ),
    ],
)
def test_what_keeps_viewers_from_photos_is_found(
    served: object, allowed: object, text: str, kind: Kind
) -> None:
    finding = found(served, allowed)

    assert (finding.state, finding.kinds) == (State.WRONG, (kind,))
    assert text in finding.found
    assert finding.do is not None
    assert "make up" in finding.do


def with_links(host: str = "abc.lambda-url.us-east-1.on.aws", path: str = "upload/*") -> Any:  # noqa: ANN401 - boto3's
    """Return a distribution that sends requests below a path to a host."""
    served = distribution()
    origins = [{"Id": "renditions", "DomainName": "s3"}, {"Id": "upload", "DomainName": host}]
    served["Distribution"]["DistributionConfig"] |= {
        "Origins": {"Items": origins},
        "CacheBehaviors": {"Items": [{"PathPattern": path, "TargetOriginId": "upload"}]},
    }
    return served


def test_a_distribution_that_opens_upload_links_is_well() -> None:
    assert found(with_links(), photos=LINKS, url=URL).state is State.OK


@pytest.mark.parametrize(
    ("served", "url", "text", "kind"),
    [
        (
            with_links(),
            client_error("ResourceNotFoundException", "GetFunctionUrlConfig"),
            "links has no URL: upload links open nothing",
            Kind.MISSING,
        ),
        (with_links("other.on.aws"), URL, "E1 does not send upload/* to links", Kind.STOPPED),
        (with_links(path="other/*"), URL, "E1 does not send upload/* to links", Kind.STOPPED),
        (
            with_links(),
            {**URL, "AuthType": "NONE"},
            "the URL of links takes requests that the distribution has not signed",
            Kind.CHANGED,
        ),
    ],
)
def test_what_keeps_guests_from_upload_links_is_found(
    served: object, url: object, text: str, kind: Kind
) -> None:
    finding = found(served, photos=LINKS, url=url)

    assert (finding.state, finding.kinds) == (State.WRONG, (kind,))
    assert text in finding.found
