from __future__ import annotations

import json

import pytest

from ops_dashboard.console.account import Account
from tests.fakes.ingest.aws import OUTPUT
from tests.ops_dashboard.console.running import RunningConsole


def bury(account: Account, window_id: str) -> None:
    """Put a window's message into the dead-letter queue."""
    account.sqs.send_message(
        QueueUrl=account.outputs.dead_letter_urls["collage"],
        MessageBody=json.dumps(
            {"detail-type": "WindowReady", "detail": {"window_id": window_id, "batch_id": "b"}}
        ),
    )


def sent_on(account: Account) -> list[str]:
    """Return the ids of the windows that are in the collage queue."""
    answer = account.sqs.receive_message(
        QueueUrl=account.outputs.collage_queue_url, MaxNumberOfMessages=10
    )
    return [json.loads(each["Body"])["detail"]["window_id"] for each in answer.get("Messages", [])]


def counts(console: RunningConsole) -> dict[str, int]:
    found: dict[str, int] = console.get("/api/failures/counts").json["queues"]
    return found


def test_dead_letters_are_counted_and_listed_with_their_reasons(
    console: RunningConsole, account: Account
) -> None:
    bury(account, "ann:000001")
    account.s3.put_object(
        Bucket=OUTPUT,
        Key="failed/records/2026/11/21/1.json",
        Body=b'{"reason": "codec version 9", "data": ""}',
    )
    assert counts(console) == {"collage": 1, "sweeper": 0, "window-rule": 0}
    letters = console.get("/api/failures/letters").json
    assert {(each["kind"], each["window_id"]) for each in letters} == {
        ("collage", "ann:000001"),
        ("record", None),
    }
    again = console.get("/api/failures/letters").json
    assert [each["id"] for each in again] == [each["id"] for each in letters]


def test_one_letter_is_sent_on_and_the_others_stay(
    console: RunningConsole, account: Account
) -> None:
    for number in range(3):
        bury(account, f"ann:{number + 1:06d}")
    letters = console.get("/api/failures/letters").json
    chosen = next(each for each in letters if each["window_id"] == "ann:000002")
    done = console.post("/api/failures/redrive", {"ids": [chosen["id"]]}).json
    assert [each["id"] for each in done["sent"]] == [chosen["id"]]
    assert sent_on(account) == ["ann:000002"]
    left = console.get("/api/failures/letters").json
    assert {each["window_id"] for each in left} == {"ann:000001", "ann:000003"}
    assert counts(console)["collage"] == 2


def test_all_letters_are_sent_on_at_once(console: RunningConsole, account: Account) -> None:
    for number in range(3):
        bury(account, f"ann:{number + 1:06d}")
    assert len(console.post("/api/failures/redrive", {"all": True}).json["sent"]) == 3
    assert sorted(sent_on(account)) == ["ann:000001", "ann:000002", "ann:000003"]
    assert console.get("/api/failures/letters").json == []


def test_a_letter_that_is_gone_is_no_fault(console: RunningConsole) -> None:
    done = console.post("/api/failures/redrive", {"ids": ["long-gone"]})
    assert (done.status, done.json["sent"]) == (200, [])


@pytest.mark.parametrize(
    "order", [{}, {"ids": []}, {"ids": ["a"], "all": True}, {"every": True}, {"ids": "a"}, [], "x"]
)
def test_an_order_that_is_none_sends_nothing(
    console: RunningConsole, account: Account, order: object
) -> None:
    bury(account, "ann:000001")
    assert console.post("/api/failures/redrive", order).status == 400
    assert counts(console)["collage"] == 1
    assert sent_on(account) == []


def test_a_get_changes_nothing(console: RunningConsole) -> None:
    assert console.get("/api/failures/redrive").status == 405
