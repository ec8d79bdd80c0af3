"""A stack with the setting `photos`, and one without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from checks.names import name_problems

from rendition_lambda.settings import RenditionSettings
from stream_ingest.contracts import environment as env
from tests.fakes.lambda_variables import lambda_variables

if TYPE_CHECKING:
    from conftest import Deploy

    from tests.pulumi.recorder import Recorder

UPLOADS = "coverstream-dev-uploads-123456789012-eu-central-1"


@pytest.fixture(scope="module")
def photos(deploy: Deploy) -> Recorder:
    settings = {"photosMaxConcurrency": 10, "photosBackfillConcurrency": 4}
    origins = ["https://upload.example.com"]
    return deploy("dev", photos=True, photosCorsOrigins=origins, **settings)


def test_without_the_setting_nothing_of_photos_is_declared(dev: Recorder) -> None:
    names = {name for _, name in dev.after}

    assert [name for name in names if "photo" in name or name in {"uploads", "renditions"}] == []


def test_uploads_and_deletions_reach_the_queue(photos: Recorder) -> None:
    assert photos.one("EventRule", "photo-changed").document("eventPattern") == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": {"bucket": {"name": [UPLOADS]}},
    }
    target = photos.one("EventTarget", "photo-changed").inputs
    assert target["arn"] == "arn:Queue:photos"
    assert target["deadLetterConfig"] == {"arn": "arn:Queue:photos-dead-letters"}


def test_what_is_rendered_announces_nothing(photos: Recorder) -> None:
    """Otherwise outputs would start the function that makes them."""
    notifying = {name for kind, name in photos.after if kind == "BucketNotification"}

    assert notifying == {"input", "uploads"}


@pytest.mark.parametrize(("queue", "at_once"), [("photos", 10), ("photos-backfill", 4)])
def test_each_queue_is_worked_off_one_message_at_a_time(
    photos: Recorder, queue: str, at_once: int
) -> None:
    mapping = photos.one("EventSourceMapping", queue).inputs
    created = photos.one("Queue", queue)

    assert (mapping["batchSize"], mapping["eventSourceArn"]) == (1, f"arn:Queue:{queue}")
    assert mapping["scalingConfig"] == {"maximumConcurrency": at_once}
    assert created.inputs["visibilityTimeoutSeconds"] == 720
    assert created.document("redrivePolicy") == {
        "deadLetterTargetArn": "arn:Queue:photos-dead-letters",
        "maxReceiveCount": 5,
    }


def test_a_sweep_is_made_every_five_minutes(photos: Recorder) -> None:
    schedule = photos.one("Schedule", "photos").inputs
    target = schedule["target"]

    assert schedule["scheduleExpression"] == "rate(5 minutes)"
    assert (target["arn"], json.loads(target["input"])) == ("arn:Function:photos", {"sweep": True})
    assert photos.one("RolePolicy", "photos-schedule").document("policy")["Statement"] == [
        {
            "Sid": "StartSweep",
            "Effect": "Allow",
            "Action": ["lambda:InvokeFunction"],
            "Resource": ["arn:Function:photos"],
        }
    ]


def test_the_function_gets_the_variables_that_it_reads(photos: Recorder) -> None:
    function = photos.one("Function", "photos").inputs
    variables = function["environment"]["variables"]

    assert (function["memorySize"], function["timeout"]) == (1_769, 120)
    assert variables[env.UPLOADS_BUCKET] == UPLOADS
    assert RenditionSettings.from_env({**lambda_variables(), **variables}).max_receives == 5


def test_the_role_has_exactly_these_rights(photos: Recorder) -> None:
    statements = photos.one("RolePolicy", "photos").document("policy")["Statement"]

    assert {each["Sid"]: each["Action"] for each in statements} == {
        "WriteOwnLogs": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "ReceiveMessages": [
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
        ],
        "RequestPhotos": ["sqs:SendMessage"],
        "RecordPhotos": ["dynamodb:GetItem", "dynamodb:PutItem"],
        "FindOverduePhotos": ["dynamodb:Query"],
        "EmitEvents": ["events:PutEvents"],
        "ReadUploads": ["s3:GetObject", "s3:GetObjectVersion"],
        "DetectMissingUploads": ["s3:ListBucket"],
        "StoreOutputs": ["s3:PutObject", "s3:DeleteObject"],
    }
    by_sid = {each["Sid"]: each for each in statements}
    assert all("uploads" not in each for each in by_sid["StoreOutputs"]["Resource"])
    assert by_sid["EmitEvents"]["Condition"] == {
        "ForAllValues:StringEquals": {
            "events:source": ["coverstream.photos"],
            "events:detail-type": [
                "RenditionsCreated",
                "RenditionsFailed",
                "RenditionsRemoved",
            ],
        }
    }


def test_browsers_may_upload_from_the_named_origins_only(photos: Recorder, deploy: Deploy) -> None:
    (rule,) = photos.one("BucketCorsConfiguration", "uploads").inputs["corsRules"]
    closed = deploy("dev", photos=True)

    assert rule["allowedOrigins"] == ["https://upload.example.com"]
    assert "BucketCorsConfiguration" not in {kind for kind, _ in closed.after}


def test_the_table_has_sparse_indexes_and_expires_items(photos: Recorder) -> None:
    table = photos.one("Table", "photos").inputs

    assert (table["hashKey"], table["rangeKey"]) == ("gallery", "photo")
    assert [each["name"] for each in table["globalSecondaryIndexes"]] == [
        "open-index",
        "gallery-index",
    ]
    assert table["ttl"] == {"attributeName": "expires_at", "enabled": True}


def test_commands_find_photos_in_the_directory(photos: Recorder, dev: Recorder) -> None:
    entries = photos.one("Parameter", "directory").document("value")

    assert entries["photos"]["uploads_bucket"] == UPLOADS
    assert "photos" not in entries["dead_letter_urls"]  # early commands would redrive them
    assert entries["photos"]["dead_letters_url"].endswith("photos-dead-letters")
    assert dev.one("Parameter", "directory").document("value").get("photos") is None


def test_names_of_the_buckets_of_photos_are_checked_in_stacks_that_have_them() -> None:
    prefix = "coverstream-" + "s" * 18

    assert name_problems(prefix, "eu-central-1") == []
    (problem,) = (
        each
        for each in name_problems(prefix, "eu-central-1", photos=True)
        if "renditions bucket" in each
    )
    assert "shorten the stack's name by 4" in problem


def test_photos_of_other_buckets_may_be_read_and_not_written(deploy: Deploy) -> None:
    stack = deploy("dev", photos=True, photosOtherBuckets=["wedding-archive"])
    statements = stack.one("RolePolicy", "photos").document("policy")["Statement"]
    about = {
        each["Sid"]: each["Action"]
        for each in statements
        if any("wedding-archive" in arn for arn in each["Resource"])
    }

    assert about == {
        "ReadUploads": ["s3:GetObject", "s3:GetObjectVersion"],
        "DetectMissingUploads": ["s3:ListBucket"],
    }
    entries = stack.one("Parameter", "directory").document("value")
    assert entries["photos"]["other_buckets"] == ["wedding-archive"]


def test_the_buckets_of_photos_are_protected_and_audited_like_the_others(full: Recorder) -> None:
    for name in ("uploads", "renditions"):
        policy = full.one("BucketPolicy", name).document("policy")
        lifecycle = full.one("BucketLifecycleConfiguration", name).inputs
        assert {"TlsOnly", "OwnKeyOnly"} <= {each["Sid"] for each in policy["Statement"]}
        assert "abort-incomplete-uploads" in {each["id"] for each in lifecycle["rules"]}
        assert full.one("BucketPublicAccessBlock", name).inputs["restrictPublicBuckets"] is True
        assert full.one("BucketLogging", name).inputs["targetPrefix"] == f"access/{name}/"
        assert ("Bucket", name) in full.protected
    (selector,) = full.one("Trail", "data").inputs["advancedEventSelectors"]
    (arns,) = (each for each in selector["fieldSelectors"] if each["field"] == "resources.ARN")
    audited = {arn.split("-")[2] for arn in arns["startsWiths"]}
    assert audited == {"input", "output", "temp", "uploads", "renditions"}
    assert full.one("Function", "photos").inputs["vpcConfig"]["subnetIds"]
