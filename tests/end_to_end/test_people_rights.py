"""Pushers, operators and deployers can do their work with the rights of the documentation alone.

The embedded AWS enforces IAM. Each command runs with the statements that the documentation has for
this command, and before that without one of their actions, of which it has to say that it was
denied. What ministack compares differently (`ministack_names`), `tests/models/authorized` compares
as AWS does.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops_dashboard.local.aws.engine.inputs import EngineError
from tests.end_to_end import photo_people
from tests.end_to_end.people import Done, RunAs
from tests.end_to_end.people_stack import (
    SECRET,
    PeopleStack,
    acting_as_deployer,
    add_unreadable_state,
)
from tests.fakes.command_line import Commands
from tools.rights.roles import ROLES

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]


@pytest.fixture
def act(people_running: PeopleStack, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> RunAs:
    return RunAs(people_running.people, commands, monkeypatch)


PUSHER, OPERATOR = ("pusher", "stream-ingest"), ("operator", "ops-dashboard")
PUSHING = (
    ("push --csv={csv} --flush --batch-id={id} --wait", "kinesis:PutRecords"),
    ("push --csv={csv} --batch-id={id}", "dynamodb:PutItem"),
    ("submit {csv} --wait", "sqs:SendMessage"),
    ("submit {csv}", "s3:PutObject"),
    ("submit {csv}", "ssm:GetParameter"),
    ("submit {object} --wait", "s3:GetObject"),
    ("abandon left", "dynamodb:UpdateItem"),
)
OPERATING = (
    ("status", "dynamodb:Query"),
    ("status --batch operated", "dynamodb:GetItem"),
    ("batches", "dynamodb:BatchGetItem"),
    ("batches --csv", "dynamodb:Query"),
    ("creators", "dynamodb:Scan"),
    ("creators first.one", "dynamodb:Query"),
    ("windows", "dynamodb:BatchGetItem"),
    ("windows --batch operated --csv", "dynamodb:Query"),
    ("failures --batch failing", "s3:ListBucket"),
    ("failures --csv", "dynamodb:BatchGetItem"),
    ("link {window}", "dynamodb:GetItem"),
    ("download --batch operated --to {folder}", "s3:GetObject"),
    ("trace {window}", "s3:GetObject"),
    ("dlq list", "sqs:ReceiveMessage"),
    ("dlq show {read}", "s3:ListBucket"),
    ("dlq redrive {redriven}", "sqs:SendMessage"),
    ("dlq drop {dropped} --yes", "s3:PutObject"),
    ("dlq redrive --all", "kinesis:PutRecords"),
    ("replay --window {window} --wait", "sqs:SendMessage"),
    ("replay --creator first.one --wait", "dynamodb:Query"),
    ("replay --from 2026-01-01 --to 2026-01-02 --wait", "events:StartReplay"),
    ("retry --failed --batch failing --wait", "s3:GetObject"),
    ("retry --failed --batch failing", "dynamodb:PutItem"),
    ("repair", "dynamodb:Query"),
    ("repair broken.one --yes", "dynamodb:UpdateItem"),
    ("erase --creator first.one", "s3:ListBucketVersions"),
    ("erase --creator second.one --block --input-files --yes", "s3:DeleteObjectVersion"),
    ("erase --creator second.one --unblock", "dynamodb:PutItem"),
    ("restore --to {now}", "dynamodb:DescribeTable"),
    ("doctor", "kinesis:DescribeStreamSummary"),
    ("smoke", "s3:PutObject"),
    *photo_people.PHOTOGRAPHING,
)
"""Commands, and an action without which each fails."""
NOT_NEEDED_HERE = {
    ("pusher", "CountRows"): "follow",
    ("operator", "WriteImageLists"): "windows of more images than fit an event",
    ("operator", "NotifyAgain"): "dead letters of notifications",
    ("operator", "ReadDashboard"): "serve",
    ("operator", "ReadLogs"): "a smoke test that fails",
    ("operator", "ExpectPhotos"): "serve",
}
"""Statements that none of these commands needs, and what does."""


@pytest.mark.parametrize(
    ("who", "line", "action"),
    [
        *((PUSHER, *each) for each in PUSHING),
        *((OPERATOR, *each) for each in OPERATING),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else value.replace(" ", "_"),
)
def test_a_command_works_with_its_documented_rights_and_fails_without_one(
    act: RunAs, people_running: PeopleStack, who: tuple[str, str], line: str, action: str
) -> None:
    role, program = who
    before(people_running, line)
    deprived = act(role, f"{program} {line}", without=action)
    assert deprived.code != 0, deprived
    assert_names(deprived, program, action)
    complete = act(role, f"{program} {line}")
    # ministack speaks TLS here, of which the network check of `doctor` knows nothing.
    assert complete.code == (1 if line == "doctor" else 0), complete
    assert not complete.is_denied, complete
    people_running.people.done.add(line)


def before(people_running: PeopleStack, line: str) -> None:
    """Provide what a command works on."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    people_running.people.values["now"] = now
    if line.startswith("repair"):
        add_unreadable_state(people_running.stack, "broken.one")


def assert_names(done: Done, program: str, action: str) -> None:
    """Check that a command says in one line which right it lacks."""
    if program == "ops-dashboard" and done.out:  # doctor's findings
        assert action in done.text, done
        return
    *_, last = done.err.splitlines()
    assert last.startswith(f"{program}: "), done
    assert action in last, done


def test_every_documented_statement_is_needed_by_some_command(people_running: PeopleStack) -> None:
    if people_running.people.done != {line for line, _ in (*PUSHING, *OPERATING)}:
        pytest.skip("not all commands have run before")
    documented = {(role, one.sid) for role in ("pusher", "operator") for one in ROLES[role]}
    assert documented - people_running.people.used == NOT_NEEDED_HERE.keys()


def test_a_webhook_is_called_with_its_secret_when_a_batch_is_done(
    people_running: PeopleStack,
) -> None:
    done = people_running.hook.about("operated")
    assert [each.body["notice"] for each in done] == ["batch-done"]
    assert done[0].headers["Authorization"] == SECRET
    assert done[0].body["text"].startswith("Coverstream dev: batch operated is done: 3 collages")
    assert done[0].body["detail"]["rows_accepted"] == 40


def test_a_deployer_without_a_right_is_told_which(people_running: PeopleStack) -> None:
    """The last test: the stack is then deployed in part."""
    changed = {**people_running.settings, "sweeperMemoryMb": 2_048}
    action = "lambda:UpdateFunctionConfiguration"
    with (
        acting_as_deployer(people_running.people, action),
        pytest.raises(EngineError, match=action),
    ):
        people_running.stack.aws.deploy(settings=changed)
