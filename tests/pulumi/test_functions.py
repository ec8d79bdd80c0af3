from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from collage_lambda.concurrency import MB
from collage_lambda.originals.image_pack import MAX_TOTAL_BYTES
from collage_lambda.settings import CollageSettings
from collage_lambda.shares import MAX_SHARED_BYTES
from ops_dashboard.packaging.bundles import BUNDLES
from stream_ingest.contracts import environment
from stream_ingest.intake.settings import IntakeSettings
from stream_ingest.windowing.settings import WindowingSettings

if TYPE_CHECKING:
    from tests.pulumi.recorder import Recorder

FUNCTIONS = ["windowing", "sweeper", "collage", "intake", "prefetch"]
BUNDLE_OF = {"sweeper": "windowing", "prefetch": "collage"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_run_on_arm64_and_python_313_from_their_bundle(dev: Recorder, name: str) -> None:
    function = dev.one("Function", name).inputs
    assert function["architectures"] == ["arm64"]
    assert function["runtime"] == "python3.13"
    assert function["sourceCodeHash"]
    bundle = BUNDLE_OF.get(name, name)
    assert function["code"].path.endswith(f"{bundle}-lambda.zip")
    assert function["handler"].rpartition(".")[0] in BUNDLES[bundle].handlers


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_has_a_role_and_a_log_group_of_its_own(prod: Recorder, name: str) -> None:
    function = prod.one("Function", name).inputs
    assert function["role"] == f"arn:Role:{name}"
    group = prod.one("LogGroup", name).inputs
    assert group["name"] == f"/aws/lambda/{function['name']}"
    assert group["retentionInDays"] == 90
    assert function["loggingConfig"] == {"logFormat": "Text", "logGroup": group["name"]}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_get_the_names_of_the_stacks_resources(dev: Recorder, name: str) -> None:
    variables = dev.one("Function", name).inputs["environment"]["variables"]
    names = {
        environment.ACCOUNT: "123456789012",
        environment.TABLE: "coverstream-dev-state",
        environment.BUS: "coverstream-dev",
        environment.OUTPUT_BUCKET: "coverstream-dev-output-123456789012-eu-central-1",
        environment.TEMP_BUCKET: "coverstream-dev-temp-123456789012-eu-central-1",
        "POWERTOOLS_SERVICE_NAME": name,
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    assert names.items() <= variables.items()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_collage_function_has_space_for_the_packs_of_two_windows(
    dev: Recorder, name: str
) -> None:
    """All others have what costs nothing."""
    packs = (2 * 3 * MAX_TOTAL_BYTES + 3 * MAX_SHARED_BYTES) // MB
    wanted_mb = packs if name == "collage" else 512
    assert dev.one("Function", name).inputs["ephemeralStorage"] == {"size": wanted_mb}


def test_settings_reach_the_functions_that_they_concern(changed: Recorder) -> None:
    for name in ("windowing", "sweeper"):  # both close windows
        variables = changed.one("Function", name).inputs["environment"]["variables"]
        assert variables[environment.KEY_TEMPLATE] == "{batch}/{creator}_{kind}_{window}"
    windowing = changed.one("Function", "windowing").inputs["environment"]["variables"]
    assert windowing[environment.PARTIAL_RESPONSES] == "raise"
    assert windowing[environment.DEDUP_HORIZON_DAYS] == "7"
    collage = changed.one("Function", "collage").inputs["environment"]["variables"]
    assert collage[environment.ALLOWED_SOURCES] == "127.0.0.1:8000,covers.test:80"
    assert collage[environment.ALLOWED_PORTS] == "80,443"
    assert collage[environment.CONTENT_DEDUP] == "on"
    assert collage[environment.DEDUP_HORIZON_DAYS] == "7"
    assert collage[environment.REFUSED_IMAGES] == "ab" * 32
    assert collage[environment.DOWNLOADS_AT_ONCE] == "8"
    assert collage[environment.DOWNLOAD_TIMEOUT_S] == "30"
    assert collage[environment.DOWNLOAD_TRIES] == "1"
    assert collage[environment.DOWNLOAD_USER_AGENT] == "covers/1.0"
    assert collage[environment.MIN_SIDE_PX] == "100"
    assert collage[environment.SIMD_SCALING] == "off"
    assert collage[environment.KEEP_ORIGINALS] == collage[environment.BY_CREATOR_COPY] == "off"


def test_every_function_gets_every_variable_that_it_reads(prod: Recorder) -> None:
    """Lambda sets the memory's size itself; what nothing but the deployment sets has no default."""
    read = {
        "windowing": WindowingSettings,
        "sweeper": WindowingSettings,
        "collage": CollageSettings,
        "prefetch": CollageSettings,
        "intake": IntakeSettings,
    }
    assert set(read) == set(FUNCTIONS)
    for name, settings in read.items():
        variables = prod.one("Function", name).inputs["environment"]["variables"]
        settings.from_env({**variables, environment.MEMORY_MB: "1769"})


def test_what_aws_runs_trusts_partial_responses_and_fetches_public_addresses_only(
    dev: Recorder, prod: Recorder
) -> None:
    for recorder in (dev, prod):
        windowing = recorder.one("Function", "windowing").inputs["environment"]["variables"]
        assert windowing[environment.PARTIAL_RESPONSES] == "trusted"
        collage = recorder.one("Function", "collage").inputs["environment"]["variables"]
        assert collage[environment.ALLOWED_SOURCES] == ""


def test_no_variable_holds_a_secret_and_all_fit_into_4_kb(prod: Recorder) -> None:
    for function in prod.all("Function"):
        variables = function.inputs["environment"]["variables"]
        assert sum(len(name) + len(variables[name]) for name in variables) < 4_096
        words = ("SECRET", "PASSWORD", "TOKEN", "MYSQL")
        assert not [name for name in variables if any(word in name for word in words)]


def test_a_batch_of_records_is_retried_split_and_stored_never_dropped(dev: Recorder) -> None:
    mapping = dev.one("EventSourceMapping", "windowing").inputs
    assert mapping["eventSourceArn"] == "arn:Stream:rows"
    assert mapping["functionName"] == "coverstream-dev-windowing"
    assert mapping["startingPosition"] == "TRIM_HORIZON"
    assert mapping["bisectBatchOnFunctionError"] is True
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["maximumRetryAttempts"] == -1
    assert mapping["maximumRecordAgeInSeconds"] == 82_800
    assert mapping["destinationConfig"] == {"onFailure": {"destinationArn": "arn:Bucket:output"}}


def test_a_delivery_of_full_records_is_as_large_as_lambda_makes_it(dev: Recorder) -> None:
    """A packed record is up to about 25 KB, in base64 a third more. Lambda ends a delivery at its
    payload of 6 MB, so the setting limits small records only."""
    mapping = dev.one("EventSourceMapping", "windowing").inputs
    assert mapping["batchSize"] * 25_000 * 4 / 3 > 6 << 20
    assert mapping["maximumBatchingWindowInSeconds"] == 1


def test_records_are_younger_than_the_stream_keeps_them(dev: Recorder, prod: Recorder) -> None:
    """Otherwise a batch would expire from the stream before it is stored elsewhere."""
    for recorder in (dev, prod):
        mapping = recorder.one("EventSourceMapping", "windowing").inputs
        kept_s = recorder.one("Stream", "rows").inputs["retentionPeriod"] * 3_600
        assert mapping["maximumRecordAgeInSeconds"] < kept_s


def test_the_failure_bucket_can_be_chosen(changed: Recorder) -> None:
    mapping = changed.one("EventSourceMapping", "windowing").inputs
    assert mapping["destinationConfig"] == {"onFailure": {"destinationArn": "arn:Bucket:temp"}}
    statements = changed.one("RolePolicy", "windowing").document("policy")["Statement"]
    (stored,) = (s for s in statements if s["Sid"] == "StoreDiscardedBatches")
    assert stored["Resource"] == ["arn:Bucket:temp/aws/lambda/*"]


def test_windows_wait_in_the_queue_instead_of_being_throttled(prod: Recorder) -> None:
    mapping = prod.one("EventSourceMapping", "collage").inputs
    assert mapping["eventSourceArn"] == "arn:Queue:collage"
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["scalingConfig"] == {"maximumConcurrency": 100}


def test_the_sweeper_runs_every_minute_by_a_role_of_its_own(dev: Recorder) -> None:
    schedule = dev.one("Schedule", "sweeper").inputs
    assert schedule["scheduleExpression"] == "rate(1 minute)"
    assert schedule["flexibleTimeWindow"] == {"mode": "OFF"}
    target = schedule["target"]
    assert target["arn"] == "arn:Function:sweeper"
    assert target["roleArn"] == "arn:Role:sweeper-schedule"
    assert target["deadLetterConfig"] == {"arn": "arn:Queue:sweeper-dead-letters"}
    assert target["retryPolicy"] == {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 1}


def test_a_drained_batch_starts_the_sweeper_and_only_its_rule_may(dev: Recorder) -> None:
    assert dev.one("EventRule", "batch-drained").document("eventPattern") == {
        "source": ["coverstream.windowing"],
        "detail-type": ["BatchDrained"],
    }
    assert dev.one("EventTarget", "batch-drained").inputs["arn"] == "arn:Function:sweeper"
    (permission,) = dev.all("Permission")
    assert permission.inputs["principal"] == "events.amazonaws.com"
    assert permission.inputs["sourceArn"] == "arn:EventRule:batch-drained"
    assert permission.inputs["function"] == "coverstream-dev-sweeper"


def test_a_failed_sweep_becomes_a_dead_letter(dev: Recorder) -> None:
    config = dev.one("FunctionEventInvokeConfig", "sweeper").inputs
    failure = config["destinationConfig"]["onFailure"]
    assert failure == {"destination": "arn:Queue:sweeper-dead-letters"}
    assert config["maximumRetryAttempts"] == 2


def test_commands_know_the_memory_of_the_collage_function(changed: Recorder) -> None:
    """By which the console reckons what a batch has cost."""
    outputs = changed.one("Parameter", "directory").document("value")
    memory_mb = changed.one("Function", "collage").inputs["memorySize"]
    assert outputs["collage_memory_mb"] == memory_mb == 1_024
