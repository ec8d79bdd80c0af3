"""`stream-ingest push` from its options to its last line, onto a fake stream and moto's AWS."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from stream_ingest.cli import push as push_command
from stream_ingest.cli import run_push
from stream_ingest.cli.main import main
from stream_ingest.push import runner
from stream_ingest.records.codec import unpack
from tests.fakes.ingest.aws import IngestAws
from tests.fakes.ingest.kinesis import FakeKinesis
from tests.fakes.ops.stack_outputs import stack_outputs

OUTPUTS = stack_outputs()
Push = Callable[..., tuple[int, str, str]]


class Deployed:
    """A stack on moto, whose stream is a fake that a test may replace."""

    def __init__(self, aws: IngestAws) -> None:
        self.aws, self.kinesis = aws, FakeKinesis()
        self.requested: set[str] = set()
        """Services that a client of boto3's was made for."""

    @asynccontextmanager
    async def create_client(self, service: str, **options: object) -> AsyncIterator[FakeKinesis]:
        """Be aiobotocore's session."""
        assert (service, options["region_name"]) == ("kinesis", "us-east-1")
        yield self.kinesis

    def identities(self) -> list[str]:
        """Return what is in the stream, repetitions and all."""
        records = [unpack(data) for _, data in self.kinesis.stored]
        return [row.identity for record in records for row in record.cover_rows()]


@pytest.fixture
def deployed(aws: IngestAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Deployed:
    stack = Deployed(aws)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for module in (push_command, run_push, runner):
        monkeypatch.setattr(module, "stack_outputs", lambda _: OUTPUTS)
    monkeypatch.setattr(runner.clients, "async_session", lambda: stack)

    def client(service: str, config: object) -> object:
        assert config is not None
        stack.requested.add(service)
        return aws.clients[service]

    monkeypatch.setattr(runner.clients, "session", lambda: SimpleNamespace(client=client))
    return stack


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Push:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["stream-ingest", "push", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        printed = capsys.readouterr()
        return int(caught.value.code or 0), printed.out, printed.err

    return run
