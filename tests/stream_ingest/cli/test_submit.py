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
from stream_ingest.contracts.batch_options import BatchOptions
from tests.fakes.cached_session import CachedSession
from tests.fakes.ingest.aws import IngestAws
from tests.fakes.ingest.rows import header
from tests.stream_ingest.cli.conftest import OUTPUTS

Run = Callable[..., tuple[int, str, str]]


class Account:
    """An input bucket and a request queue."""

    def __init__(self, session: boto3.Session) -> None:
        self.s3 = session.client("s3")
        for bucket in ("input", "tiktok-image-input"):
            self.s3.create_bucket(Bucket=bucket)
        for key in ("a.csv", "manual-uploads/a.csv"):
            self.s3.put_object(Bucket="input", Key=key, Body=b"rows")
        self.sqs = session.client("sqs")
        self.queue = self.sqs.create_queue(QueueName="intake")["QueueUrl"]

    def requests(self) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        bodies = [message["Body"] for message in answer.get("Messages", [])]
        return [json.loads(body) for body in bodies]


@pytest.fixture(scope="module")
def moto_session() -> boto3.Session:
    """One session for all tests, whose clients are made once."""
    with mock_aws():
        return CachedSession()


@pytest.fixture
def account(
    aws: IngestAws,  # noqa: ARG001 - moto
    moto_session: boto3.Session,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Account]:
    with mock_aws():
        account = Account(moto_session)
        outputs = msgspec.structs.replace(
            OUTPUTS,
            request_queue_url=account.queue,
            allowed_input_buckets=("tiktok-image-input",),
            batch_defaults=BatchOptions(quality=80),
        )
        monkeypatch.setattr(submit, "stack_outputs", lambda _: outputs)
        monkeypatch.setattr(submit.clients, "session", lambda: moto_session)
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


def test_a_request_has_what_was_set_and_leaves_the_rest_to_the_stack(
    account: Account, run: Run
) -> None:
    code, out, _ = run(
        "s3://input/manual-uploads/a.csv",
        *("--grid=3x4", "--quality=80", "--max-images-per-creator=10", "--fit-rows"),
        *("--mix-creators", "--no-dedup", "--output-prefix=x/y/", "--batch-id=b", "--json"),
    )
    assert code == 0
    expected = {
        "processing_type": "csv_s3",
        "s3_bucket": "input",
        "s3_key": "manual-uploads/a.csv",
        "output_prefix": "x/y",
        "processing_config": {
            "rows": 3,
            "cols": 4,
            "quality": 80,
            "images_per_window": 10,
            "fit_rows": True,
            "group_by_creator": False,
            "dedup": False,
        },
        "batch_id": "b",
    }
    assert account.requests() == [expected]
    assert json.loads(out) == {"request": expected, "notes": [], "progress": None}


FIELDS = {
    "processing_type": "csv_s3",
    "s3_bucket": "tiktok-image-input",
    "s3_key": "manual-uploads/batch_20250119.csv",
    "output_prefix": "sqs-trigger/",
    "processing_config": {"rows": 5, "cols": 7, "timeout": 30, "max_retries": 3, "qualty": 9},
}


def test_a_message_in_a_file_is_sent_as_it_is_and_its_unknown_fields_are_reported(
    account: Account, run: Run, tmp_path: Path
) -> None:
    account.s3.put_object(Bucket=FIELDS["s3_bucket"], Key=FIELDS["s3_key"], Body=b"rows")
    path = tmp_path / "message.json"
    path.write_text(json.dumps(FIELDS))
    code, _, said = run("--request", str(path), "--batch-id=b")
    assert code == 0
    assert account.requests() == [{**FIELDS, "batch_id": "b"}]
    assert "qualty is not a known field and has no effect; did you mean quality?" in said


def test_options_replace_those_of_the_message_under_either_name(
    account: Account, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "message.json"
    path.write_text(json.dumps(FIELDS))
    code, _, _ = run(
        "s3://input/manual-uploads/a.csv", "--request", str(path), "--download-timeout-s=9"
    )
    assert code == 0
    (request,) = account.requests()
    assert (request["s3_bucket"], request["s3_key"]) == ("input", "manual-uploads/a.csv")
    config = {"rows": 5, "cols": 7, "max_retries": 3, "qualty": 9, "download_timeout_s": 9}
    assert request["processing_config"] == config


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot read"),
        ("{", "expected a JSON object"),
        ("[]", "expected a JSON object"),
        ("{}", "s3_bucket is missing"),
        (json.dumps({**FIELDS, "processing_config": {"timeout": 0}}), "processing_config.timeout"),
    ],
)
def test_a_message_that_cannot_be_carried_out_is_an_error_and_nothing_is_sent(
    account: Account, run: Run, tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "message.json"
    if text is not None:
        path.write_text(text)
    code, _, error = run("--request", str(path))
    assert code == 2
    assert said in error
    assert account.requests() == []


def test_a_local_file_is_uploaded_to_a_folder_that_starts_no_batch(
    account: Account, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "covers.csv"
    path.write_bytes(b"rows")
    code, _, said = run(str(path), "--batch-id=b")
    assert code == 0
    (request,) = account.requests()
    assert request["s3_key"] == "manual-uploads/b/covers.csv"
    body = account.s3.get_object(Bucket="input", Key=request["s3_key"])["Body"].read()
    assert body == b"rows"
    assert "batch b: requested for s3://input/manual-uploads/b/covers.csv" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["s3://other/a.csv"], "expected 'input' or 'tiktok-image-input', not 'other'"),
        (["s3://input"], "expected s3://input/<key>"),
        (["nowhere.csv"], "cannot read nowhere.csv"),
        ([], "name a file, or a message with --request"),
        (["s3://input/a.csv", "--rows=41"], "--rows 41"),
        (["s3://input/a.csv", "--rows=40", "--cols=40"], "40x40 cells hold more than 400 images"),
        (["s3://input/a.csv", "--images-per-window=36"], "--images-per-window 36 does not fit"),
        (["s3://input/a.csv", "--background=blurple"], "--background 'blurple'"),
        (["s3://input/a.csv", "--output-prefix=../a"], "--output-prefix '../a'"),
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


def test_a_file_that_may_not_be_read_or_uploaded_is_an_error_that_names_the_right(
    account: Account, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def deny(_: object, operation: str, __: object) -> None:
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, operation)

    (local := tmp_path / "a.csv").write_bytes(b"rows")
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", deny)
    for file, right in (("s3://input/a.csv", "s3:GetObject"), (str(local), "s3:PutObject")):
        code, out, error = run(file)
        assert (code, out, error.count("\n")) == (2, "", 1)
        assert right in error
    monkeypatch.undo()
    assert account.requests() == []


def test_waiting_for_a_batch_that_never_starts_ends_with_a_hint(
    account: Account, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "START_TIMEOUT_S", -1)
    code, _, error = run("s3://input/manual-uploads/a.csv", "--wait")
    assert code == 2
    assert "ops-dashboard dlq list" in error
    assert len(account.requests()) == 1


@pytest.mark.parametrize(
    ("source", "file", "code"),
    [
        ("s3://input/a.csv?versionId=7", "s3://input/a.csv", 0),
        ("s3://input/other.csv", "s3://input/a.csv", 2),
        ("/data/of-a-push.csv", "s3://input/a.csv", 2),
        ("s3://input/manual-uploads/b/a.csv", "a.csv", 2),
    ],
)
def test_a_batch_id_that_is_taken_is_an_error_before_anything_is_sent(  # noqa: PLR0913, PLR0917
    account: Account,
    aws: IngestAws,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    file: str,
    code: int,
) -> None:
    """A local file would replace the one that is being read; the intake reads nothing of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("rows")
    aws.registry.register(header("b"), source, owner="somebody")
    found, _, error = run(file, "--batch-id", "b")
    assert found == code
    assert len(account.requests()) == (code == 0)
    assert account.s3.list_objects_v2(Bucket="input")["KeyCount"] == 2, "nothing was uploaded"
    assert code == 0 or f"batch 'b' exists already, from {source}" in error
