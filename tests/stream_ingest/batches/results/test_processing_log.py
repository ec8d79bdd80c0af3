from __future__ import annotations

from itertools import permutations

import pytest

from stream_ingest.batches.results.documents import decode_document, encode_document
from stream_ingest.batches.results.processing_log import (
    LoggedBatch,
    ProcessingLog,
    log_key,
    with_logged,
)
from tests.stream_ingest.batches.results.test_statistics import summary

TODAY = ProcessingLog(date="2026-11-21")


def logged(**changes: object) -> LoggedBatch:
    (entry,) = with_logged(TODAY, summary(**changes)).batches  # type: ignore[arg-type]
    return entry


def test_a_days_log_is_named_by_its_day_below_its_month() -> None:
    assert log_key("2026-11-21") == "results/processing-logs/2026/11/processing_log_20261121.json"


def test_batches_are_in_the_order_in_which_they_ended_each_once_however_often_they_come() -> None:
    ended = [
        summary(name, ended_at=f"2026-11-21T{hour}:00:00+00:00")
        for name, hour in (("late", "23"), ("early", "01"), ("noon", "12"))
    ]
    logs = set()
    for order in permutations([*ended, ended[0]]):
        log = TODAY
        for each in order:
            log = with_logged(log, each)
        logs.add(encode_document(log))
    (only,) = logs
    log = decode_document(only, ProcessingLog)
    assert [batch.batch_id for batch in log.batches] == ["early", "noon", "late"]


@pytest.mark.parametrize(
    ("windows", "outcome"),
    [
        ({"completed": 3}, "completed"),
        ({"completed": 2, "partial": 1}, "partial"),
        ({"completed": 2, "failed": 1}, "partial"),
        ({"partial": 1}, "partial"),
        ({"failed": 2}, "failed"),
        ({}, "no collages"),
    ],
)
def test_an_outcome_says_what_became_of_the_windows(windows: dict[str, int], outcome: str) -> None:
    collages = windows.get("completed", 0) + windows.get("partial", 0)
    entry = logged(windows=sum(windows.values()), windows_by_status=windows, collages=collages)
    assert entry.outcome == outcome
