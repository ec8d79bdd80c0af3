from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Barrier

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from ops_dashboard.doctor.checks import result, run_checks
from ops_dashboard.doctor.findings import Check, Finding, State
from stream_ingest.contracts.errors import UserError


def raising(error: Exception) -> Callable[[], str]:
    def run() -> str:
        raise error

    return run


def denied(operation: str, message: str) -> ClientError:
    response = {"Error": {"Code": "AccessDeniedException", "Message": message}}
    return ClientError(response, operation)  # type: ignore[arg-type]  # a part of a response


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


@pytest.mark.parametrize(
    ("operation", "message", "right"),
    [
        (
            "DescribeStreamSummary",
            "User: arn:me is not\nauthorized to perform: kinesis:DescribeStreamSummary on: x",
            "kinesis:DescribeStreamSummary",
        ),
        ("ListObjectsV2", "Access Denied", "s3:ListBucket"),
        ("GetBucketLifecycleConfiguration", "Access Denied", "s3:GetLifecycleConfiguration"),
        ("GetBucketNotificationConfiguration", "Access Denied", "s3:GetBucketNotification"),
        ("Invoke", "Forbidden", "lambda:InvokeFunction"),
        ("DescribeAlarms", "Access Denied", "DescribeAlarms"),
    ],
)
def test_a_missing_right_is_named_and_the_other_checks_go_on(
    operation: str, message: str, right: str
) -> None:
    checks = [
        Check(name="a", run=raising(denied(operation, message)), do="deploy"),
        Check(name="b", run=lambda: "fine"),
    ]
    refused, good = run_checks(checks)
    assert refused.state is State.WRONG
    assert refused.found.startswith(f"cannot be checked without the right {right}:")
    assert "\n" not in refused.found
    assert refused.do == f"grant your user or role {right} (docs/operations/rights.md)"
    assert good.state is State.OK


def test_checks_run_at_once_and_their_findings_are_in_order() -> None:
    met = Barrier(4, timeout=30)

    def run(number: int) -> str:
        met.wait()  # breaks unless all are there
        return str(number)

    checks = [Check(name=str(number), run=partial(run, number)) for number in range(4)]
    assert [each.found for each in run_checks(checks)] == ["0", "1", "2", "3"]
