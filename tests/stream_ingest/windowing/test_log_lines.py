"""Log lines from which a window's timeline is built."""

from __future__ import annotations

import json
from collections.abc import Callable
from logging import LogRecord
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.windowing import handler
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from stream_ingest.windowing.sweeper import handler as sweep_handler
from tests.fakes.ingest.aws import IngestAws
from tests.fakes.ingest.lambda_context import LambdaContext
from tests.fakes.ingest.rows import NOW_S, arrivals, header
from tests.paths import EVENTS

KINESIS = json.loads((EVENTS / "windowing_kinesis.json").read_text())
SCHEDULED = json.loads((EVENTS / "sweeper_schedule.json").read_text())
SEQUENCES = [record["kinesis"]["sequenceNumber"] for record in KINESIS["Records"]]
SHARD = KINESIS["Records"][0]["eventID"].partition(":")[0]
BATCH = "20261121-030512-9f3a"
REQUEST = LambdaContext().aws_request_id
Line = dict[str, Any]
Invoke = Callable[[dict[str, Any]], object]


def listen(monkeypatch: pytest.MonkeyPatch, logger: Logger) -> list[Line]:
    """Collect log lines as they would be printed."""
    lines: list[Line] = []
    registered = logger.registered_handler

    def note(record: LogRecord) -> None:
        lines.append(json.loads(registered.format(record)))

    monkeypatch.setattr(registered, "emit", note)
    return lines


def about_windows(lines: list[Line], *names: str) -> list[tuple[Any, ...]]:
    return [
        (line["message"], line["window_id"], *(line.get(name) for name in names))
        for line in lines
        if "window_id" in line
    ]


def test_a_window_that_closed_names_batch_shard_records_and_request(
    fold_event: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = listen(monkeypatch, handler.logger)
    fold_event(KINESIS)
    names = ("batch_id", "shard", "sequence_number", "last_sequence_number", "emitted")
    assert about_windows(lines, *names, "function_request_id") == [
        ("window closed", "ann:000001", BATCH, SHARD, SEQUENCES[0], SEQUENCES[0], True, REQUEST),
        ("window closed", "ben:000001", BATCH, SHARD, SEQUENCES[3], SEQUENCES[3], True, REQUEST),
    ]


def test_a_delivery_names_its_batches_and_the_records_between_which_it_lies(
    fold_event: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = listen(monkeypatch, handler.logger)
    fold_event(KINESIS)
    (folded,) = [line for line in lines if line["message"] == "delivery folded"]
    assert folded["batches"] == [BATCH]
    assert folded["first_sequence_number"] == SEQUENCES[0]
    assert folded["last_sequence_number"] == SEQUENCES[-1]
    quarantined = [line for line in lines if line["message"] == "record quarantined"]
    assert [(line["shard"], line["sequence_number"]) for line in quarantined] == [
        (SHARD, SEQUENCES[1]),
        (SHARD, SEQUENCES[2]),
    ]


def test_the_sweeper_says_which_windows_it_closed_emitted_again_and_abandoned(
    aws: IngestAws, sweep: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = header("b", images=2, flush=FlushPolicy(idle_s=600))
    state = CreatorState(creator="ann")
    aws.store.commit(state, fold(state, arrivals(range(5), batch), NOW_S, Rules()), NOW_S)
    aws.set_item("ann", "window#000002", attempts=9)
    aws.clock.advance(7_200)
    lines = listen(monkeypatch, sweep_handler.logger)
    sweep(SCHEDULED)
    assert sorted(about_windows(lines, "batch_id", "because", "emitted")) == [
        ("window abandoned", "ann:000002", None, None, None),
        ("window closed", "ann:000003", "b", "idle", True),
        ("window emitted again", "ann:000001", "b", "full", True),
    ]
    assert {line["function_request_id"] for line in lines} == {REQUEST}
