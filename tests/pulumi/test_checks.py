"""What stops a deployment before it has created anything."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from checks.account import AccountError
from checks.concurrency import concurrency_problems, concurrency_wanted
from checks.consistency import MAX_LISTS_BYTES
from checks.names import LONGEST, name_problems
from settings import Settings, SettingsError

from tests.pulumi.recorder import ACCOUNT, REGION, Recorder

if TYPE_CHECKING:
    from conftest import Deploy

VPC = "vpc-0123456789abcdef0"
SUBNETS = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
RESOURCES = {
    "input bucket": "Bucket",
    "output bucket": "Bucket",
    "temp bucket": "Bucket",
    "logs bucket": "Bucket",
    "archive": "EventArchive",
    "role": "Role",
    "function": "Function",
    "rule": "EventRule",
    "schedule": "Schedule",
    "queue": "Queue",
}


@pytest.fixture(scope="module")
def everything(deploy: Deploy) -> Recorder:
    """A stack with every resource that a setting can switch on."""
    return deploy(
        "dev",
        accessLogs=True,
        dataEvents=True,
        kmsKey=True,
        vpcId=VPC,
        vpcSubnets=SUBNETS,
        vpcInterfaceEndpoints=True,
        notifyEmails=["you@example.com"],
        notifyWebhookUrl="https://example.com",
    )


def refused(deploy: Deploy, recorder: Recorder | None = None, **settings: object) -> str:
    """Return why a stack cannot be deployed; nothing of it was declared."""
    recorder = recorder or Recorder()
    with pytest.raises((AccountError, SettingsError)) as caught:
        deploy("dev", recorder, **settings)
    assert not [one for one in recorder.declared if one.custom]
    return str(caught.value)


# Names


@pytest.mark.parametrize("kind", LONGEST)
def test_the_longest_names_are_those_that_the_program_makes(
    everything: Recorder, kind: str
) -> None:
    made = [
        one.inputs.get("name") or one.inputs["bucket"] for one in everything.all(RESOURCES[kind])
    ]
    form, _ = LONGEST[kind]
    assert form.format(prefix="coverstream-dev", account=ACCOUNT, region=REGION) in made
    if RESOURCES[kind] == "Bucket":
        assert {f"{one.name} bucket" for one in everything.all("Bucket")} <= set(LONGEST)
    else:
        assert max(map(len, made)) == len(form.format(prefix="coverstream-dev"))


@pytest.mark.parametrize(
    "prefix",
    ["coverstream-Dev", "coverstream-dev.eu", "coverstream-my_stack", "coverstream--dev", "dev-"],
)
def test_a_name_that_no_bucket_can_have_is_refused(prefix: str) -> None:
    (problem,) = name_problems(prefix, REGION)
    assert f"project and stack make {prefix!r}" in problem


def test_a_name_that_is_too_long_is_refused_with_by_how_much() -> None:
    longest = "coverstream-" + "s" * 18
    assert not name_problems(longest, REGION)
    (problem,) = name_problems(longest + "t", REGION)
    assert "would have 64 characters, and AWS allows 63: shorten the stack's name by 1" in problem


def test_a_name_is_checked_with_the_stacks_region(deploy: Deploy) -> None:
    recorder = Recorder(answers={"getRegion": {"region": "x" * 31}})
    assert "the output bucket coverstream-dev-output-000000000000-xxxx" in refused(deploy, recorder)


def test_the_length_of_a_name_that_is_not_made_does_not_matter() -> None:
    long = "coverstream-" + "s" * 18 + "t"
    assert name_problems(long, REGION)
    assert not name_problems(long, REGION, {"output": "covers"})


# Concurrency


def test_the_small_stack_fits_a_new_account(deploy: Deploy) -> None:
    new = Recorder(answers={"getServiceQuota": {"value": 10.0}})
    assert deploy("dev", new).all("Function")


def test_no_example_reserves_concurrency(dev: Recorder, prod: Recorder) -> None:
    """New accounts refuse every reservation."""
    for recorder in (dev, prod):
        for function in recorder.all("Function"):
            assert function.inputs["reservedConcurrentExecutions"] == -1


def test_a_stack_that_needs_more_than_its_account_has_says_what_to_request(deploy: Deploy) -> None:
    new = Recorder(answers={"getServiceQuota": {"value": 10.0}})
    problem = refused(deploy, new, collageMaxConcurrency=100)
    assert "up to 106 invocations run at once (collageMaxConcurrency 100, " in problem
    assert "this account's limit is 10: lower these settings, or request more with" in problem
    assert "--service-code lambda --quota-code L-B99A9384 --desired-value 106`" in problem


def test_a_reservation_that_leaves_too_little_is_refused() -> None:
    settings = Settings(collage_max_concurrency=100, collage_reserved_concurrency=100)
    assert not concurrency_problems(settings, 200)
    (problem,) = concurrency_problems(settings, 199)
    assert "reserves 100 of this account's 199 concurrent executions" in problem
    assert "--desired-value 200" in problem


def test_every_mapping_is_counted(dev: Recorder, everything: Recorder) -> None:
    """The sum is what the mappings of the program allow, and a sweep."""
    for recorder in (dev, everything):
        mappings = [one.inputs for one in recorder.all("EventSourceMapping")]
        of_queues = sum(
            one["scalingConfig"]["maximumConcurrency"] for one in mappings if "scalingConfig" in one
        )
        (of_stream,) = (one for one in mappings if "scalingConfig" not in one)
        shards = recorder.one("Stream", "rows").inputs["shardCount"]
        settings = Settings(stream_shards=1, collage_max_concurrency=4, intake_max_concurrency=2)
        assert sum(concurrency_wanted(settings).values()) == (
            of_queues + shards * of_stream["parallelizationFactor"] + 1
        )


def test_a_quota_that_may_not_be_read_is_a_warning(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", warnings.append)
    assert deploy("dev", Recorder(refused=frozenset({"getServiceQuota"}))).all("Function")
    (warning,) = warnings
    assert "servicequotas:GetServiceQuota" in warning
    assert "access denied" in warning


# The VPC


def vpc(**answers: dict[str, Any]) -> Recorder:
    return Recorder(answers=answers)


@pytest.mark.parametrize(
    ("recorder", "subnets", "problem"),
    [
        (
            vpc(getVpc={"enableDnsHostnames": False}),
            SUBNETS,
            f"vpcInterfaceEndpoints needs enableDnsSupport and enableDnsHostnames of {VPC}",
        ),
        (
            vpc(getSubnet={"vpcId": "vpc-00000000"}),
            SUBNETS[:1],
            f"{SUBNETS[0]} of vpcSubnets is in vpc-00000000, not in {VPC}",
        ),
        (
            vpc(getSubnet={"availabilityZone": "eu-central-1a"}),
            SUBNETS,
            "2 of vpcSubnets are in eu-central-1a: an interface endpoint takes one subnet",
        ),
    ],
)
def test_a_vpc_that_cannot_have_interface_endpoints_is_refused(
    deploy: Deploy, recorder: Recorder, subnets: list[str], problem: str
) -> None:
    options = {"vpcId": VPC, "vpcSubnets": subnets}
    assert problem in refused(deploy, recorder, **options, vpcInterfaceEndpoints=True)


# Settings that contradict each other


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            {"originalsExpireDays": 10},
            "originalsExpireDays is 10, but events can be replayed for 30 days",
        ),
        (
            {"originalsExpireDays": 90, "archiveRetentionDays": 0},
            "originalsExpireDays is 90, but events can be replayed for ever (a year at least)",
        ),
        ({"adoptedBuckets": ["temp"]}, "adoptedBuckets has temp, but tempBucket has no name"),
        (
            {"inputBucket": "covers", "outputBucket": "covers"},
            "inputBucket, outputBucket and tempBucket have to be different buckets",
        ),
        ({"inputBucket": "my.covers"}, "inputBucket is 'my.covers': a name with dots has no"),
        ({"logRetentionDays": 31}, "logRetentionDays is '31': Invalid enum value 31"),
        ({"refusedImages": ["ab" * 32] * 50}, "refusedImages 3,249: together over 2,500 bytes"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    deploy: Deploy, settings: dict[str, object], problem: str
) -> None:
    assert problem in refused(deploy, **settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"originals_expire_days": 30},
        {"originals_expire_days": 10, "keep_originals": False},
        {"originals_expire_days": 365, "archive_retention_days": 0},
    ],
)
def test_settings_that_only_seem_to_contradict_each_other_are_taken(
    settings: dict[str, Any],
) -> None:
    assert Settings(**settings)


def test_lists_of_the_allowed_size_fit_the_variables_of_every_function(
    deploy: Deploy,
) -> None:
    """With the longest names that a stack can have, and each limit reached by one list."""
    longest = "s" * 18
    host = "h" * (MAX_LISTS_BYTES // 2 - 40) + ":443"
    sources = deploy("dev", allowedSources=[host, host], downloadUserAgent="u" * 256)
    buckets = ["b" * 61 + f"{number:02}" for number in range(MAX_LISTS_BYTES // 66)]
    for recorder in (sources, deploy("dev", allowedInputBuckets=buckets)):
        for function in recorder.all("Function"):
            text = json.dumps(function.inputs["environment"]["variables"])
            text = re.sub("coverstream-dev", f"coverstream-{longest}", text)
            assert len(text.encode()) <= 4_096, function.name
