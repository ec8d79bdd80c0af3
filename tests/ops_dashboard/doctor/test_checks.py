from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from ops_dashboard.doctor.checks import (
    Account,
    Check,
    Finding,
    State,
    clock_finding,
    release_finding,
    result,
)
from stream_ingest.contracts.errors import UserError
from tests.fakes.ops.stack_outputs import stack_outputs

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def raising(error: Exception) -> Callable[[], str]:
    def run() -> str:
        raise error

    return run


def denied() -> ClientError:
    response = {
        "Error": {"Code": "AccessDeniedException", "Message": "not\nallowed: kinesis:Describe"}
    }
    return ClientError(response, "DescribeStreamSummary")  # type: ignore[arg-type]  # a part of a response


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


def test_a_check_returns_its_finding() -> None:
    assert result(Check(name="a", run=lambda: "fine")) == Finding(
        check="a", state=State.OK, found="fine"
    )
    finding = Finding(check="a", state=State.NOTE, found="so so", do="check")
    assert result(Check(name="a", run=lambda: finding)) is finding


@pytest.mark.parametrize(
    ("error", "do"),
    [
        (UserError("gone"), "deploy"),
        (denied(), "the permission that the message names"),
        (NoCredentialsError(), "set AWS_PROFILE"),
        (ConnectionRefusedError(111, "refused"), "deploy"),
    ],
)
def test_an_error_becomes_a_finding_of_one_line_with_a_fix(error: Exception, do: str) -> None:
    finding = result(Check(name="a", run=raising(error), do="deploy"))
    assert finding.state is State.WRONG
    assert "\n" not in finding.found
    assert finding.do is not None
    assert do in finding.do


def test_a_bug_is_not_a_finding() -> None:
    with pytest.raises(KeyError):
        result(Check(name="a", run=raising(KeyError("x"))))


class Sts:
    """Returns the caller's identity, and AWS's time."""

    class meta:  # noqa: N801 - boto3's name
        endpoint_url = "https://sts"

    def __init__(self, date: str, *, refuses: bool) -> None:
        self.date, self.refuses = date, refuses

    def get_caller_identity(self) -> dict[str, object]:
        answer = {"ResponseMetadata": {"HTTPHeaders": {"date": self.date}}, "Arn": "arn:me"}
        if self.refuses:
            error = {"Code": "SignatureDoesNotMatch", "Message": "Signature expired"}
            raise ClientError({"Error": error, **answer}, "GetCallerIdentity")  # type: ignore[arg-type, typeddict-item]  # as AWS says it
        return answer


class Session:
    region_name = "us-east-1"

    def __init__(self, sts: Sts) -> None:
        self.sts = sts

    def client(self, service: str, **_: object) -> object:
        assert service == "sts"
        return self.sts


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
    account = Account(Session(sts), "dev", lambda: ahead)  # type: ignore[arg-type]
    found = list(account.findings())
    assert [(each.check, each.state) for each in found] == [
        ("credentials", State.WRONG),
        ("clock", State.WRONG),
        ("stack", State.SKIPPED),
    ]
    assert found[1].found == "600 s ahead of AWS"
    assert account.outputs is None
