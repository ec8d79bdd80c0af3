from __future__ import annotations

import json

import pytest

from ops_dashboard.console.account import Account
from tests.fakes.ingest.aws import OUTPUT
from tests.ops_dashboard.console.running import RunningConsole


def dead_letter(account: Account, window_id: str) -> None:
    """Send a window's message to the dead-letter queue."""
    account.sqs.send_message(
        QueueUrl=account.outputs.dead_letter_urls["collage"],
        MessageBody=json.dumps(
            {"detail-type": "WindowReady", "detail": {"window_id": window_id, "batch_id": "b"}}
        ),
    )


def redriven(account: Account) -> list[str]:
    """Return the ids of the windows in the collage queue."""
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
    dead_letter(account, "ann:000001")
    account.s3.put_object(
        Bucket=OUTPUT,
        Key="failed/records/2026/11/21/1.json",
        Body=b'{"reason": "codec version 9", "data": ""}',
    )
    assert counts(console) == {"collage": 1, "sweeper": 0, "window-rule": 0}
    letters = console.get("/api/failures/letters").json["letters"]
    assert {(each["kind"], each["window_id"]) for each in letters} == {
        ("collage", "ann:000001"),
        ("record", None),
    }
    again = console.get("/api/failures/letters").json["letters"]
    assert [each["id"] for each in again] == [each["id"] for each in letters]


def test_one_dead_letter_is_redriven_and_the_others_stay(
    console: RunningConsole, account: Account
) -> None:
    for number in range(3):
        dead_letter(account, f"ann:{number + 1:06d}")
    letters = console.get("/api/failures/letters").json["letters"]
    chosen = next(each for each in letters if each["window_id"] == "ann:000002")
    done = console.post("/api/failures/redrive", {"ids": [chosen["id"]]}).json
    assert [each["id"] for each in done["sent"]] == [chosen["id"]]
    assert redriven(account) == ["ann:000002"]
    left = console.get("/api/failures/letters").json["letters"]
    assert {each["window_id"] for each in left} == {"ann:000001", "ann:000003"}
    assert counts(console)["collage"] == 2


def test_all_dead_letters_are_redriven_at_once(console: RunningConsole, account: Account) -> None:
    for number in range(3):
        dead_letter(account, f"ann:{number + 1:06d}")
    assert len(console.post("/api/failures/redrive", {"all": True}).json["sent"]) == 3
    assert sorted(redriven(account)) == ["ann:000001", "ann:000002", "ann:000003"]
    assert console.get("/api/failures/letters").json["letters"] == []


def test_one_dead_letter_is_dropped_and_a_copy_is_stored(
    console: RunningConsole, account: Account
) -> None:
    for number in range(2):
        dead_letter(account, f"ann:{number + 1:06d}")
    letters = console.get("/api/failures/letters").json["letters"]
    chosen = next(each for each in letters if each["window_id"] == "ann:000002")
    (done,) = console.post("/api/failures/drop", {"ids": [chosen["ref"]]}).json
    assert done["letter"]["id"] == chosen["id"]
    copy = account.s3.get_object(Bucket=OUTPUT, Key=done["copy"])["Body"].read()
    assert json.loads(copy)["body"] == chosen["body"]
    left = console.get("/api/failures/letters").json["letters"]
    assert [each["window_id"] for each in left] == ["ann:000001"]
    assert redriven(account) == []


@pytest.mark.parametrize("wanted", [{}, {"ids": []}, {"all": True}, {"ids": ["a"], "all": True}])
def test_an_invalid_request_drops_nothing(
    console: RunningConsole, account: Account, wanted: object
) -> None:
    dead_letter(account, "ann:000001")
    assert console.post("/api/failures/drop", wanted).status == 400
    assert counts(console)["collage"] == 1


def test_dropping_a_missing_dead_letter_is_refused(
    console: RunningConsole, account: Account
) -> None:
    dead_letter(account, "ann:000001")
    answer = console.post("/api/failures/drop", {"ids": ["0123456789"]})
    assert answer.status == 404
    assert "no dead letter 0123456789" in answer.text
    assert counts(console)["collage"] == 1


def test_redriving_a_missing_dead_letter_succeeds(console: RunningConsole) -> None:
    done = console.post("/api/failures/redrive", {"ids": ["long-gone"]})
    assert (done.status, done.json["sent"]) == (200, [])


@pytest.mark.parametrize(
    "request_body",
    [{}, {"ids": []}, {"ids": ["a"], "all": True}, {"every": True}, {"ids": "a"}, [], "x"],
)
def test_an_invalid_request_redrives_nothing(
    console: RunningConsole, account: Account, request_body: object
) -> None:
    dead_letter(account, "ann:000001")
    assert console.post("/api/failures/redrive", request_body).status == 400
    assert counts(console)["collage"] == 1
    assert redriven(account) == []


def test_a_get_changes_nothing(console: RunningConsole) -> None:
    assert console.get("/api/failures/redrive").status == 405
