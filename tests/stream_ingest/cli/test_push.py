"""`stream-ingest push` from its options to its last line, onto a fake stream and moto's AWS."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from ops_dashboard.local.mysql.server import create_schema
from stream_ingest.cli import push as push_command
from stream_ingest.cli import run_push, wait
from stream_ingest.cli.main import main
from stream_ingest.contracts.batch_options import BatchOptions
from stream_ingest.contracts.settings import BatchSettings, CollageLayout, FlushPolicy
from stream_ingest.push import runner
from stream_ingest.push.checkpoint import unfinished
from stream_ingest.records.codec import BUCKETS, unpack
from stream_ingest.windowing.delivery import read_delivery
from tests.fakes.ingest.aws import OUTPUT, IngestAws
from tests.fakes.ingest.delivery import kinesis_event
from tests.fakes.ingest.kinesis import FakeKinesis, raising
from tests.fakes.ingest.mysql import Database
from tests.fakes.ingest.rows import cover_url, object_id
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


@pytest.fixture
def rows(tmp_path: Path) -> str:
    path = tmp_path / "rows.csv"
    lines = [f"c{n % 3},{cover_url(n)},2026-11-01" for n in range(20)]
    path.write_text("\n".join(["creator_name,cover_url,created_at", *lines, "c0,nonsense,"]))
    return str(path)


def test_a_file_is_pushed_as_a_batch(deployed: Deployed, run: Push, rows: str) -> None:
    code, out, err = run("--csv", rows, "--batch-id", "b", "--flush", "--json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert (report["batch_id"], report["rows_read"], report["rows_sent"]) == ("b", 21, 20)
    assert report["refused"] == {"bad_json": 1}
    assert sorted(deployed.identities()) == [object_id(n) for n in range(20)]
    batch = deployed.aws.registry.load("b")
    assert batch is not None
    assert (batch.status, batch.flush, batch.trigger) == ("sent", "batch-end", "csv-push")
    assert batch.source == rows
    assert deployed.aws.keys_in(OUTPUT) == ["failed/rows/b/part-00001.jsonl"]
    assert unfinished() == []


def test_an_s3_client_is_created_only_if_a_row_is_refused(
    deployed: Deployed, run: Push, tmp_path: Path
) -> None:
    """Its client takes 5 MB, and most pushes refuse nothing."""
    path = tmp_path / "fine.csv"
    path.write_text(f"creator_name,cover_url,created_at\nc,{cover_url(1)},2026-11-01")
    assert run("--csv", str(path))[0] == 0
    assert deployed.requested == {"dynamodb"}


def test_a_batch_id_in_use_sends_nothing_and_leaves_no_checkpoint(
    deployed: Deployed, run: Push, rows: str
) -> None:
    run("--csv", rows, "--batch-id", "b")
    sent = len(deployed.kinesis.stored)
    code, _, err = run("--csv", rows, "--batch-id", "b")
    assert code == 2
    assert "batch 'b' exists already" in err
    assert len(deployed.kinesis.stored) == sent
    assert unfinished() == []


def test_a_file_that_cannot_be_read_starts_no_batch(
    deployed: Deployed, run: Push, tmp_path: Path
) -> None:
    code, _, err = run("--csv", str(tmp_path / "nothing.csv"), "--batch-id", "b")
    assert (code, err.count("\n")) == (2, 1)
    assert deployed.aws.snapshot() == []
    assert unfinished() == []


@pytest.mark.parametrize("answer", [raising("ExpiredTokenException"), raising("SlowDown")])
def test_an_interrupted_push_says_how_to_continue_and_does(
    deployed: Deployed,
    run: Push,
    rows: str,
    answer: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stream_ingest.push.producer.MAX_ATTEMPTS", 1)
    deployed.kinesis = FakeKinesis(*[answer] * 20)  # type: ignore[list-item]
    code, _, err = run("--csv", rows, "--batch-id", "b")
    assert code in {1, 2}
    assert "continue with: stream-ingest push --resume --batch-id b" in err
    assert unfinished() == ["b"]

    deployed.kinesis = FakeKinesis()
    code, out, _ = run("--resume", "--json")
    assert code == 0
    assert json.loads(out)["rows_sent"] == 20
    assert sorted(deployed.identities()) == [object_id(n) for n in range(20)]
    assert {unpack(data).bucket for _, data in deployed.kinesis.stored} == set(range(BUCKETS))
    assert unfinished() == []


def test_ctrl_c_says_how_to_continue(
    deployed: Deployed, run: Push, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stream_ingest.push.push.Push.run", interrupted)
    code, _, err = run("--csv", rows, "--batch-id", "b")
    assert code == 130
    assert "push --resume --batch-id b" in err
    assert "Traceback" not in err
    assert deployed.kinesis.stored == []


def test_a_file_that_has_changed_is_not_resumed(deployed: Deployed, run: Push, rows: str) -> None:
    deployed.kinesis = FakeKinesis(raising("AccessDeniedException"))
    run("--csv", rows, "--batch-id", "b")
    with Path(rows).open("a") as file:
        file.write("\nc9,x,y")
    code, _, err = run("--resume", "--batch-id", "b")
    assert code == 2
    assert "has changed since the push began" in err


def test_waiting_ends_with_the_batch(
    deployed: Deployed, run: Push, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pipeline does its work between two reads of the table."""
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        assert len(looks) < 9
        if len(looks) == 2:
            fold_all(deployed)

    clock = deployed.aws.clock
    monkeypatch.setattr(runner, "time", SimpleNamespace(time=clock))
    monkeypatch.setattr(wait, "time", SimpleNamespace(monotonic=clock, sleep=sleep))
    code, out, _ = run(
        "--csv", rows, "--batch-id", "b", "--images-per-window", "2", "--wait", "--json"
    )
    assert code == 0
    assert len(looks) == 2
    progress = json.loads(out)["progress"]
    assert (progress["ended"], progress["rows_accepted"], progress["collages"]) == (True, 20, 9)


def fold_all(deployed: Deployed) -> None:
    """Do what the windowing, the sweeper and the collage Lambdas do."""
    data = [data for _, data in deployed.kinesis.stored]
    outcome = deployed.aws.windowing().process(read_delivery(kinesis_event(data)))
    assert outcome.failures == {}
    deployed.aws.sweeper().sweep_batch("b")
    deployed.aws.end_windows()


@pytest.fixture
def database(mariadb_url: str) -> Database:
    asyncio.run(create_schema(mariadb_url))
    database = Database(mariadb_url)
    database.run("DELETE FROM videos_links")
    return database


def insert(database: Database, numbers: range, when: str) -> None:
    values = ", ".join(f"('c{n % 3}', '{cover_url(n)}', {when})" for n in numbers)
    database.run(f"INSERT INTO videos_links (creator, cover, created_at) VALUES {values}")  # noqa: S608 - a test's own values


def test_last_push_means_rows_after_the_last_push_that_succeeded(
    deployed: Deployed, run: Push, database: Database
) -> None:
    arguments = ["--mysql", database.url, "--since", "last_push", "--json"]
    insert(database, range(10), "UTC_TIMESTAMP() - INTERVAL 1 HOUR")
    assert json.loads(run(*arguments)[1])["rows_read"] == 10
    insert(database, range(10, 13), "UTC_TIMESTAMP() + INTERVAL 1 HOUR")
    assert json.loads(run(*arguments)[1])["rows_read"] == 3
    address = database.address
    source = f"mysql://{address.place}/videos_links"
    assert source in repr(deployed.aws.snapshot())
    assert b"coverstream:" not in repr(deployed.aws.snapshot()).encode()
    assert database.address.password not in repr(deployed.aws.snapshot())


def test_a_push_of_some_creators_does_not_move_the_watermark(
    deployed: Deployed, run: Push, database: Database
) -> None:
    insert(database, range(9), "UTC_TIMESTAMP() - INTERVAL 1 HOUR")
    arguments = ["--mysql", database.url, "--json"]
    assert json.loads(run(*arguments, "--creator", "c1")[1])["rows_read"] == 3
    assert json.loads(run(*arguments, "--since", "last_push")[1])["rows_read"] == 9
    assert len(deployed.kinesis.stored) > 0


def test_a_failed_push_does_not_move_the_watermark_and_is_resumed_with_its_address(
    deployed: Deployed, run: Push, database: Database, tmp_path: Path
) -> None:
    insert(database, range(9), "UTC_TIMESTAMP() - INTERVAL 1 HOUR")
    deployed.kinesis = FakeKinesis(raising("AccessDeniedException"))
    code, _, _ = run("--mysql", database.url, "--batch-id", "b")
    assert code == 2
    assert not any("last" in item["item"]["S"] for item in deployed.aws.snapshot())
    (kept,) = tmp_path.rglob("b.push")
    assert database.address.password.encode() not in kept.read_bytes()

    deployed.kinesis = FakeKinesis()
    other = database.url.replace("tiktok_creator", "elsewhere")
    assert "give that database's URL" in run("--resume", "--mysql", other)[2]
    code, out, _ = run("--resume", "--mysql", database.url, "--json")
    assert (code, json.loads(out)["rows_sent"]) == (0, 9)
    assert any("last" in item["item"]["S"] for item in deployed.aws.snapshot())


def test_the_settings_travel_with_the_records(deployed: Deployed, run: Push, rows: str) -> None:
    run("--csv", rows, "--grid", "2x3", "--quality", "80", "--flush-policy", "never")
    (settings,) = {unpack(data).batch.settings for _, data in deployed.kinesis.stored}
    assert (settings.layout.rows, settings.layout.quality) == (2, 80)
    assert (settings.images_per_window, settings.flush.kind) == (6, "never")


def test_a_push_has_the_stacks_defaults_for_what_it_does_not_set(
    deployed: Deployed, run: Push, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = BatchOptions(rows=3, cols=4, images_per_window=9, fit_rows=True, flush="never")
    outputs = msgspec.structs.replace(OUTPUTS, batch_defaults=defaults)
    monkeypatch.setattr(push_command, "stack_outputs", lambda _: outputs)
    run("--csv", rows, "--no-fit-rows", "--background", "black")
    (settings,) = {unpack(data).batch.settings for _, data in deployed.kinesis.stored}
    assert settings == BatchSettings(
        layout=CollageLayout(rows=3, cols=4, background="#000000"),
        images_per_window=9,
        flush=FlushPolicy(kind="never"),
    )
