"""`stream-ingest submit` onto moto's buckets and queues."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from stream_ingest.cli import submit
from stream_ingest.cli.main import main
from stream_ingest.intake.requests import BatchRequest, ProcessingConfig
from tests.fakes.ingest.aws import IngestAws
from tests.stream_ingest.cli.test_push import OUTPUTS

Run = Callable[..., tuple[int, str, str]]


class Account:
    """An input bucket and a request queue."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket="input")
        for key in ("a.csv", "manual-uploads/a.csv"):
            self.s3.put_object(Bucket="input", Key=key, Body=b"rows")
        self.sqs = boto3.client("sqs")
        self.queue = self.sqs.create_queue(QueueName="intake")["QueueUrl"]

    def requests(self) -> list[BatchRequest]:
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        bodies = [message["Body"] for message in answer.get("Messages", [])]
        return [msgspec.json.decode(body, type=BatchRequest) for body in bodies]


@pytest.fixture
def account(aws: IngestAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:  # noqa: ARG001 - moto
    with mock_aws():
        account = Account()
        outputs = msgspec.structs.replace(OUTPUTS, request_queue_url=account.queue)
        monkeypatch.setattr(submit, "stack_outputs", lambda _: outputs)
        yield account


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["stream-ingest", "submit", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        printed = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, printed.out, printed.err

    return run


def test_a_request_contains_every_option(account: Account, run: Run) -> None:
    code, out, _ = run(
        "s3://input/manual-uploads/a.csv",
        *("--rows=3", "--cols=4", "--quality=80", "--max-images-per-creator=10"),
        *("--mix-creators", "--no-dedup", "--output-prefix=x/y", "--batch-id=b", "--json"),
    )
    (request,) = account.requests()
    assert code == 0
    assert request == BatchRequest(
        s3_bucket="input",
        s3_key="manual-uploads/a.csv",
        output_prefix="x/y",
        batch_id="b",
        processing_config=ProcessingConfig(
            rows=3,
            cols=4,
            quality=80,
            max_images_per_creator=10,
            group_by_creator=False,
            dedup=False,
        ),
    )
    assert json.loads(out)["request"]["s3_key"] == "manual-uploads/a.csv"


def test_a_local_file_is_uploaded_to_a_folder_that_starts_no_batch(
    account: Account, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "covers.csv"
    path.write_bytes(b"rows")
    code, _, said = run(str(path), "--batch-id=b")
    assert code == 0
    (request,) = account.requests()
    assert request.s3_key == "manual-uploads/b/covers.csv"
    body = account.s3.get_object(Bucket="input", Key=request.s3_key)["Body"].read()
    assert body == b"rows"
    assert "batch b: requested for s3://input/manual-uploads/b/covers.csv" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["s3://other/a.csv"], "expected s3://input/<key>"),
        (["s3://input"], "expected s3://input/<key>"),
        (["nowhere.csv"], "cannot read nowhere.csv"),
        (["s3://input/a.csv", "--rows=41"], "$.rows"),
        (["s3://input/a.csv", "--rows=40", "--cols=40"], "more than 400 cells"),
        (["s3://input/a.csv", "--background=red"], "$.background"),
        (["s3://input/a.csv", "--output-prefix=../a"], "$.output_prefix"),
        (["s3://input/a.csv", "--batch-id=a b"], "batch id 'a b'"),
    ],
)
def test_an_invalid_request_is_an_error_and_nothing_is_sent(
    account: Account, run: Run, arguments: list[str], said: str
) -> None:
    code, out, error = run(*arguments)
    assert (code, out) == (2, "")
    assert said in error
    assert error.count("\n") == 1
    assert account.requests() == []
    assert account.s3.list_objects_v2(Bucket="input")["KeyCount"] == 2, "nothing was uploaded"


def test_an_object_that_does_not_exist_is_an_error_before_anything_is_sent(
    account: Account, run: Run
) -> None:
    code, out, error = run("s3://input/manual-uploads/nope.csv")
    assert (code, out) == (1, "")
    assert error == "stream-ingest: s3://input/manual-uploads/nope.csv does not exist\n"
    assert account.requests() == []


@pytest.mark.parametrize(
    ("put", "said"),
    [
        ({"Body": b""}, "is empty"),
        ({"Body": b"rows", "StorageClass": "GLACIER"}, "is archived (GLACIER); restore it first"),
    ],
)
def test_an_object_that_cannot_be_read_is_an_error_before_anything_is_sent(
    account: Account, run: Run, put: dict[str, Any], said: str
) -> None:
    account.s3.put_object(Bucket="input", Key="b.csv", **put)
    code, out, error = run("s3://input/b.csv")
    assert (code, out, error) == (2, "", f"stream-ingest: s3://input/b.csv {said}\n")
    assert account.requests() == []


def test_an_object_that_may_not_be_read_is_an_error_that_names_the_right(
    account: Account, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadObject")

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", deny)
    code, out, error = run("s3://input/a.csv")
    assert (code, out) == (2, "")
    assert error.endswith("does not exist, or you may not read it (s3:GetObject)\n")
    monkeypatch.undo()
    assert account.requests() == []


def test_waiting_for_a_batch_that_never_starts_ends_with_a_hint(
    account: Account, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "START_TIMEOUT_S", -1)
    code, _, error = run("s3://input/a.csv", "--wait")
    assert code == 2
    assert "ops-dashboard dlq list" in error
    assert len(account.requests()) == 1
