from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from stream_ingest.contracts.errors import TransientError
from stream_ingest.intake import job_store as job_store_module
from stream_ingest.intake.archive import archive_key
from stream_ingest.intake.job_runner import CLAIM_MARGIN_S, JobOutcome
from stream_ingest.intake.job_store import JobStore
from stream_ingest.intake.jobs import Job
from tests.fakes.ingest.aws import OUTPUT, TABLE, TEMP
from tests.fakes.ingest.kinesis import FakeKinesis, refuse_all
from tests.fakes.ingest.rows import object_id
from tests.fakes.intake_aws import (
    INPUT,
    SLICE_S,
    IntakeAws,
    Interrupted,
    KilledError,
    csv_of,
)

KEY = "csv-files/covers.csv"


def objects(count: int) -> list[str]:
    return [object_id(number) for number in range(count)]


def archived(intake: IntakeAws, job: Job, *, failed: bool = False) -> str:
    return archive_key(job, int(intake.clock()), failed=failed)


def test_a_file_becomes_a_batch_and_moves_to_the_day_of_its_beginning(intake: IntakeAws) -> None:
    data = csv_of(250)
    job = intake.job(data)
    assert intake.run(job) is JobOutcome.DONE
    assert sorted(intake.folded()[job.batch_id]) == objects(250)
    assert intake.is_whole(job.batch_id)
    batch = intake.aws.registry.load(job.batch_id)
    assert batch is not None
    assert (batch.status, batch.trigger, batch.flush) == ("sent", "s3-trigger", "batch-end")
    assert (batch.rows_read, batch.rows_sent) == (250, 250)
    assert batch.source == f"s3://{INPUT}/csv-files/covers.csv"
    day = datetime.fromtimestamp(intake.clock(), UTC)
    assert intake.files() == [f"archived/processed/{day:%Y/%m/%d}/{job.batch_id}/covers.csv"]
    assert intake.aws.read(INPUT, intake.files()[0]) == data


@pytest.mark.parametrize("chunk_rows", [1, 40, 100])
def test_invocations_that_have_no_time_pass_a_file_on_and_nothing_is_lost_or_doubled(
    intake: IntakeAws, monkeypatch: pytest.MonkeyPatch, chunk_rows: int
) -> None:
    monkeypatch.setattr("stream_ingest.sources.csv_text.PAGE_ROWS", 30)
    job = intake.job(csv_of(250))
    outcomes = []
    while not outcomes or outcomes[-1] is JobOutcome.UNFINISHED:
        outcome = intake.run(job, f"message {len(outcomes)}", slice_s=0, chunk_rows=chunk_rows)
        outcomes.append(outcome)
    assert len(outcomes) > 3
    assert outcomes[-1] is JobOutcome.DONE
    assert sorted(intake.folded()[job.batch_id]) == objects(250)
    assert intake.is_whole(job.batch_id)
    assert intake.files() == [archived(intake, job)]


def test_the_table_tells_the_byte_up_to_which_a_file_was_read(intake: IntakeAws) -> None:
    data = csv_of(200)
    job = intake.job(data)
    intake.run(job, slice_s=0, chunk_rows=1_000)
    item = intake.aws.item(f"batch#{job.batch_id}", "intake")
    assert item is not None
    assert (item["position"], item["line"], item["phase"]) == (len(data), 201, "reading")


class Everything:
    """All clients of an invocation; the calls of all of them are counted together."""

    def __init__(self, intake: IntakeAws, killed_at: int) -> None:
        self.calls = itertools.count(1)
        self.killed_at = killed_at
        self.intake = intake
        s3 = Interrupted(intake.s3, self.due)
        dynamodb = Interrupted(intake.aws.dynamodb, self.due)
        self.s3: Any = s3
        self.job_store = JobStore(dynamodb, TABLE, s3, TEMP, intake.clock)  # type: ignore[arg-type]

    def due(self) -> bool:
        return next(self.calls) == self.killed_at


@pytest.mark.parametrize("slice_s", [0, SLICE_S])
def test_a_process_killed_at_any_call_is_gone_on_with_and_nothing_is_lost_or_doubled(
    intake: IntakeAws, slice_s: float
) -> None:
    """Every call of every invocation is the last one once; the message then comes again."""
    data = csv_of(60) + b'dora,"u,w\n'
    for killed_at in itertools.count(1):
        intake.kinesis = FakeKinesis()
        job = intake.job(data)
        kept = intake.job_store
        everything = Everything(intake, killed_at)
        intake.job_store = everything.job_store
        killed = 0
        outcome = JobOutcome.UNFINISHED
        while outcome is JobOutcome.UNFINISHED:
            part = intake.runner(chunk_rows=20, s3=everything.s3)
            now = intake.clock()
            try:
                outcome = part.run(job, "m", pause_at=now + slice_s, ends_at=now + SLICE_S)
            except KilledError:
                killed += 1
                intake.clock.advance(SLICE_S + CLAIM_MARGIN_S + 1)
        intake.job_store = kept
        assert outcome in {JobOutcome.UNREADABLE, JobOutcome.NOT_NEEDED}
        assert sorted(intake.folded()[job.batch_id]) == objects(60)
        assert intake.is_whole(job.batch_id)
        standing = intake.job_store.load(job.batch_id)
        assert standing is not None
        place = archive_key(job, standing.started_at, failed=True)
        assert intake.files() == [place, f"{place}.errors.json"]
        for key in intake.files():
            intake.s3.delete_object(Bucket=INPUT, Key=key)
        if not killed:
            assert killed_at > 10
            return


def test_where_reading_stopped_is_reported_beside_the_file_with_its_line(intake: IntakeAws) -> None:
    job = intake.job(csv_of(5) + b'dora,"u,w\n')
    assert intake.run(job) is JobOutcome.UNREADABLE
    assert sorted(intake.folded()[job.batch_id]) == objects(5)
    key = archived(intake, job, failed=True)
    assert intake.files() == [key, f"{key}.errors.json"]
    assert json.loads(intake.aws.read(INPUT, f"{key}.errors.json")) == {
        "file": f"s3://{INPUT}/{KEY}",
        "batch_id": job.batch_id,
        "line": 7,
        "reason": "a quote is opened and never closed",
        "rows_read": 5,
        "rows_sent": 5,
        "refused": {},
    }
    batch = intake.aws.registry.load(job.batch_id)
    assert batch is not None
    assert batch.status == "sent"


def test_bad_rows_cost_themselves_only(intake: IntakeAws) -> None:
    data = csv_of(3) + b",https://e.com/x,2026-11-01\nann,junk,2026\n\x01,https://e.com/y,2026\n"
    job = intake.job(data)
    assert intake.run(job) is JobOutcome.DONE
    batch = intake.aws.registry.load(job.batch_id)
    assert batch is not None
    assert (batch.rows_read, batch.rows_sent) == (6, 3)
    assert batch.refused == {"bad_creator": 2, "bad_json": 1}
    assert intake.aws.keys_in(OUTPUT) == [f"failed/rows/{job.batch_id}/part-00001.jsonl"]


def test_a_windows_1252_file_is_read_as_such_in_every_invocation(intake: IntakeAws) -> None:
    lines = [f"José {number},https://e.com/{number},2026-11-01\n" for number in range(30)]
    data = ("creator_name,cover_url,created_at\n" + "".join(lines)).encode("cp1252")
    job = intake.job(data)
    while intake.run(job, "m", slice_s=0, chunk_rows=7) is JobOutcome.UNFINISHED:
        pass
    folded = intake.folded()[job.batch_id]
    assert len(folded) == 30
    batch = intake.aws.registry.load(job.batch_id)
    assert batch is not None
    assert (batch.rows_sent, batch.refused) == (30, {})


def test_a_batch_that_was_done_is_not_done_again(intake: IntakeAws) -> None:
    job = intake.job(csv_of(10))
    intake.run(job)
    before = list(intake.kinesis.stored)
    assert intake.run(job, "another message") is JobOutcome.NOT_NEEDED
    assert intake.kinesis.stored == before


def test_a_second_message_leaves_a_job_to_whoever_is_at_it(intake: IntakeAws) -> None:
    job = intake.job(csv_of(10))
    intake.job_store.claim(job, "first", int(intake.clock()) + SLICE_S)
    assert intake.run(job, "second") is JobOutcome.CLAIMED
    with pytest.raises(TransientError, match="an earlier receipt of this message"):
        intake.run(job, "first")
    assert intake.records() == []
    intake.clock.advance(SLICE_S)
    assert intake.run(job, "first") is JobOutcome.DONE


def test_a_stream_that_refuses_leaves_the_job_free_and_what_was_read_written_down(
    intake: IntakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_ingest.push.producer._FIRST_BACKOFF_S", 0)
    job = intake.job(csv_of(10))
    intake.kinesis = FakeKinesis(*[refuse_all()] * 500)
    assert intake.run(job) is JobOutcome.BLOCKED
    with pytest.raises(TransientError, match="not accepted"):
        intake.run(job, "second")
    intake.kinesis = FakeKinesis()
    assert intake.run(job, "third") is JobOutcome.DONE
    assert sorted(intake.folded()[job.batch_id]) == objects(10)


def test_a_file_that_is_gone_before_it_was_read_is_no_batch(intake: IntakeAws) -> None:
    job = intake.job(csv_of(10))
    intake.s3.delete_object(Bucket=INPUT, Key=KEY)
    assert intake.run(job) is JobOutcome.GONE
    assert intake.aws.registry.load(job.batch_id) is None


def test_a_file_that_is_replaced_while_it_is_read_ends_there_and_the_new_one_stays(
    intake: IntakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_ingest.sources.csv_text.PAGE_ROWS", 10)
    monkeypatch.setattr("stream_ingest.intake.objects.BLOCK_BYTES", 1_000)
    job = intake.job(csv_of(50))
    assert intake.run(job, "first", slice_s=0, chunk_rows=10) is JobOutcome.UNFINISHED
    newer = intake.job(csv_of(60))
    assert newer.batch_id != job.batch_id
    assert intake.run(job, "second", chunk_rows=10) is JobOutcome.UNREADABLE
    assert len(intake.folded()[job.batch_id]) == 10
    report = json.loads(intake.aws.read(INPUT, archived(intake, job, failed=True) + ".errors.json"))
    assert "was replaced by another object" in report["reason"]
    assert KEY in intake.files()
    assert intake.run(newer, "third") is JobOutcome.DONE
    assert sorted(intake.folded()[newer.batch_id]) == objects(60)


def test_in_a_bucket_with_versions_a_file_that_is_replaced_is_read_to_its_own_end(
    intake: IntakeAws,
) -> None:
    intake.s3.put_bucket_versioning(Bucket=INPUT, VersioningConfiguration={"Status": "Enabled"})
    job = intake.job(csv_of(50))
    newer = intake.job(csv_of(60))
    assert job.object.version != newer.object.version
    assert intake.run(job, "first") is JobOutcome.DONE
    assert sorted(intake.folded()[job.batch_id]) == objects(50)
    assert intake.aws.read(INPUT, archived(intake, job)) == csv_of(50)
    assert intake.run(newer, "second") is JobOutcome.DONE
    assert sorted(intake.folded()[newer.batch_id]) == objects(60)
    assert KEY not in intake.files()


def test_chunks_lie_where_they_expire(intake: IntakeAws) -> None:
    job = intake.job(csv_of(5))
    intake.run(job)
    keys = intake.aws.keys_in(TEMP)
    assert keys
    assert all(key.startswith(job_store_module.CHUNKS_PREFIX) for key in keys)
