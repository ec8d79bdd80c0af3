"""The database's password goes from its URL to the database and nowhere else."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import urllib.parse
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ops_dashboard.local.mysql.videos_table import create_schema, load_rows
from ops_dashboard.local.samples.generator import Sample
from tests.end_to_end.kinesis_proxy import StandStill, proxy
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.samples import make_sample, plain_creator
from tests.fakes.command_line import Commands

pytestmark = pytest.mark.timeout(240)

WRONG = "wrong-Hunter2/ä&x"
QUOTED = urllib.parse.quote(WRONG, safe="")
_PATIENCE_S = 60


def spellings(password: str) -> list[bytes]:
    """Return the ways in which a password could be written down."""
    return [password.encode(), urllib.parse.quote(password, safe="").encode()]


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wrong_urls(url: str) -> dict[str, str]:
    """Return URLs with a password that lead nowhere, by what is wrong with them."""
    right = urllib.parse.urlsplit(url)
    place = f"{right.hostname}:{right.port}{right.path}"
    return {
        "password": f"mysql://{right.username}:{QUOTED}@{place}",
        "user": f"mysql://nobody:{QUOTED}@{place}",
        "port": f"mysql://ann:{QUOTED}@127.0.0.1:{closed_port()}/videos",
        "host": f"mysql://ann:{QUOTED}@no-such-host.invalid/videos",
        "tls": f"mysql://{right.username}:{QUOTED}@{place}?ssl=true",
        "unquoted": f"mysql://ann:{WRONG}@{place}",
        "unquoted at": f"mysql://ann:{WRONG}@x@{place}",
        "no database": f"mysql://ann:{QUOTED}@127.0.0.1",
        "scheme": f"postgres://ann:{QUOTED}@{place}",
        "no port": f"mysql://ann:{QUOTED}@127.0.0.1:port/videos",
    }


WRONGS = tuple(wrong_urls("mysql://a@h:1/d"))


@pytest.fixture
def in_stack(commands: Commands, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Our commands, which find the deployed stack."""
    for name, value in pipeline.aws.environment().items():
        monkeypatch.setenv(name, value)
    return commands


@pytest.mark.parametrize("wrong", WRONGS)
def test_an_error_never_says_the_password(
    in_stack: Commands,
    mariadb_url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    wrong: str,
) -> None:
    monkeypatch.setenv("MYSQL_URL", wrong_urls(mariadb_url)[wrong])
    for command in (("push", "--json"), ("export", "--csv", f"--output={tmp_path}")):
        done = in_stack.run("stream-ingest", *command)
        assert done.code == 2, done.err
        assert len(done.err.splitlines()) == 1
        assert not re.search(r"[Hh]unter2", done.out + done.err)


def test_the_help_never_says_the_password(
    in_stack: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYSQL_URL", f"mysql://ann:{QUOTED}@127.0.0.1/videos")
    done = in_stack.run("stream-ingest", "push", "--help")
    assert "MYSQL_URL" in done.out
    assert "unter2" not in done.out + done.err


@pytest.fixture(scope="module")
def loaded(pipeline: Pipeline, mariadb_url: str) -> Sample:
    """Rows in the database."""
    sample = make_sample(pipeline.covers, [plain_creator("secretive", 58, 40)], seed=71)

    async def load() -> None:
        await create_schema(mariadb_url)
        await load_rows(mariadb_url, sample.rows)

    asyncio.run(load())
    return sample


@contextmanager
def paused_push(
    pipeline: Pipeline, batch_id: str, *options: str, variables: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Push from the database and stop before the first record leaves; kill it in the end."""
    moment = StandStill(1)
    with proxy(pipeline.aws.endpoint, moment) as url:
        program = Path(sys.executable).with_name("stream-ingest")
        with subprocess.Popen(  # noqa: S603 - our own command, no shell
            [program, "push", "--creator=secretive", f"--batch-id={batch_id}", *options],
            env={
                **os.environ,
                **pipeline.aws.environment(),
                **variables,
                "AWS_ENDPOINT_URL": url,
            },
            stderr=subprocess.DEVNULL,
        ) as process:
            assert moment.reached.wait(_PATIENCE_S), "the push never came so far"
            try:
                yield process
            finally:
                process.kill()
                moment.over.set()


def password_of(url: str) -> str:
    password = urllib.parse.urlsplit(url).password
    assert password
    return password


def test_neither_process_title_nor_checkpoint_holds_the_password_of_a_variable(
    pipeline: Pipeline, loaded: Sample, mariadb_url: str
) -> None:
    assert loaded
    password = password_of(mariadb_url).encode()
    with paused_push(pipeline, "seen", variables={"MYSQL_URL": mariadb_url}) as process:
        title = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        written = [path for path in state_folder().rglob("*") if path.is_file()]
        assert b"--batch-id=seen" in title
        assert password not in title
        assert any(path.name.startswith("seen") for path in written)
        assert not [path for path in written if password in path.read_bytes()]


def test_an_option_s_password_is_gone_from_the_process_title_once_the_command_runs(
    pipeline: Pipeline, loaded: Sample, mariadb_url: str
) -> None:
    assert loaded
    with paused_push(pipeline, "listed", f"--mysql={mariadb_url}", variables={}) as process:
        title = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    assert b"--batch-id=listed" in title
    assert b"--mysql=mysql://coverstream:****" in title
    assert password_of(mariadb_url).encode() not in title


def state_folder() -> Path:
    return Path(os.environ["XDG_STATE_HOME"])


def test_nothing_that_a_push_leaves_on_aws_holds_the_password(
    pipeline: Pipeline, loaded: Sample, mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked for in the table, the stream, every object, the logs and the parameter."""
    monkeypatch.setenv("MYSQL_URL", mariadb_url)
    report = pipeline.push("--creator=secretive", "--flush", "--batch-id=left")
    assert report["progress"]["rows_accepted"] == loaded.expectation.rows_accepted
    places = {
        "table": list(table_bytes(pipeline)),
        "stream": list(stream_bytes(pipeline)),
        "objects": list(object_bytes(pipeline)),
        "logs": list(log_bytes(pipeline)),
        "parameter": [parameter_bytes(pipeline)],
    }
    for place, contents in places.items():
        assert contents, place
        for content in contents:
            assert not [each for each in spellings(password_of(mariadb_url)) if each in content]
    assert any(b"secretive" in content for content in places["table"])
    assert any(b"secretive" in content for content in places["stream"])
    assert any(b"left" in content for content in places["logs"])


def test_credentials_may_come_from_secrets_manager(
    in_stack: Commands,
    pipeline: Pipeline,
    loaded: Sample,
    mariadb_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The URL on the command line has no user and no password."""
    monkeypatch.delenv("MYSQL_URL", raising=False)
    right = urllib.parse.urlsplit(mariadb_url)
    secret = json.dumps({"username": right.username, "password": password_of(mariadb_url)})
    pipeline.aws.clients.untyped("secretsmanager").create_secret(Name="videos", SecretString=secret)
    place = f"mysql://{right.hostname}:{right.port}{right.path}?{right.query}"
    done = in_stack.run(
        *("stream-ingest", "push", "--dry-run", "--json", "--creator=secretive"),
        *(f"--mysql={place}", "--mysql-secret=videos"),
    )
    assert done.code == 0, done.err
    own = [row for row in loaded.rows if row.creator == "secretive"]
    assert json.loads(done.out)["rows_read"] == len(own)


def table_bytes(pipeline: Pipeline) -> Iterator[bytes]:
    """Yield every item of the table, compressed attributes as they are and unpacked."""
    pages = pipeline.aws.clients.dynamodb.get_paginator("scan").paginate(
        TableName=pipeline.outputs.table_name
    )
    for item in (item for page in pages for item in page["Items"]):
        yield repr(item).encode()
        for value in item.values():
            if "B" in value:
                yield unpacked(value["B"])


def unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error:
        return data


def stream_bytes(pipeline: Pipeline) -> Iterator[bytes]:
    """Yield every record of the stream without its codec version byte."""
    kinesis: Any = pipeline.aws.clients.kinesis
    name = pipeline.outputs.stream_name
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        at = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while records := (answer := kinesis.get_records(ShardIterator=at))["Records"]:
            yield from (unpacked(record["Data"][1:]) for record in records)
            at = answer["NextShardIterator"]


def object_bytes(pipeline: Pipeline) -> Iterator[bytes]:
    """Yield every object's key and bytes; what is in a zip is stored there as it is."""
    s3, outputs = pipeline.aws.clients.s3, pipeline.outputs
    for bucket in (outputs.input_bucket, outputs.output_bucket, outputs.temp_bucket):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page.get("Contents", []):
                data = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                yield item["Key"].encode() + b"\0" + data


def log_bytes(pipeline: Pipeline) -> Iterator[bytes]:
    """Yield all that the functions and the embedded AWS itself have written."""
    logs = pipeline.aws.clients.untyped("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        yield from (event["message"].encode() for page in pages for event in page["events"])
    yield pipeline.aws.instance.log.read_bytes()


def parameter_bytes(pipeline: Pipeline) -> bytes:
    name = f"/coverstream/{pipeline.outputs.stack}"
    return pipeline.aws.clients.ssm.get_parameter(Name=name)["Parameter"]["Value"].encode()
