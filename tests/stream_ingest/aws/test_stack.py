from __future__ import annotations

import json
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from stream_ingest.aws.stack import load_stack
from stream_ingest.contracts.errors import DecodeError, UserError
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


@pytest.mark.parametrize("value", ["{}", "no json", "[]"])
def test_an_invalid_parameter_is_an_error_that_names_it(ssm: Any, value: str) -> None:  # noqa: ANN401 - a boto3 client
    ssm.put_parameter(Name=parameter_name("dev"), Value=value, Type="String")
    with pytest.raises(DecodeError, match="/coverstream/dev"):
        load_stack(ssm, "dev")
