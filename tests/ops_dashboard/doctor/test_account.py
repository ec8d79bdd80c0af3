from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from ops_dashboard.doctor.account import Account, clock_finding, release_finding
from ops_dashboard.doctor.deployed import Aws
from ops_dashboard.doctor.findings import State
from stream_ingest.contracts import stack_parts
from stream_ingest.contracts.stack_outputs import parameter_name
from stream_ingest.contracts.stack_parts import parts_parameter
from tests.fakes.ops.stack_outputs import stack_outputs

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("skew_s", "state"),
    [
        (0, State.OK),
        (-30, State.OK),
        (31, State.NOTE),
        (-240, State.NOTE),
        (241, State.WRONG),
        (-3_600, State.WRONG),
    ],
)
def test_a_clock_is_judged_by_its_skew(skew_s: float, state: State) -> None:
    finding = clock_finding(skew_s)
    assert finding.state is state
    assert (finding.do is None) == (state is State.OK)
    assert ("behind" in finding.found) == (skew_s <= 0)


class Sts:
    """Returns the caller's identity, and AWS's time."""

    class meta:  # noqa: N801 - boto3's name
        endpoint_url = "https://sts"
        region_name = "us-east-1"

    def __init__(self, date: str, *, refuses: bool) -> None:
        self.date, self.refuses = date, refuses

    def get_caller_identity(self) -> dict[str, object]:
        answer = {"ResponseMetadata": {"HTTPHeaders": {"date": self.date}}, "Arn": "arn:me"}
        if self.refuses:
            error = {"Code": "SignatureDoesNotMatch", "Message": "Signature expired"}
            raise ClientError({"Error": error, **answer}, "GetCallerIdentity")  # type: ignore[arg-type, typeddict-item]  # as AWS says it
        return answer


class Ssm:
    """Has parameters by name."""

    class meta:  # noqa: N801 - boto3's name
        endpoint_url = "https://ssm.eu-central-1.amazonaws.com"

    def __init__(self, parameters: dict[str, str]) -> None:
        self.parameters = parameters

    def get_parameter(self, Name: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        if Name not in self.parameters:
            raise ClientError({"Error": {"Code": "ParameterNotFound"}}, "GetParameter")
        return {"Parameter": {"Value": self.parameters[Name]}}


class Session:
    def __init__(self, sts: Sts, ssm: Ssm | None = None) -> None:
        self.clients = {"sts": sts, "ssm": ssm}

    def client(self, service: str, **_: object) -> object:
        return self.clients[service]


@pytest.mark.parametrize(
    ("changes", "state", "do"),
    [
        ({}, State.OK, None),
        ({"level": 0, "oldest_commands": 0}, State.WRONG, "deploy (make up STACK=dev)"),
        ({"level": 9}, State.NOTE, "update the commands"),
        ({"level": 9, "oldest_commands": 9}, State.WRONG, "update it"),
    ],
)
def test_the_release_of_the_stack_is_compared_with_that_of_the_commands(
    changes: dict[str, int], state: State, do: str | None
) -> None:
    finding = release_finding(stack_outputs(**changes))
    assert (finding.state, finding.do) == (state, do)
    assert f"contract level {changes.get('level', 1)}" in finding.found


def test_a_skew_for_which_aws_rejects_requests_is_still_measured() -> None:
    """The error is about the credentials, but its response has the time."""
    ahead = NOW + timedelta(minutes=10)
    sts = Sts("Sat, 21 Nov 2026 12:00:00 GMT", refuses=True)
    account = Account(Aws(Session(sts)), "dev", lambda: ahead)  # type: ignore[arg-type]
    found = list(account.findings())
    assert [(each.check, each.state) for each in found] == [
        ("credentials", State.WRONG),
        ("clock", State.WRONG),
        ("stack", State.SKIPPED),
    ]
    assert found[1].found == "600 s ahead of AWS"
    assert account.outputs is None


@pytest.mark.parametrize(
    ("parts", "state", "found", "do"),
    [
        (
            stack_parts.to_wire({"queues": [{"name": "a"}, {"name": "b"}], "alarms": ["c"]}),
            State.OK, "the stack should have 2 queues, 1 alarms", None,
        ),
        (None, State.NOTE, "does not list its parts", "deploy (make up STACK=dev)"),
        ("{", State.WRONG, "parameter /coverstream/dev/parts: ", "deploy (make up STACK=dev)"),
    ],
)  # fmt: skip
def test_a_stack_of_a_release_without_a_list_of_parts_is_to_be_deployed(
    parts: str | None, state: State, found: str, do: str | None
) -> None:
    parameters = {parameter_name("dev"): msgspec.json.encode(stack_outputs()).decode()}
    if parts is not None:
        parameters[parts_parameter("dev")] = parts
    session = Session(Sts("Sat, 21 Nov 2026 12:00:00 GMT", refuses=False), Ssm(parameters))
    account = Account(Aws(session), "dev", lambda: NOW)  # type: ignore[arg-type]
    *_, last = account.findings()
    assert (last.check, last.state, last.do) == ("parts", state, do)
    assert found in last.found
    assert (account.parts is not None) is (state is State.OK)
