from __future__ import annotations

import json
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from stream_ingest.aws.stack import load_stack, read_stack
from stream_ingest.contracts.errors import DecodeError, UserError
from stream_ingest.contracts.levels import LevelError
from stream_ingest.contracts.stack_outputs import parameter_name
from tests.fakes.ops.stack_outputs import stack_outputs

OUTPUTS = stack_outputs()


@pytest.fixture
def ssm(aws_environment: None) -> Any:  # noqa: ANN401, ARG001 - a boto3 client; it sets variables
    with mock_aws():
        yield boto3.client("ssm")


def test_the_outputs_of_a_deployed_stack_are_loaded(ssm: Any) -> None:  # noqa: ANN401 - a boto3 client
    value = msgspec.json.encode(OUTPUTS).decode()
    ssm.put_parameter(Name=parameter_name("dev"), Value=value, Type="String")
    assert load_stack(ssm, "dev") == OUTPUTS


def test_unknown_outputs_of_a_later_version_are_ignored(ssm: Any) -> None:  # noqa: ANN401 - a boto3 client
    value = json.dumps(msgspec.to_builtins(OUTPUTS) | {"new_queue_url": "n"})
    ssm.put_parameter(Name=parameter_name("dev"), Value=value, Type="String")
    assert load_stack(ssm, "dev") == OUTPUTS


def test_a_stack_that_is_not_deployed_says_how_to_deploy_it(ssm: Any) -> None:  # noqa: ANN401 - a boto3 client
    with pytest.raises(UserError, match=r"'prod' is not deployed in us-east-1.*pulumi up"):
        load_stack(ssm, "prod")


def put(ssm: Any, outputs: object) -> None:  # noqa: ANN401 - a boto3 client
    value = json.dumps(msgspec.to_builtins(outputs))
    ssm.put_parameter(Name=parameter_name("dev"), Value=value, Type="String")


def test_commands_refuse_a_stack_of_an_older_release_and_say_deploy(ssm: Any) -> None:  # noqa: ANN401 - a boto3 client
    """Even if its outputs lack what today's commands need of them."""
    put(ssm, {"stack": "dev", "region": "us-east-1"})
    with pytest.raises(LevelError) as caught:
        load_stack(ssm, "dev")
    assert str(caught.value) == (
        "stack 'dev' runs contract level 0; this command needs contract level 1:"
        " deploy (make up STACK=dev)"
    )


def test_commands_refuse_a_stack_that_needs_newer_ones(ssm: Any) -> None:  # noqa: ANN401 - a boto3 client
    changes = {"level": 9, "oldest_commands": 8, "release": "7.0.0"}
    put(ssm, stack_outputs(**changes))
    with pytest.raises(LevelError) as caught:
        load_stack(ssm, "dev")
    assert str(caught.value) == (
        "stack 'dev' runs contract level 9 (release 7.0.0) and needs commands of contract level 8;"
        " this command has 1: update it"
    )
    assert read_stack(ssm, "dev") == stack_outputs(**changes)


def test_a_newer_stack_that_serves_these_commands_is_used(ssm: Any) -> None:  # noqa: ANN401 - a boto3 client
    put(ssm, stack_outputs(level=9, release="7.0.0"))
    assert load_stack(ssm, "dev").level == 9


def test_an_older_stack_of_the_embedded_aws_is_started_again(ssm: Any) -> None:  # noqa: ANN401 - a boto3 client
    put(ssm, {"stack": "dev"})

    class Embedded:
        exceptions = ssm.exceptions
        get_parameter = ssm.get_parameter

        class meta:  # noqa: N801 - boto3's name
            endpoint_url = "http://127.0.0.1:4566"

    embedded: Any = Embedded()
    with pytest.raises(LevelError, match=r"level 1: start it again \(ops-dashboard local down"):
        load_stack(embedded, "dev")


@pytest.mark.parametrize("value", ['{"stack":"dev","level":1}', "no json", "[]"])
def test_an_invalid_parameter_is_an_error_that_names_it(ssm: Any, value: str) -> None:  # noqa: ANN401 - a boto3 client
    ssm.put_parameter(Name=parameter_name("dev"), Value=value, Type="String")
    with pytest.raises(DecodeError, match="/coverstream/dev"):
        load_stack(ssm, "dev")


@pytest.mark.parametrize("name", ["", "a b", "dev!", "prod/x"])
def test_a_name_that_no_stack_has_is_said_to_be_so(ssm: Any, name: str) -> None:  # noqa: ANN401 - a boto3 client
    with pytest.raises(UserError, match="no name of a stack"):
        load_stack(ssm, name)
