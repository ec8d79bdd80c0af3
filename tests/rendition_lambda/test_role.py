"""The rights of the function's role are enough, and each of them is needed.

That they are enough is shown by all tests of photos, whose calls are checked against the role.
"""

from __future__ import annotations

import json

import pytest

from tests.fakes.photos.account import PhotoAccount
from tests.fakes.photos.role import BY_LAMBDA, POLICY, PhotoRole, RightMissingError
from tests.fakes.photos.s3 import OTHER, RENDITIONS, UPLOADS

KEY = "g/a.jpg"
RIGHTS = [
    action
    for statement in POLICY
    if statement["Sid"] not in BY_LAMBDA
    for action in statement["Action"]
]


def work(account: PhotoAccount) -> None:
    """Do all that the function does: render, remove, wait for CloudFront, sweep."""
    account.put(KEY, b"one")
    account.drain()
    account.cdn.is_busy = True
    account.delete(KEY)
    account.deliver()
    account.cdn.is_busy = False
    account.drain()
    account.sweep()


def test_the_role_is_enough() -> None:
    account = PhotoAccount()
    work(account)

    assert account.s3.outputs == {}
    assert account.dead_letters.messages == {}


@pytest.mark.parametrize("action", RIGHTS)
def test_every_right_is_needed(action: str) -> None:
    account = PhotoAccount()
    account.role = PhotoRole(without=action)

    with pytest.raises(RightMissingError, match=f"may not {action} "):
        work(account)


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("put_object", {"Bucket": UPLOADS, "Key": KEY, "Body": b""}),
        ("delete_object", {"Bucket": UPLOADS, "Key": KEY}),
        ("put_object", {"Bucket": OTHER, "Key": KEY, "Body": b""}),
        ("get_object", {"Bucket": RENDITIONS, "Key": "renditions/g/a_large.jpg"}),
        ("put_object", {"Bucket": RENDITIONS, "Key": "elsewhere/a.jpg", "Body": b""}),
        ("get_object", {"Bucket": "a-bucket-of-nobody", "Key": KEY}),
    ],
)
def test_the_function_may_not(operation: str, request_: dict[str, object]) -> None:
    with pytest.raises(RightMissingError):
        PhotoRole().check("s3", operation, request_)


def test_another_distribution_and_another_queue_are_out_of_reach() -> None:
    batch = {"CallerReference": "r", "Paths": {"Quantity": 1, "Items": ["/*"]}}
    with pytest.raises(RightMissingError):
        PhotoRole().check(
            "cloudfront",
            "create_invalidation",
            {"DistributionId": "E9", "InvalidationBatch": batch},
        )
    with pytest.raises(RightMissingError):
        PhotoRole().check("sqs", "send_message", {"QueueUrl": "https://sqs/photos"})
    forged = {"Source": "coverstream.windowing", "DetailType": "WindowReady"}
    entry = {**forged, "EventBusName": "coverstream-test", "Detail": json.dumps({})}
    with pytest.raises(RightMissingError):
        PhotoRole().check("events", "put_events", {"Entries": [entry]})
