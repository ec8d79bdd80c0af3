from __future__ import annotations

import json
from typing import Any

import pytest

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.intake.jobs import job_of
from stream_ingest.intake.uploads import Upload, announce, announces_uploads, read_uploads
from tests.paths import ROOT

EVENTS = ROOT / "tests" / "events"


def event(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return read


def test_both_of_s3s_events_announce_the_same_upload() -> None:
    """The bucket has EventBridge switched on, and may notify the queue or the function as well."""
    upload = Upload(
        bucket="input",
        key="csv-files/team a/c+d.csv",
        etag="b1946ac92492d2347c6235b4d2611184",
        sequencer="00617F08299329D189",
        version="IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
        uploaded_at=1_794_441_600,
    )
    for name in ("s3_object_created", "s3_notification"):
        assert announces_uploads(event(name))
        assert read_uploads(event(name)) == [upload]
    assert read_uploads(announce(upload)) == [upload]
    assert job_of(upload, is_own=True) is not None


def test_what_s3_sends_when_a_notification_is_set_up_announces_nothing() -> None:
    test_event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "input"}
    assert announces_uploads(test_event)
    assert read_uploads(test_event) == []


@pytest.mark.parametrize("time", ["", "yesterday", "9999-99-99T00:00:00Z", None, 5])
def test_a_time_that_nobody_can_read_is_none(time: object) -> None:
    (upload,) = read_uploads({**event("s3_object_created"), "time": time})
    assert upload.uploaded_at is None


def test_the_version_null_is_none() -> None:
    announced = event("s3_object_created")
    announced["detail"]["object"]["version-id"] = "null"
    (upload,) = read_uploads(announced)
    assert upload.version is None


def test_a_deletion_announces_nothing() -> None:
    deletion = event("s3_notification")
    deletion["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    assert read_uploads(deletion) == []


@pytest.mark.parametrize(
    "content", [{}, {"s3_bucket": "b", "s3_key": "k"}, {"Records": []}, {"Records": [{}]}]
)
def test_other_messages_announce_no_uploads(content: dict[str, Any]) -> None:
    assert not announces_uploads(content)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"detail-type": "Object Created"}, "S3 event: Expected `object`"),
        (
            {"detail-type": "Object Created", "detail": {"object": {"key": "k"}}},
            "missing required field `bucket`",
        ),
        ({"Records": [{"eventSource": "aws:s3"}]}, "missing required field `s3`"),
    ],
)
def test_an_event_that_is_not_as_aws_says_names_the_field(
    content: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(DecodeError, match=complaint):
        read_uploads(content)
