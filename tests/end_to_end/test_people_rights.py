"""Pushers, operators and deployers can do their work with the rights of the documentation alone.

The embedded AWS enforces IAM. Each command runs with the statements that the documentation has for
this command, and before that without one of their actions, of which it has to say that it was
denied. What ministack compares differently (`ministack_names`), `tests/models/authorized` compares
as AWS does.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops_dashboard.console.access import CHANGE_HEADER
from ops_dashboard.local.aws.engine.inputs import EngineError
from ops_dashboard.local.demo.console import running_console
from tests.end_to_end import photo_people
from tests.end_to_end.people import Done, RunAs
from tests.end_to_end.people_stack import (
    SECRET,
    PeopleStack,
    acting_as_deployer,
    add_unreadable_state,
    people_stack,
    register,
)
from tests.fakes.command_line import Commands
from tools.rights.roles import ROLES

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleStack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with people_stack(tmp_path_factory.mktemp("rows")) as found:
            yield found


@pytest.fixture
def act(running: PeopleStack, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> RunAs:
    return RunAs(running.people, commands, monkeypatch)


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
    ("operator", "ReadRenditions"): "serve",
    ("operator", "ReadPhotoLetters"): "a trace with dead letters: test_photos_operating.py",
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
    act: RunAs, running: PeopleStack, who: tuple[str, str], line: str, action: str
) -> None:
    role, program = who
    before(running, line)
    deprived = act(role, f"{program} {line}", without=action)
    assert deprived.code != 0, deprived
    assert_names(deprived, program, action)
    complete = act(role, f"{program} {line}")
    # ministack speaks TLS here, of which the network check of `doctor` knows nothing.
    assert complete.code == (1 if line == "doctor" else 0), complete
    assert not complete.is_denied, complete
    running.people.done.add(line)


def before(running: PeopleStack, line: str) -> None:
    """Provide what a command works on."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    running.people.values["now"] = now
    if line.startswith("repair"):
        add_unreadable_state(running.stack, "broken.one")


def assert_names(done: Done, program: str, action: str) -> None:
    """Check that a command says in one line which right it lacks."""
    if program == "ops-dashboard" and done.out:  # doctor's findings
        assert action in done.text, done
        return
    *_, last = done.err.splitlines()
    assert last.startswith(f"{program}: "), done
    assert action in last, done


def test_every_documented_statement_is_needed_by_some_command(running: PeopleStack) -> None:
    if running.people.done != {line for line, _ in (*PUSHING, *OPERATING)}:
        pytest.skip("not all commands have run before")
    documented = {(role, one.sid) for role in ("pusher", "operator") for one in ROLES[role]}
    assert documented - running.people.used == NOT_NEEDED_HERE.keys()


PAGES = (
    # Not the chart of an alarm: its queries are in a parameter of the embedded AWS alone.
    *("dashboard", "ready", "alarms"),
    *("batches", "batches/operated", "batches/operated/windows", "batches/operated/collages.zip"),
    *("batches/operated/report.csv", "batches/operated/refused.csv"),
    *("creators", "creator?name=first.one", "search?q=first", "search/creators?q=first"),
    *("windows", "windows/first.one:000001", "windows/first.one:000001/timeline"),
    *("failures", "failures/counts", "failures/csv", "failures/ids", "failures/totals"),
    *("failures/letters", "replays", "uploads", "uploads/all", "uploads/defaults"),
    *photo_people.PAGES,
)
CHANGES: Mapping[str, object] = {
    "replays/count": {"windows": ["first.one:000001"]},
    "replays": {"windows": ["first.one:000001"]},
    "failures/redrive": {"all": True},
    "failures/discard": {"windows": ["first.one:000001"], "rows": ["0" * 32]},
    "windows/states": {"ids": ["first.one:000001"]},
    "windows/empty-cells": {"ids": ["first.one:000001"]},
    "batches/console/abandon": {},
    **photo_people.CHANGES,
}
"""Requests of the console that change something, with their bodies."""


def test_the_console_works_with_its_documented_rights(running: PeopleStack, tmp_path: Path) -> None:
    people, stack = running.people, running.stack
    register(stack, "console")
    variables = {**stack.aws.environment(), **people.session("operator", "serve")}
    with running_console(variables, tmp_path) as address:
        _, page = ask(address)
        token = page.partition('name="change-token" content="')[2].partition('"')[0]
        answers = {page: ask(f"{address}api/{page}") for page in PAGES}
        answers |= {
            f"POST {page}": ask(f"{address}api/{page}", body, token)
            for page, body in CHANGES.items()
        }
    assert {page: answer for page, answer in answers.items() if answer[0] >= 400} == {}


def test_the_console_names_a_missing_right(running: PeopleStack, tmp_path: Path) -> None:
    stack = running.stack
    rights = running.people.session("operator", "serve", "dynamodb:Query")
    with running_console({**stack.aws.environment(), **rights}, tmp_path) as address:
        status, text = ask(f"{address}api/batches")
    assert status >= 400
    assert "you lack the right dynamodb:Query" in text


def ask(url: str, body: object = None, token: str = "") -> tuple[int, str]:
    """Return the status and the body of the console's answer."""
    origin = "/".join(url.split("/")[:3])
    headers = {"Content-Type": "application/json", "Origin": origin, CHANGE_HEADER: token}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_webhook_is_called_with_its_secret_when_a_batch_is_done(running: PeopleStack) -> None:
    done = running.hook.about("operated")
    assert [each.body["notice"] for each in done] == ["batch-done"]
    assert done[0].headers["Authorization"] == SECRET
    assert done[0].body["text"].startswith("Coverstream dev: batch operated is done: 3 collages")
    assert done[0].body["detail"]["rows_accepted"] == 40


def test_a_deployer_without_a_right_is_told_which(running: PeopleStack) -> None:
    """The last test: the stack is then deployed in part."""
    changed = {**running.settings, "sweeperMemoryMb": 2_048}
    action = "lambda:UpdateFunctionConfiguration"
    with acting_as_deployer(running.people, action), pytest.raises(EngineError, match=action):
        running.stack.aws.deploy(settings=changed)
