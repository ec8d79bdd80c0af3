"""What a stack may switch on: a key of its own, a VPC, logs of who did what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from settings import SettingsError

if TYPE_CHECKING:
    from conftest import Deploy

    from tests.pulumi.recorder import Recorder

FUNCTIONS = ["windowing", "sweeper", "collage"]
BUCKETS = ["input", "output", "temp"]
KEY = "arn:Key:encryption"
VPC = "vpc-0123456789abcdef0"
SUBNETS = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
ROUTES = ["rtb-0123456789abcdef0"]
INTERFACES = ["events", "kinesis-streams", "sqs"]


@pytest.fixture(scope="module")
def keyed(deploy: Deploy) -> Recorder:
    """A stack with a key of its own."""
    return deploy("dev", kmsKey=True)


@pytest.fixture(scope="module")
def placed(deploy: Deploy) -> Recorder:
    """A stack whose functions run in a VPC."""
    return deploy(
        "dev", vpcId=VPC, vpcSubnets=SUBNETS, vpcRouteTables=ROUTES, vpcInterfaceEndpoints=True
    )


@pytest.fixture(scope="module")
def provided(deploy: Deploy) -> Recorder:
    """A stack in a VPC with endpoints of its own, where covers are fetched at two ports."""
    return deploy(
        "dev",
        vpcId=VPC,
        vpcSubnets=SUBNETS,
        allowedPorts=["80"],
        allowedSources=["127.0.0.1:8000", "covers.test:80"],
    )


@pytest.fixture(scope="module")
def audited(deploy: Deploy) -> Recorder:
    """A stack that logs who reads and writes, and has a key of its own."""
    return deploy("dev", accessLogs=True, dataEvents=True, auditExpireDays=90, kmsKey=True)


def statement(recorder: Recorder, kind: str, name: str, sid: str) -> dict[str, Any]:
    found = recorder.one(kind, name).document("policy")["Statement"]
    (one,) = (each for each in found if each["Sid"] == sid)
    return dict(one)


def test_optional_resources_are_absent_by_default(dev: Recorder, prod: Recorder) -> None:
    for recorder in (dev, prod):
        for kind in ("Key", "Alias", "VpcEndpoint", "SecurityGroup", "BucketLogging", "Trail"):
            assert not recorder.all(kind), kind
        assert {one.name for one in recorder.all("Bucket")} == set(BUCKETS)
        assert not [one for one in recorder.all("Function") if "vpcConfig" in one.inputs]


# A key of the stack's own


def test_the_key_is_renewed_every_year_and_hard_to_lose(keyed: Recorder) -> None:
    key = keyed.one("Key", "encryption").inputs
    assert key["enableKeyRotation"] is True
    assert key["deletionWindowInDays"] == 30
    assert keyed.one("Alias", "encryption").inputs["name"] == "alias/coverstream-dev"


def test_iam_decides_who_uses_the_key_and_rules_and_alarms_may_send(keyed: Recorder) -> None:
    own = statement(keyed, "Key", "encryption", "DelegateToIam")
    assert own["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    rules = statement(keyed, "Key", "encryption", "AllowRulesAndAlarmsToSend")
    assert rules["Principal"] == {"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]}
    assert set(rules["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert "Condition" not in rules, "EventBridge may not send the keys of a source"


@pytest.mark.parametrize("bucket", BUCKETS)
def test_objects_are_encrypted_with_the_key_and_with_nothing_else(
    keyed: Recorder, bucket: str
) -> None:
    (rule,) = keyed.one("BucketServerSideEncryptionConfiguration", bucket).inputs["rules"]
    default = rule["applyServerSideEncryptionByDefault"]
    assert default == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
    assert rule["bucketKeyEnabled"] is True
    refused = statement(keyed, "BucketPolicy", bucket, "OwnKeyOnly")
    header = "s3:x-amz-server-side-encryption"
    assert (refused["Effect"], refused["Action"]) == ("Deny", "s3:PutObject")
    assert refused["Condition"] == {
        "StringNotEquals": {header: "aws:kms"},
        "Null": {header: "false"},
    }
    assert statement(keyed, "BucketPolicy", bucket, "TlsOnly")["Effect"] == "Deny"


def test_table_stream_and_every_queue_are_encrypted_with_the_key(keyed: Recorder) -> None:
    table = keyed.one("Table", "state").inputs["serverSideEncryption"]
    assert table == {"enabled": True, "kmsKeyArn": KEY}
    assert keyed.one("Stream", "rows").inputs["kmsKeyId"] == KEY
    queues = keyed.all("Queue")
    assert len(queues) >= 4
    for queue in queues:
        assert queue.inputs["kmsMasterKeyId"] == KEY
        assert "sqsManagedSseEnabled" not in queue.inputs


def test_every_function_may_use_the_key_by_way_of_the_services_it_uses(keyed: Recorder) -> None:
    """Also one that is added later: the policy comes with the function, whichever it is."""
    functions = {one.name for one in keyed.all("Function")}
    assert functions >= set(FUNCTIONS)
    for name in functions:
        use = statement(keyed, "RolePolicy", f"{name}-key", "UseKey")
        assert use["Resource"] == [KEY]
        assert {"kms:Decrypt", "kms:GenerateDataKey"} <= set(use["Action"])
        assert not [action for action in use["Action"] if "*" in action]
        assert use["Condition"] == {
            "StringEquals": {
                "kms:ViaService": [
                    f"{service}.eu-central-1.amazonaws.com"
                    for service in ("s3", "dynamodb", "kinesis", "sqs")
                ]
            }
        }


def test_functions_can_read_what_was_stored_under_former_keys(deploy: Deploy) -> None:
    former = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"
    without, renewed = (deploy("dev", formerKmsKeys=[former], kmsKey=on) for on in (False, True))
    for recorder, keys in ((without, [former]), (renewed, [KEY, former])):
        for function in recorder.all("Function"):
            use = statement(recorder, "RolePolicy", f"{function.name}-key", "UseKey")
            assert use["Resource"] == keys
    assert without.one("Stream", "rows").inputs["kmsKeyId"] == "alias/aws/kinesis"


def test_the_schedule_may_write_to_its_encrypted_dead_letters(keyed: Recorder) -> None:
    use = statement(keyed, "RolePolicy", "sweeper-schedule-key", "UseKey")
    assert set(use["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert use["Condition"]["StringEquals"]["kms:ViaService"] == ["sqs.eu-central-1.amazonaws.com"]


# A place in a VPC


def test_functions_run_in_the_subnets_that_were_named(placed: Recorder) -> None:
    for function in placed.all("Function"):
        assert function.inputs["vpcConfig"]["subnetIds"] == SUBNETS
        assert len(function.inputs["vpcConfig"]["securityGroupIds"]) == 1
        rights = statement(placed, "RolePolicy", f"{function.name}-vpc", "AttachToVpc")
        assert {action.partition(":")[0] for action in rights["Action"]} == {"ec2"}
        assert "ec2:CreateNetworkInterface" in rights["Action"]
        assert not [action for action in rights["Action"] if "*" in action]


def test_s3_and_dynamodb_are_reached_past_the_nat_gateway(placed: Recorder) -> None:
    gateways = [e for e in placed.all("VpcEndpoint") if e.inputs["vpcEndpointType"] == "Gateway"]
    assert {each.inputs["serviceName"] for each in gateways} == {
        "com.amazonaws.eu-central-1.s3",
        "com.amazonaws.eu-central-1.dynamodb",
    }
    for each in gateways:
        assert (each.inputs["vpcId"], each.inputs["routeTableIds"]) == (VPC, ROUTES)


def test_what_functions_call_has_endpoints_that_the_whole_vpc_may_use(placed: Recorder) -> None:
    """Private DNS sends everybody in the VPC there: whoever is refused has no EventBridge."""
    endpoints = [e for e in placed.all("VpcEndpoint") if e.inputs["vpcEndpointType"] == "Interface"]
    assert {each.inputs["serviceName"].rpartition(".")[2] for each in endpoints} == set(INTERFACES)
    for each in endpoints:
        assert each.inputs["privateDnsEnabled"] is True
        assert each.inputs["subnetIds"] == SUBNETS
    rules = placed.all("SecurityGroupIngressRule")
    assert sorted(rule.inputs["cidrIpv4"] for rule in rules) == ["10.0.0.0/16", "10.9.0.0/16"]
    for rule in rules:
        assert rule.inputs["securityGroupId"] == endpoints[0].inputs["securityGroupIds"][0]
        assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (443, 443)


def test_covers_are_fetched_from_anywhere_at_the_ports_that_are_allowed(
    placed: Recorder, provided: Recorder
) -> None:
    (anywhere,) = placed.all("SecurityGroupEgressRule")
    assert anywhere.inputs["cidrIpv4"] == "0.0.0.0/0"
    assert (anywhere.inputs["fromPort"], anywhere.inputs["toPort"]) == (0, 65_535)
    rules = provided.all("SecurityGroupEgressRule")
    assert sorted(rule.inputs["toPort"] for rule in rules) == [80, 443, 8000], "AWS: 443"


def test_a_vpc_that_has_its_endpoints_gets_no_second_ones(provided: Recorder) -> None:
    assert not provided.all("VpcEndpoint")
    assert len(provided.all("SecurityGroup")) == 1


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"vpcId": VPC}, "vpcId is set without vpcSubnets"),
        ({"vpcSubnets": SUBNETS}, "without vpcId"),
        ({"vpcRouteTables": ROUTES}, "without vpcId"),
        ({"vpcInterfaceEndpoints": True}, "without vpcId"),
        (
            {"vpcId": "my-vpc", "vpcSubnets": SUBNETS},
            "vpcId is 'my-vpc': expected the id of a VPC, such as vpc-0a1b2c3d",
        ),
        ({"vpcId": VPC, "vpcSubnets": ["a"]}, "vpcSubnets is '[\"a\"]': expected"),
        (
            {"vpcId": VPC, "vpcSubnets": SUBNETS, "vpcRouteTables": ["b"]},
            "vpcRouteTables is '[\"b\"]': expected",
        ),
    ],
)
def test_half_a_place_in_a_vpc_is_refused(
    deploy: Deploy, settings: dict[str, object], problem: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(problem)):
        deploy("dev", **settings)


# Who reads and writes what


def test_every_request_to_every_bucket_is_logged(audited: Recorder) -> None:
    logs = "coverstream-dev-logs-123456789012-eu-central-1"
    assert {
        (one.inputs["bucket"], one.inputs["targetBucket"], one.inputs["targetPrefix"])
        for one in audited.all("BucketLogging")
    } == {
        (f"coverstream-dev-{name}-123456789012-eu-central-1", logs, f"access/{name}/")
        for name in BUCKETS
    }
    writer = statement(audited, "BucketPolicy", "logs", "AccessLogs")
    assert writer["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert writer["Resource"] == ["arn:Bucket:logs/access/*"]
    assert writer["Condition"] == {
        "ArnLike": {"aws:SourceArn": [f"arn:Bucket:{name}" for name in BUCKETS]},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }


def test_the_trail_records_data_events_of_our_objects_alone(audited: Recorder) -> None:
    trail = audited.one("Trail", "data").inputs
    assert trail["enableLogFileValidation"] is True
    (selector,) = trail["advancedEventSelectors"]
    fields = {each["field"]: each for each in selector["fieldSelectors"]}
    assert fields["eventCategory"]["equals"] == ["Data"]
    assert fields["resources.type"]["equals"] == ["AWS::S3::Object"]
    assert fields["resources.ARN"]["startsWiths"] == [f"arn:Bucket:{name}/" for name in BUCKETS]


def test_only_our_trail_may_write_into_its_bucket(audited: Recorder) -> None:
    trail = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/coverstream-dev-data"
    assert audited.one("Trail", "data").inputs["name"] == "coverstream-dev-data"
    for sid, action in (("CheckTrailBucket", "s3:GetBucketAcl"), ("Trail", "s3:PutObject")):
        one = statement(audited, "BucketPolicy", "logs", sid)
        assert one["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert one["Action"] == action
        assert one["Condition"]["StringEquals"]["aws:SourceArn"] == trail


def test_logs_are_private_expire_and_lie_under_the_only_key_that_s3_delivers_to(
    audited: Recorder,
) -> None:
    (rule,) = audited.one("BucketServerSideEncryptionConfiguration", "logs").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    assert statement(audited, "BucketPolicy", "logs", "TlsOnly")["Effect"] == "Deny"
    assert audited.one("BucketPublicAccessBlock", "logs").inputs["blockPublicAcls"] is True
    rules = audited.one("BucketLifecycleConfiguration", "logs").inputs["rules"]
    ages = {r["filter"]["prefix"]: r["expiration"]["days"] for r in rules if "expiration" in r}
    assert ages == {"access/": 90, "AWSLogs/": 90}


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [({"accessLogs": True}, {"AccessLogs"}), ({"dataEvents": True}, {"CheckTrailBucket", "Trail"})],
)
def test_each_kind_of_log_may_be_had_alone(
    deploy: Deploy, settings: dict[str, object], kinds: set[str]
) -> None:
    recorder = deploy("dev", **settings)
    found = recorder.one("BucketPolicy", "logs").document("policy")["Statement"]
    assert {each["Sid"] for each in found} == kinds | {"TlsOnly"}
    assert bool(recorder.all("Trail")) is ("Trail" in kinds)
    assert bool(recorder.all("BucketLogging")) is ("AccessLogs" in kinds)
