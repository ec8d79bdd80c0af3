"""Check of the distribution that serves renditions. Edge (network)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ops_dashboard.doctor.deployed import Deployed, existing
from ops_dashboard.doctor.findings import Finding, Problem, judged, missing, note, passed, stopped
from rendition_lambda.links.terms import PATH
from stream_ingest.aws.stack import is_aws
from stream_ingest.contracts.stack_outputs import PhotosOutputs

_CHECK = "cdn"
_DEPLOYED = "Deployed"
_SIGNED = "AWS_IAM"


def check_cdn(stack: Deployed) -> Finding:
    """Check that the distribution is on, serves the domain of the addresses, and may read.

    With upload links it also has to send their requests to the URL of their function.
    """
    photos = stack.outputs.photos
    if photos is None or not photos.distribution_id:
        return passed(_CHECK, "none: no distribution of the stack's own")
    found = existing(stack.aws("cloudfront").get_distribution, Id=photos.distribution_id)
    if found is None:
        text = f"distribution {photos.distribution_id} does not exist: no address works"
        return judged(_CHECK, [missing(text)], "", stack.redeploy)
    distribution = found["Distribution"]
    problems = [
        *_problems(photos, distribution),
        *_rights(stack, photos, distribution["ARN"]),
        *_link_problems(stack, photos, distribution["DistributionConfig"]),
    ]
    good = f"{photos.domain}, {distribution['Status']}"
    if not problems and distribution["Status"] != _DEPLOYED:
        return note(_CHECK, good, "wait until it is Deployed, which takes some minutes")
    return judged(_CHECK, problems, good, stack.redeploy)


def _problems(photos: PhotosOutputs, distribution: dict[str, Any]) -> Iterator[Problem]:
    config = distribution["DistributionConfig"]
    names = {distribution["DomainName"], *config.get("Aliases", {}).get("Items", [])}
    if not config["Enabled"]:
        yield stopped(f"{photos.distribution_id} is switched off: no address works")
    if photos.domain not in names:
        text = f"{photos.distribution_id} serves {', '.join(sorted(names))}, and addresses name"
        yield stopped(f"{text} {photos.domain}")


def _rights(stack: Deployed, photos: PhotosOutputs, arn: str) -> Iterator[Problem]:
    """Yield what is wrong with the bucket's policy, without which CloudFront gets 403."""
    bucket = photos.renditions_bucket
    found = existing(stack.aws("s3").get_bucket_policy, Bucket=bucket)
    policy = json.loads(found["Policy"]) if found else {"Statement": []}
    allowed = [
        statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceArn")
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
    ]
    if arn not in allowed:
        yield stopped(f"the policy of {bucket} does not let {photos.distribution_id} read")


def _link_problems(
    stack: Deployed, photos: PhotosOutputs, config: dict[str, Any]
) -> Iterator[Problem]:
    """Yield why upload links open nothing, or why others than the distribution may open them."""
    name = photos.links_function
    if not name:
        return
    found = existing(stack.aws("lambda").get_function_url_config, FunctionName=name)
    if found is None:
        yield missing(f"{name} has no URL: upload links open nothing")
        return
    on_aws = is_aws(stack.aws("lambda").meta.endpoint_url)  # embedded, nobody signs requests
    if on_aws and found["AuthType"] != _SIGNED:
        yield Problem(f"the URL of {name} takes requests that the distribution has not signed")
    host = urlsplit(found["FunctionUrl"]).hostname
    origins = {each["Id"] for each in config["Origins"]["Items"] if each["DomainName"] == host}
    behaviors = config.get("CacheBehaviors", {}).get("Items", [])
    targets = {each["TargetOriginId"] for each in behaviors if each["PathPattern"] == f"{PATH}*"}
    if not origins & targets:
        text = f"{photos.distribution_id} does not send {PATH}* to {name}"
        yield stopped(f"{text}: upload links open nothing")
