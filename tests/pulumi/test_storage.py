from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.pulumi.recorder import Recorder

if TYPE_CHECKING:
    from conftest import Deploy

BUCKETS = ["input", "output", "temp"]


def rules(recorder: Recorder, bucket: str) -> dict[str, Any]:
    return {
        r["id"]: r for r in recorder.one("BucketLifecycleConfiguration", bucket).inputs["rules"]
    }


def test_buckets_are_named_by_stack_purpose_account_and_region(dev: Recorder) -> None:
    assert {one.inputs["bucket"] for one in dev.all("Bucket")} == {
        f"coverstream-dev-{purpose}-123456789012-eu-central-1" for purpose in BUCKETS
    }


@pytest.mark.parametrize("bucket", BUCKETS)
def test_every_bucket_is_encrypted(dev: Recorder, bucket: str) -> None:
    (rule,) = dev.one("BucketServerSideEncryptionConfiguration", bucket).inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    assert rule["blockedEncryptionTypes"] == ["SSE-C"]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_every_bucket_is_closed_to_the_public(dev: Recorder, bucket: str) -> None:
    block = dev.one("BucketPublicAccessBlock", bucket).inputs
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert all(block[switch] is True for switch in switches)
    ownership = dev.one("BucketOwnershipControls", bucket).inputs["rule"]
    assert ownership == {"objectOwnership": "BucketOwnerEnforced"}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_every_bucket_refuses_plain_http(dev: Recorder, bucket: str) -> None:
    (statement,) = dev.one("BucketPolicy", bucket).document("policy")["Statement"]
    arn = f"arn:Bucket:{bucket}"
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] == "*"
    assert statement["Resource"] == [arn, f"{arn}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_input_and_output_keep_old_versions_and_for_30_days(dev: Recorder) -> None:
    found = {one.name: one.inputs for one in dev.all("BucketVersioning")}
    assert set(found) == {"input", "output"}
    for bucket in found:
        assert found[bucket]["versioningConfiguration"] == {"status": "Enabled"}
        old = rules(dev, bucket)["expire-old-versions"]
        assert old["noncurrentVersionExpiration"] == {"noncurrentDays": 30}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_orphaned_uploads_end_after_a_day(dev: Recorder, bucket: str) -> None:
    rule = rules(dev, bucket)["abort-incomplete-uploads"]
    assert rule["status"] == "Enabled"
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 1}


def expiries(recorder: Recorder) -> dict[str, int]:
    """Return the days after which temporary objects are deleted, by prefix."""
    return {
        rule["filter"]["prefix"]: rule["expiration"]["days"]
        for rule in rules(recorder, "temp").values()
        if "expiration" in rule
    }


def test_temporary_objects_expire_by_prefix(changed: Recorder) -> None:
    assert expiries(changed) == {
        "processing/windows/": 46,
        "processing/intake/": 30,
        "processing/attempts/": 14,
        "debug/": 30,
        "originals/": 90,
        "prefetched/": 60,
    }


@pytest.mark.parametrize("days", [1, 3_650])
def test_what_a_replay_needs_outlives_the_archived_event(deploy: Deploy, days: int) -> None:
    """Its image list also outlives a dead letter (14 days) of the last possible replay."""
    found = expiries(deploy("dev", archiveRetentionDays=days))
    assert found["originals/"] == min(days, 365)
    assert found["processing/windows/"] > days + 14


def test_image_lists_never_expire_if_events_never_do(deploy: Deploy) -> None:
    found = expiries(deploy("dev", archiveRetentionDays=0))
    assert "processing/windows/" not in found
    assert found["originals/"] == 365


def ages(recorder: Recorder, bucket: str) -> list[tuple[int, str]]:
    steps = rules(recorder, bucket)["age"]["transitions"]
    return [(step["days"], step["storageClass"]) for step in steps]


def test_objects_move_to_cheaper_storage_with_age(dev: Recorder, prod: Recorder) -> None:
    for recorder in (dev, prod):
        assert ages(recorder, "input") == [
            (30, "STANDARD_IA"),
            (90, "GLACIER"),
            (365, "DEEP_ARCHIVE"),
        ]
        assert ages(recorder, "output") == [(90, "STANDARD_IA"), (365, "GLACIER")]
        assert "age" not in rules(recorder, "temp")


def test_nothing_but_temporary_objects_ever_expires(dev: Recorder) -> None:
    for bucket in ("input", "output"):
        assert not [rule for rule in rules(dev, bucket).values() if "expiration" in rule]


def test_a_protected_stack_keeps_buckets_that_hold_objects(dev: Recorder, prod: Recorder) -> None:
    assert all(one.inputs["forceDestroy"] is True for one in dev.all("Bucket"))
    assert all(one.inputs["forceDestroy"] is False for one in prod.all("Bucket"))


# Protection, names and buckets that exist


def test_pulumi_itself_protects_whatever_holds_data(
    prod: Recorder, dev: Recorder, deploy: Deploy
) -> None:
    holders = {("EventArchive", "bus"), ("EventBus", "bus"), ("Stream", "rows"), ("Table", "state")}
    buckets = {("Bucket", name) for name in BUCKETS}
    assert prod.protected == holders | buckets
    assert not dev.protected
    audited = deploy("dev", protect=True, kmsKey=True, dataEvents=True)
    assert audited.protected == prod.protected | {("Bucket", "logs"), ("Key", "encryption")}


def test_a_key_outlives_its_setting(deploy: Deploy, dev: Recorder) -> None:
    """What was encrypted with it could never be read again."""
    assert deploy("dev", kmsKey=True).retained == {("Key", "encryption")}
    assert not dev.retained


def test_a_bucket_that_exists_becomes_the_stacks_and_outlives_it(deploy: Deploy) -> None:
    adopting = deploy(
        "dev", inputBucket="tiktok-image-input", tempBucket="scratch", adoptedBuckets=["input"]
    )
    bucket = adopting.one("Bucket", "input")
    assert bucket.inputs["bucket"] == bucket.import_id == "tiktok-image-input"
    assert bucket.inputs["forceDestroy"] is False
    assert adopting.retained == {("Bucket", "input")}
    assert adopting.one("Bucket", "temp").inputs["bucket"] == "scratch"
    assert not adopting.one("Bucket", "temp").import_id
    assert adopting.one("BucketNotification", "input").inputs["bucket"] == "tiktok-image-input"


def test_the_partition_is_that_of_the_account(deploy: Deploy) -> None:
    china = Recorder(
        answers={"getPartition": {"partition": "aws-cn", "dnsSuffix": "amazonaws.com.cn"}}
    )
    deploy("dev", china, kmsKey=True, dataEvents=True, allowedInputBuckets=["theirs"])
    for one in china.declared:
        assert "arn:aws:" not in str(one.inputs), one
    (use,) = china.one("RolePolicy", "collage-key").document("policy")["Statement"]
    assert "s3.eu-central-1.amazonaws.com.cn" in str(use["Condition"])
