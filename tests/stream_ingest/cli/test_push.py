"""`stream-ingest push` of files, onto a fake stream and moto's AWS."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from stream_ingest.cli import push as push_command
from stream_ingest.cli import wait
from stream_ingest.contracts.batch_options import BatchOptions
from stream_ingest.contracts.settings import BatchSettings, CollageLayout, FlushPolicy
from stream_ingest.push import runner
from stream_ingest.push.checkpoint import unfinished
from stream_ingest.records.codec import BUCKETS, unpack
from stream_ingest.windowing.delivery import read_delivery
from tests.fakes.ingest.aws import OUTPUT
from tests.fakes.ingest.delivery import kinesis_event
from tests.fakes.ingest.kinesis import FakeKinesis, raising
from tests.fakes.ingest.rows import cover_url, object_id
from tests.stream_ingest.cli.conftest import OUTPUTS, Deployed, Push


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


def test_a_file_in_windows_1252_is_pushed_and_said_to_be_so(
    deployed: Deployed, run: Push, tmp_path: Path
) -> None:
    file = tmp_path / "excel.csv"
    text = "Creator Name;Cover URL;Created At\r\nJosé;https://e.com/1.jpg;19.01.2025 12:00\r\n"
    file.write_bytes(text.encode("cp1252"))
    code, _, err = run("--csv", str(file))
    assert code == 0
    assert "it was read as Windows-1252" in err
    (record,) = [unpack(data) for _, data in deployed.kinesis.stored if unpack(data).rows]
    assert list(record.creators) == ["José"]


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
    assert progress["outcome"]["text"].startswith("ended")
    assert (progress["ended"], progress["rows_accepted"], progress["collages"]) == (True, 20, 9)


def fold_all(deployed: Deployed) -> None:
    """Do what the windowing, the sweeper and the collage Lambdas do."""
    data = [data for _, data in deployed.kinesis.stored]
    outcome = deployed.aws.windowing().process(read_delivery(kinesis_event(data)))
    assert outcome.failures == {}
    deployed.aws.sweeper().sweep_batch("b")
    deployed.aws.end_windows()


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
