"""The Lambda on the event that AWS sends (tests/events/windowing_kinesis.json).

The event brings: a record of ann's covers 1, 2, 2 and 3 (two images a window), a record that is no
record, one of a codec to come, and ben's covers 1 and 2 with the end of bucket 101.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from stream_ingest.contracts import environment
from stream_ingest.contracts.environment import SettingsError
from stream_ingest.contracts.errors import TransientError
from stream_ingest.windowing import wiring
from stream_ingest.windowing.handler import handle, make_handler
from tests.fakes.ingest.aws import OUTPUT, FailingStore, IngestAws
from tests.fakes.ingest.lambda_context import LambdaContext
from tests.fakes.ingest.rows import header
from tests.paths import EVENTS

EVENT = json.loads((EVENTS / "windowing_kinesis.json").read_text())
SEQUENCES = [record["kinesis"]["sequenceNumber"] for record in EVENT["Records"]]
ALL_DONE: dict[str, Any] = {"batchItemFailures": []}


def invoke(app: wiring.App) -> dict[str, Any]:
    handle = make_handler(lambda: app)
    return handle(json.loads(json.dumps(EVENT)), LambdaContext())  # type: ignore[arg-type]


def metrics_in(printed: str) -> dict[str, float]:
    """Return the values of the EMF lines in what was printed."""
    values: dict[str, float] = {}
    for line in printed.splitlines():
        document = json.loads(line)
        for directive in document.get("_aws", {}).get("CloudWatchMetrics", []):
            assert directive["Namespace"] == "Coverstream"
            for metric in directive["Metrics"]:
                values[metric["Name"]] = document[metric["Name"]][0]
    return values


class Throttled(FailingStore):
    """Cannot commit some creators for the moment."""

    def __init__(self, aws: IngestAws, creators: Sequence[str]) -> None:
        super().__init__(aws, self._refuse)
        self._creators = creators

    def _refuse(self, _step: str, creator: str) -> None:
        if creator in self._creators:
            raise TransientError(f"commit {creator}: ThrottlingException")  # noqa: EM102, TRY003 - as the store says it


def test_all_readable_records_are_folded_without_failures(aws: IngestAws) -> None:
    assert invoke(aws.app()) == ALL_DONE
    windows = {detail["window_id"]: detail for detail in aws.bus.details()}
    assert {name: detail["image_count"] for name, detail in windows.items()} == {
        "ann:000001": 2,
        "ben:000001": 2,
    }
    assert aws.store.load(["ann"])["ann"].open_images == 1


def test_poison_is_in_quarantine_with_its_reason_and_is_no_failure(aws: IngestAws) -> None:
    assert invoke(aws.app()) == ALL_DONE
    first, second = aws.keys_in(OUTPUT)
    assert first == f"failed/records/2026/11/21/{SEQUENCES[1]}.json"
    assert json.loads(aws.read(OUTPUT, first))["reason"].startswith("record: codec version")
    stored = json.loads(aws.read(OUTPUT, second))
    assert stored["reason"] == "record: codec version 3, this consumer reads 2"
    assert stored["data"] == EVENT["Records"][2]["kinesis"]["data"]


def test_the_same_event_twice_leaves_the_table_as_it_was(aws: IngestAws) -> None:
    aws.registry.register(header("20261121-030512-9f3a", images=2))
    invoke(aws.app())
    before = aws.snapshot()
    assert invoke(aws.app()) == ALL_DONE
    assert aws.snapshot() == before
    assert len(aws.bus.details()) == 2
    assert len(aws.keys_in(OUTPUT)) == 2


def test_only_the_lowest_failed_record_is_reported(
    aws: IngestAws,
) -> None:
    """AWS goes back to the lowest one that is named and repeats all behind it."""
    assert invoke(aws.app(Throttled(aws, ["ben", "ann"]))) == {
        "batchItemFailures": [{"itemIdentifier": SEQUENCES[0]}]
    }


def test_a_creator_that_cannot_be_written_does_not_hold_back_the_others(
    aws: IngestAws,
) -> None:
    assert invoke(aws.app(Throttled(aws, ["ben"]))) == {
        "batchItemFailures": [{"itemIdentifier": SEQUENCES[3]}]
    }
    assert [detail["creator"] for detail in aws.bus.details()] == ["ann"]


def test_a_failure_is_raised_if_partial_responses_are_not_trusted(
    aws: IngestAws,
) -> None:
    """Ministack counts the batch as done whatever the answer says: that would lose ben's rows."""
    throttled = replace(aws.app(Throttled(aws, ["ben"])), trusts_partial_responses=False)
    with pytest.raises(TransientError, match=f"{SEQUENCES[3]}: commit ben"):
        invoke(throttled)
    assert invoke(replace(aws.app(), trusts_partial_responses=False)) == ALL_DONE
    assert [detail["creator"] for detail in aws.bus.details()] == ["ann", "ben"]


def test_results_are_reported_as_metrics(
    aws: IngestAws, capsys: pytest.CaptureFixture[str]
) -> None:
    invoke(aws.app())
    metrics = metrics_in(capsys.readouterr().out)
    assert metrics.pop("MemoryPercent") > 0
    assert metrics == {
        "RecordsReceived": 4,
        "RowsReceived": 6,
        "RowsAccepted": 5,
        "RowsDuplicate": 1,
        "RowsBlocked": 0,
        "RowsResent": 0,
        "RowsDeferred": 0,
        "WindowsClosed": 2,
        "WindowsNotEmitted": 0,
        "RecordsQuarantined": 2,
        "CommitConflicts": 0,
        "RecordsFailed": 0,
    }


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_missing_settings_are_reported_before_any_work(
    aws: IngestAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (environment.BUS, environment.OUTPUT_BUCKET, environment.TEMP_BUCKET):
        monkeypatch.setenv(name, "some")
    with pytest.raises(SettingsError, match="COVERSTREAM_TABLE is not set"):
        handle(EVENT, LambdaContext())  # type: ignore[arg-type]
    assert aws.snapshot() == []
