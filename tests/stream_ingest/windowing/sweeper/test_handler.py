from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.records.codec import BUCKETS
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from tests.fakes.ingest.aws import IngestAws
from tests.fakes.ingest.rows import NOW_S, arrivals, header
from tests.paths import EVENTS

DRAINED = json.loads((EVENTS / "sweeper_batch_drained.json").read_text())
SCHEDULED = json.loads((EVENTS / "sweeper_schedule.json").read_text())
Invoke = Callable[[dict[str, Any]], None]
BATCH = header(DRAINED["detail"]["batch_id"], flush=FlushPolicy(kind="batch-end", idle_s=600))


def fill(aws: IngestAws) -> None:
    """Put one open window of a drained batch and one of another into the table."""
    for creator, batch in (("ann", BATCH), ("ben", header("other", flush=BATCH.settings.flush))):
        state = CreatorState(creator=creator)
        aws.registry.register(batch)
        aws.store.commit(state, fold(state, arrivals([1], batch), NOW_S, Rules()), NOW_S)
    aws.registry.record_totals(BATCH.batch_id, Totals(rows_read=1, rows_sent=1), sent=True)
    aws.registry.record_drained(BATCH.batch_id, set(range(BUCKETS)))


def test_a_drained_batch_is_flushed_at_once_and_only_that(aws: IngestAws, sweep: Invoke) -> None:
    fill(aws)
    aws.clock.advance(7_200)
    sweep(DRAINED)
    assert [(d["creator"], d["closed_because"]) for d in aws.bus.details()] == [
        ("ann", "batch-end")
    ]


def test_the_schedule_sweeps_everything(
    aws: IngestAws, sweep: Invoke, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(aws)
    aws.clock.advance(7_200)
    sweep(SCHEDULED)
    assert {d["creator"] for d in aws.bus.details()} == {"ann", "ben"}
    (emf,) = [line for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    said = json.loads(emf)
    assert said["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Coverstream"
    assert (said["service"], said["WindowsClosed"], said["WindowsEmitted"]) == ("sweeper", [2], [2])
    assert (said["BatchesOpen"], said["WindowsWaiting"]) == ([2], [2])
    assert (said["OldestWindowAgeSeconds"], said["OldestWorkAgeSeconds"]) == ([0], [7_200])


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_a_detail_that_breaks_its_contract_goes_to_the_dead_letters(sweep: Invoke) -> None:
    with pytest.raises(DecodeError, match="BatchDrained"):
        sweep(DRAINED | {"detail": {"batch_id": 7}})
