"""The console works with its documented rights, and says which right is missing.

The embedded AWS enforces IAM; requests are also judged by AWS's own rules (`people.check`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import boto3
import pytest
from playwright.sync_api import Browser, expect

from ops_dashboard.console.account import open_account
from ops_dashboard.console.server import make_app, new_access
from ops_dashboard.local.aws.clients import REGION
from ops_dashboard.recovery import dead_letter_queues
from stream_ingest.aws.plain_errors import plain_errors
from stream_ingest.aws.queue_depth import queue_depth
from stream_ingest.contracts import table
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.errors import UserError
from tests.end_to_end.console_uses import (
    ABANDONED,
    BATCH,
    DROPPED,
    EVERY_USE,
    FAILING,
    NOTICE,
    OF_OTHER_COMMANDS,
    RECORD,
    REQUEST,
    RUN,
    UPLOAD,
    WINDOW,
    Use,
)
from tests.end_to_end.people import recorded
from tests.end_to_end.people_stack import STACK, PeopleStack, register
from tests.end_to_end.waiting import wait_for
from tests.ops_dashboard.console.running import Response, RunningConsole, running
from tools.rights.names import SERVING
from tools.rights.roles import ROLES

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.slow,
    # What is sent beside a denied request is cancelled, and its connection closed without a word.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

FINDS_STACK = "ssm:GetParameter"
GRANTS = [grant for grant in ROLES["operator"] if set(grant.commands) & set(SERVING)]


@contextmanager
def console_without(people_of: PeopleStack, action: str = "") -> Iterator[RunningConsole]:
    """Run a console with the rights of the documentation, but not with this action."""
    people = people_of.people
    variables = {**people_of.stack.aws.environment(), **people.session("operator", "serve", action)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        # For so long a dead letter is invisible that was listed without the right to release it.
        patch.setattr(dead_letter_queues, "_MIN_VISIBILITY_S", 5)
        account, access = open_account(boto3.Session(region_name=REGION), STACK), new_access(None)
        with running(lambda: make_app(account, access), access) as console:
            yield console


def ask(console: RunningConsole, use: Use) -> Response:
    path = f"/api/{use.path}"
    return console.get(path) if use.body is None else console.post(path, use.body)


def hidden_letters(people_of: PeopleStack) -> int:
    """Return how many dead letters a request that failed has left invisible for a moment."""
    stack = people_of.stack
    queues = stack.outputs.dead_letter_queues.values()
    return sum(queue_depth(stack.aws.clients.sqs, url).received for url in queues)


def is_built(console: RunningConsole, run: str) -> bool:
    windows = console.get("/api/windows?batch=failing").json["windows"]
    return all(each["replayed_as"] == run and each["status"] in table.ENDED for each in windows)


@pytest.fixture(scope="module")
def things(people_running: PeopleStack) -> dict[str, Any]:
    """A run of a range, dead letters of three kinds, and an upload in parts."""
    stack = people_running.stack
    stack.aws.clients.sqs.send_message(
        QueueUrl=stack.outputs.notification_dead_letters_url,
        MessageBody=json.dumps({"detail-type": "BatchCompleted", "detail": {"batch_id": "none"}}),
    )
    for batch_id in ABANDONED:
        register(stack, batch_id)
    since = datetime.now(UTC) - timedelta(hours=1)
    with console_without(people_running) as console:
        run = console.post("/api/replays", {"from": since.isoformat()}).json["name"]
        wait_for(lambda: is_built(console, run))  # without the list of runs, which would end it
        large = {"gallery": "people", "name": "parts.jpg", "bytes": 17 << 20}
        upload = console.post("/api/photos/uploads", large).json["upload"]
        letters = console.get("/api/failures/letters").json["letters"]
    by_kind: dict[str, list[str]] = {}
    for letter in letters:
        by_kind.setdefault(letter["kind"], []).append(letter["id"])
    request, dropped, *_ = by_kind[DeadLetterKind.INTAKE]
    return {
        RUN: run,
        RECORD: by_kind["stream"][0],
        NOTICE: by_kind[DeadLetterKind.NOTIFICATION][0],
        REQUEST: request,
        DROPPED: dropped,
        UPLOAD: upload,
    }


def test_every_right_of_the_console_is_taken_away() -> None:
    actions = {action for grant in GRANTS for action in grant.actions}
    assert FAILING.keys() ^ OF_OTHER_COMMANDS.keys() ^ {FINDS_STACK} == actions


def test_the_console_does_not_start_if_it_may_not_find_the_stack(
    people_running: PeopleStack,
) -> None:
    message = f"you lack the right {FINDS_STACK}"
    with (
        pytest.raises(UserError, match=message),
        plain_errors(),
        console_without(people_running, FINDS_STACK),
    ):
        pass


@pytest.mark.parametrize("action", FAILING)
def test_the_console_says_which_right_is_missing(
    people_running: PeopleStack, things: dict[str, Any], action: str
) -> None:
    """Logs are only a part of a timeline, so the rest of it is shown."""
    wait_for(lambda: not hidden_letters(people_running))
    with console_without(people_running, action) as console:
        answers = [(use, ask(console, use.filled(things))) for use in FAILING[action]]
    for use, answer in answers:
        assert f"you lack the right {action}" in answer.text, (use, answer.status, answer.text)
        assert answer.status == (200 if action.startswith("logs:") else 502), use


def test_the_console_works_with_its_documented_rights(
    people_running: PeopleStack, things: dict[str, Any]
) -> None:
    """A use that several rights are for is made once."""
    uses = [use for at, use in enumerate(EVERY_USE) if use not in EVERY_USE[:at]]
    wait_for(lambda: not hidden_letters(people_running))
    with recorded() as requests, console_without(people_running) as console:
        answers = [(use, ask(console, use.filled(things))) for use in uses]
    refused = [f"{use}: {got.text}" for use, got in answers if got.status >= HTTPStatus.BAD_REQUEST]
    assert "\n".join(refused) == ""
    people_running.people.check("operator", "serve", requests)


PAGES = (
    ("/", "cloudwatch:GetMetricData"),
    ("/batches", "dynamodb:Query"),
    (f"/batches/{BATCH}", "s3:GetObject"),
    ("/creators", "dynamodb:Scan"),
    ("/gallery", "dynamodb:BatchGetItem"),
    (f"/gallery?window={WINDOW}", "dynamodb:GetItem"),
    ("/failures", "s3:ListBucket"),
    ("/failures", "sqs:ReceiveMessage"),
    ("/replay", "dynamodb:Query"),
    ("/upload", "dynamodb:Query"),
    ("/photos?gallery=people", "dynamodb:BatchGetItem"),
    ("/alarms", "cloudwatch:DescribeAlarms"),
)


@pytest.mark.parametrize(("path", "action"), PAGES)
def test_a_page_says_which_right_is_missing(
    people_running: PeopleStack, browser: Browser, path: str, action: str
) -> None:
    with console_without(people_running, action) as console:
        page = browser.new_page()
        page.goto(f"http://{console.host}{path}")
        notice = page.get_by_text(f"you lack the right {action}").first
        expect(notice).to_be_visible()
        page.close()
