"""Pushers, operators and deployers can do their work with the rights of the documentation alone.

The embedded AWS enforces IAM. Each command runs as a role with the documented policy, and once more
without one of its actions, of which it has to say that it was denied.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from typer.testing import CliRunner, Result

from ops_dashboard.cli import app as ops_app
from ops_dashboard.local.aws.clients import ACCOUNT, REGION
from ops_dashboard.local.samples.creators import CREATORS
from stream_ingest.cli.main import app as ingest_app
from tests.end_to_end.iam_stack import IamStack, iam_stack
from tests.end_to_end.samples import make_sample, write_rows
from tools.rights.grants import Grant, Place, policy
from tools.rights.roles import ROLES

pytestmark = pytest.mark.timeout(240)
TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def named(value: object) -> str:
    """Return the part of a test's id for a command or an action."""
    return value if isinstance(value, str) else " ".join(value) if isinstance(value, tuple) else ""


@dataclass
class People:
    """Roles with the documented rights, and commands that run as one of them."""

    stack: IamStack
    csv: str
    window: str = ""
    sessions: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def run(self, role: str, line: Sequence[str], without: str = "") -> Result:
        """Run a command as a role, if given without one action."""
        program, *arguments = line
        app = ops_app if program == "ops-dashboard" else ingest_app
        texts = [each.format(csv=self.csv, window=self.window) for each in arguments]
        variables = {**os.environ, **self.stack.aws.environment(), **self._session(role, without)}
        return CliRunner().invoke(app, texts, env=variables)

    def _session(self, role: str, without: str) -> dict[str, str]:
        if (role, without) not in self.sessions:
            self.sessions[role, without] = self._assume(role, without)
        return self.sessions[role, without]

    def _assume(self, role: str, without: str) -> dict[str, str]:
        iam, name = self.stack.aws.clients.untyped("iam"), f"{role}{len(self.sessions)}"
        place = Place(account=ACCOUNT, region=REGION, stack=self.stack.outputs.stack)
        trust = {"Version": "2012-10-17", "Statement": [TRUST]}
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        iam.put_role_policy(
            RoleName=name,
            PolicyName="documented",
            PolicyDocument=json.dumps(policy(reduced(ROLES[role], without), place)),
        )
        keys = self.stack.aws.clients.untyped("sts").assume_role(
            RoleArn=made["Arn"], RoleSessionName="test"
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }


def reduced(grants: Sequence[Grant], without: str) -> Iterator[Grant]:
    """Yield grants without one action."""
    for grant in grants:
        actions = tuple(action for action in grant.actions if action != without)
        if actions:
            yield Grant(
                sid=grant.sid,
                commands=grant.commands,
                actions=actions,
                resources=grant.resources,
                condition=grant.condition,
            )


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with iam_stack() as stack:
            sample = make_sample(stack.covers, CREATORS[:1], seed=71)
            csv = write_rows(sample, tmp_path_factory.mktemp("rows"), "rows.csv")
            yield People(stack, str(csv))


PUSH = ("stream-ingest", "push", "--csv={csv}", "--flush", "--batch-id=people", "--wait")
OPERATING: Sequence[tuple[tuple[str, ...], str]] = (
    (("status",), "dynamodb:Query"),
    (("status", "--batch", "operated"), "dynamodb:GetItem"),
    (("creators",), "dynamodb:Query"),
    (("windows",), "dynamodb:Query"),
    (("trace", "{window}"), "dynamodb:GetItem"),
    (("dlq", "list"), "sqs:ReceiveMessage"),
    (("dlq", "redrive", "--all"), "sqs:ReceiveMessage"),
    (("replay", "--window", "{window}"), "s3:PutObject"),
    (("replay", "--from", "2026-01-01", "--to", "2026-01-02"), "events:StartReplay"),
    (("retry", "--failed"), "dynamodb:Query"),
    (("repair",), "dynamodb:Query"),
    (("erase", "--creator", "nobody"), "dynamodb:Scan"),
    (("doctor",), "kinesis:DescribeStreamSummary"),
)
"""Commands of operators, and an action without which each fails."""


def test_a_pusher_pushes_and_submits_with_the_documented_rights(people: People) -> None:
    pushed = people.run("pusher", PUSH)
    assert succeeded(pushed), text(pushed)
    submitted = people.run("pusher", ("stream-ingest", "submit", "{csv}", "--wait"))
    assert succeeded(submitted), text(submitted)


@pytest.mark.parametrize(
    ("line", "action"),
    [
        (("push", "--csv={csv}", "--batch-id=denied"), "kinesis:PutRecords"),
        (("push", "--csv={csv}", "--batch-id=denied-too"), "dynamodb:PutItem"),
        (("submit", "{csv}"), "sqs:SendMessage"),
        (("submit", "{csv}"), "s3:PutObject"),
        (("submit", "{csv}"), "ssm:GetParameter"),
    ],
    ids=named,
)
def test_a_pusher_fails_without_one_of_them(
    people: People, line: tuple[str, ...], action: str
) -> None:
    done = people.run("pusher", ("stream-ingest", *line), without=action)
    assert was_denied(done, action), text(done)


@pytest.fixture(scope="module")
def pushed(people: People) -> People:
    """A batch with windows, which an administrator pushed."""
    people.stack.push(f"--csv={people.csv}", "--flush", "--batch-id=operated")
    people.window = people.stack.ops("windows")["windows"][0]["window_id"]
    return people


@pytest.mark.parametrize("line", [line for line, _ in OPERATING], ids=named)
def test_an_operator_works_with_the_documented_rights(
    pushed: People, line: tuple[str, ...]
) -> None:
    done = pushed.run("operator", ("ops-dashboard", *line))
    assert succeeded(done), text(done)


@pytest.mark.parametrize(("line", "action"), OPERATING, ids=named)
def test_an_operators_command_fails_without_one_of_its_rights(
    pushed: People, line: tuple[str, ...], action: str
) -> None:
    done = pushed.run("operator", ("ops-dashboard", *line), without=action)
    assert was_denied(done, action), text(done)


def text(done: Result) -> str:
    """Return what a command wrote, and the exception that it ended with."""
    return f"{done.exit_code} {done.output}{done.stderr}{done.exception!r}"


def succeeded(done: Result) -> bool:
    """Return whether a command reports no denied request; `doctor` may find other things."""
    return done.exit_code in (0, 1) and not is_denial(done)


def was_denied(done: Result, action: str) -> bool:
    """Return whether a command says that it was denied an action."""
    return is_denial(done) and action in text(done) and "Traceback" not in text(done)


def is_denial(done: Result) -> bool:
    """Return whether a command reports a denied request."""
    return "not authorized" in text(done) or "denied" in text(done).lower()
