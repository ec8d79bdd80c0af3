"""A stack with the setting `photosUploadLinks`, and one without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from settings import SettingsError

from rendition_lambda.links.settings import LinkSettings
from stream_ingest.contracts import environment as env
from tests.fakes.lambda_variables import lambda_variables

if TYPE_CHECKING:
    from conftest import Deploy

    from tests.pulumi.recorder import Recorder

DISTRIBUTION = "arn:Distribution:photo-cdn"
ON = {"photos": True, "photosCdn": True, "photosUploadLinks": True}


@pytest.fixture(scope="module")
def linked(deploy: Deploy) -> Recorder:
    return deploy("dev", **ON)


def test_without_the_setting_nothing_of_links_is_declared(deploy: Deploy) -> None:
    without = deploy("dev", photos=True, photosCdn=True)

    names = {name for _, name in without.after}
    assert {each for each in names if "links" in each or each.endswith("-upload")} == set()
    assert "orderedCacheBehaviors" not in without.one("Distribution", "photo-cdn").inputs
    assert "Key" not in {kind for kind, _ in without.after}


def test_only_the_distribution_may_send_requests_to_the_function(linked: Recorder) -> None:
    assert linked.one("FunctionUrl", "links").inputs["authorizationType"] == "AWS_IAM"
    rights = {name: linked.one("Permission", f"links-{name}").inputs for name in ("url", "invoke")}
    for right in rights.values():
        assert right["principal"] == "cloudfront.amazonaws.com"
        assert right["sourceArn"] == DISTRIBUTION
    assert rights["url"]["action"] == "lambda:InvokeFunctionUrl"
    assert rights["url"]["functionUrlAuthType"] == "AWS_IAM"
    assert rights["invoke"]["action"] == "lambda:InvokeFunction"
    assert rights["invoke"]["invokedViaFunctionUrl"] is True


def test_the_distribution_signs_what_it_sends_there_and_stores_no_answer(linked: Recorder) -> None:
    inputs = linked.one("Distribution", "photo-cdn").inputs
    control = linked.one("OriginAccessControl", "photo-cdn-upload").inputs
    (behavior,) = inputs["orderedCacheBehaviors"]
    origin = next(each for each in inputs["origins"] if each["originId"] == "upload")

    assert (control["originAccessControlOriginType"], control["signingBehavior"]) == (
        "lambda",
        "always",
    )
    assert origin["domainName"] == "abc.lambda-url.eu-central-1.on.aws"
    assert origin["customOriginConfig"]["originProtocolPolicy"] == "https-only"
    assert (behavior["pathPattern"], behavior["viewerProtocolPolicy"]) == ("upload/*", "https-only")
    assert behavior["cachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert "trustedKeyGroups" not in behavior


def test_browsers_may_upload_from_the_page_of_links(deploy: Deploy, linked: Recorder) -> None:
    (rule,) = linked.one("BucketCorsConfiguration", "uploads").inputs["corsRules"]
    assert rule["allowedOrigins"] == ["https://d111111abcdef8.cloudfront.net"]
    also = deploy("dev", **ON, photosCorsOrigins=["https://upload.example.com"])
    (rule,) = also.one("BucketCorsConfiguration", "uploads").inputs["corsRules"]
    assert rule["allowedOrigins"] == [
        "https://upload.example.com",
        "https://d111111abcdef8.cloudfront.net",
    ]


def test_the_role_has_exactly_these_rights(linked: Recorder) -> None:
    statements = linked.one("RolePolicy", "links").document("policy")["Statement"]
    by_sid = {each["Sid"]: each for each in statements}

    assert {each["Sid"]: each["Action"] for each in statements} == {
        "WriteOwnLogs": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "VerifyLinks": ["kms:VerifyMac"],
        "ReadLinks": ["dynamodb:GetItem"],
        "Reserve": ["dynamodb:PutItem"],
        "CountUploads": ["dynamodb:UpdateItem"],
        "SignUploads": ["s3:PutObject"],
        "ReplaceNothing": ["s3:PutObject"],
        "ResumeUploads": ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
    }
    for sid in ("ReadLinks", "Reserve", "CountUploads"):
        condition = by_sid[sid]["Condition"]["ForAllValues:StringEquals"]
        assert condition["dynamodb:LeadingKeys"] == ["links/"]
    assert by_sid["ReplaceNothing"]["Effect"] == "Deny"
    assert by_sid["ReplaceNothing"]["Condition"]["Null"] == {"s3:if-none-match": "true"}
    assert by_sid["SignUploads"]["Resource"] == ["arn:Bucket:uploads/*"]


def test_the_key_makes_macs_and_never_leaves_kms(linked: Recorder) -> None:
    key = linked.one("Key", "links").inputs
    assert (key["keyUsage"], key["customerMasterKeySpec"]) == ("GENERATE_VERIFY_MAC", "HMAC_256")
    assert linked.one("Alias", "links").inputs["name"] == "alias/coverstream-dev-upload-links"


def test_the_function_gets_the_names_of_what_it_uses_and_no_others(linked: Recorder) -> None:
    function = linked.one("Function", "links").inputs
    variables = function["environment"]["variables"]
    read = LinkSettings.from_env({**lambda_variables(), **variables})

    assert function["reservedConcurrentExecutions"] == 5
    assert read.uploads_bucket == "coverstream-dev-uploads-123456789012-eu-central-1"
    own = {name for name in variables if name.startswith("COVERSTREAM_")}
    assert own == {
        env.ACCOUNT,
        env.PHOTOS_TABLE,
        env.UPLOADS_BUCKET,
        env.LINK_KEY,
        env.METRICS_NAMESPACE,
    }


def test_commands_find_links_in_the_directory(linked: Recorder, deploy: Deploy) -> None:
    entries = linked.one("Parameter", "directory").document("value")["photos"]
    assert entries["link_key"] == "arn:Key:links"
    assert entries["links_function"] == "coverstream-dev-links"
    without = deploy("dev", photos=True)
    assert without.one("Parameter", "directory").document("value")["photos"]["link_key"] == ""


def test_links_need_the_distribution_that_serves_their_page(deploy: Deploy) -> None:
    with pytest.raises(SettingsError, match="photosUploadLinks is set without photosCdn"):
        deploy("dev", photos=True, photosUploadLinks=True)
