"""Commands from their options to their last line, onto a fake stream and moto's AWS."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ops_dashboard.local.mysql.server import create_schema
from stream_ingest.cli import push as push_command
from stream_ingest.cli import run_push
from stream_ingest.cli.main import main
from stream_ingest.follow import follower as follower_module
from stream_ingest.follow.follower import Follower
from stream_ingest.follow.reads import Read, TableReads
from stream_ingest.push import runner
from stream_ingest.records.codec import unpack
from tests.fakes.ingest.aws import IngestAws
from tests.fakes.ingest.kinesis import FakeKinesis
from tests.fakes.ingest.mysql import Database
from tests.fakes.ingest.rows import cover_url
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


Action = Callable[[], object]
TODAY, TOMORROW = date(2026, 11, 28), date(2026, 11, 29)


class World:
    """A stack, a table, and a follower that acts out a script: one action after each read."""

    def __init__(  # noqa: PLR0913, PLR0917 - the fixtures of a test
        self,
        deployed: Deployed,
        database: Database,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
        health: Path,
    ) -> None:
        self.deployed, self.database, self.health_file = deployed, database, health
        self.day = TODAY
        self._patch, self._capsys, self._caplog = monkeypatch, capsys, caplog
        self._script: list[Action] = []
        self.waits: list[float] = []
        self._reads = self._accepted = 0
        self._count_reads()
        monkeypatch.setattr(Follower, "_wait", lambda _: self._act())
        monkeypatch.setattr(follower_module, "_sleep", self._pause)
        monkeypatch.setattr(Read, "day", property(lambda _: self.day))
        self.metrics: Counter[str] = Counter()
        deployed.aws.clients["cloudwatch"] = self

    def put_metric_data(self, **request: Any) -> None:  # noqa: ANN401 - AWS's request
        """Be CloudWatch."""
        assert request["Namespace"] == "Coverstream/dev"
        for each in request["MetricData"]:
            assert each["Dimensions"] == [{"Name": "service", "Value": "follow"}]
            self.metrics[each["MetricName"]] += int(each["Value"])

    def _count_reads(self) -> None:
        """Count, for each attempt of a follower, its reads and those whose rows were accepted."""
        follow, end_read = Follower._follow, Follower._end_read  # noqa: SLF001 - to be counted
        advance = TableReads._advance  # noqa: SLF001 - as above

        async def counted_follow(follower: Follower) -> None:
            self._reads = self._accepted = 0
            self._accepts = asyncio.Event()
            await follow(follower)

        def counted_advance(reads: TableReads, read: Read) -> None:
            self._reads += 1
            advance(reads, read)

        async def counted_end_read(follower: Follower, *ended: Any) -> None:  # noqa: ANN401 - passed on
            await end_read(follower, *ended)
            self._accepted += 1
            self._accepts.set()

        self._patch.setattr(Follower, "_follow", counted_follow)
        self._patch.setattr(TableReads, "_advance", counted_advance)
        self._patch.setattr(Follower, "_end_read", counted_end_read)

    async def _act(self) -> None:
        """Do the next action once the read before was accepted; a failed attempt cancels this."""
        while self._accepted < self._reads:
            self._accepts.clear()
            await self._accepts.wait()
        if not self._script:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()
        await asyncio.to_thread(self._script.pop(0))

    async def _pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) > 20:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()

    def follow(self, *script: Action, options: tuple[str, ...] = ()) -> str:
        """Follow until every action was done after a read, and then SIGTERM; return stderr."""
        self._script = list(script)
        arguments = ["--mysql", self.database.url, "--health", str(self.health_file), *options]
        self._patch.setattr(sys, "argv", ["stream-ingest", "follow", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        err = self._capsys.readouterr().err
        assert not caught.value.code, err
        return err + self._log()

    def _log(self) -> str:
        text = self._caplog.text
        self._caplog.clear()
        return text

    def insert(self, *numbers: int, when: str = "UTC_TIMESTAMP()") -> None:
        values = ", ".join(f"('c{n % 3}', '{cover_url(n)}', {when})" for n in numbers)
        self.database.run(
            f"INSERT INTO videos_links (creator, cover, created_at) VALUES {values}"  # noqa: S608 - a test's own values
        )

    def change_day(self) -> None:
        self.day = TOMORROW

    def images(self) -> Counter[str]:
        """Return how often each image is in the stream."""
        return Counter(self.deployed.identities())

    def batches(self) -> dict[str, str]:
        """Return the status of each batch."""
        ids = {unpack(data).batch.batch_id for _, data in self.deployed.kinesis.stored}
        found = {each: self.deployed.aws.registry.load(each) for each in ids}
        return {each: batch.status for each, batch in found.items() if batch}

    def health(self) -> dict[str, Any]:
        return dict(json.loads(self.health_file.read_text()))


@pytest.fixture
def world(  # noqa: PLR0913, PLR0917 - as above
    deployed: Deployed,
    mariadb_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> World:
    asyncio.run(create_schema(mariadb_url))
    database = Database(mariadb_url)
    database.run("DELETE FROM videos_links")
    monkeypatch.setattr("stream_ingest.cli.follow.stack_outputs", lambda _: OUTPUTS)
    return World(deployed, database, monkeypatch, capsys, caplog, tmp_path / "health.json")
