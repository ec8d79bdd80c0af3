from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from botocore.exceptions import ClientError

from stream_ingest.batches import BatchRegistry
from stream_ingest.errors import UserError
from stream_ingest.packing import BUCKETS, unpack
from stream_ingest.push import Push, PushReport, rehearse
from stream_ingest.refused import PART_ROWS, RefusedRows
from stream_ingest.sources.rows import SourceRow
from tests.fakes.ingest_aws import OUTPUT, IngestAws
from tests.fakes.ingest_kinesis import FakeKinesis, raising, refuse_all
from tests.fakes.ingest_rows import header, object_id, source_row
from tests.fakes.ingest_source import ListSource

HEADER = header("b")
BAD: list[SourceRow] = [("charli", "{}", "2026-11-01"), ("", "x", ""), ("charli", "nonsense", None)]


def push_onto(
    aws: IngestAws,
    source: ListSource,
    kinesis: FakeKinesis | None = None,
    told: list[int] | None = None,
) -> tuple[PushReport, FakeKinesis]:
    kinesis = kinesis or FakeKinesis()
    pushing = Push(
        header=HEADER,
        kinesis=kinesis,  # type: ignore[arg-type]
        stream="stream",
        registry=aws.registry,
        refused=RefusedRows(aws.s3, OUTPUT, HEADER.batch_id),
        progress=lambda report: told.append(report.rows_read) if told is not None else None,
    )
    return asyncio.run(pushing.run(source)), kinesis


def rows(count: int, creators: Sequence[str] = ("ann", "ben", "charli")) -> list[SourceRow]:
    return [source_row(number, creators[number % len(creators)]) for number in range(count)]


def test_every_row_is_sent_and_every_bucket_ends(aws: IngestAws) -> None:
    report, kinesis = push_onto(aws, ListSource(rows(250)))
    records = [unpack(data) for _, data in kinesis.stored]
    sent = [row for record in records for row in record.cover_rows()]
    assert sorted(row.identity for row in sent) == [object_id(number) for number in range(250)]
    assert {record.bucket for record in records if record.last} == set(range(BUCKETS))
    assert (report.rows_read, report.rows_sent, dict(report.refused)) == (250, 250, {})
    assert report.records == len(records)
    assert report.bytes == sum(len(data) for _, data in kinesis.stored)


def test_rows_of_a_creator_keep_their_order(aws: IngestAws) -> None:
    _, kinesis = push_onto(aws, ListSource(rows(250)), FakeKinesis())
    for creator in ("ann", "ben", "charli"):
        sent = [
            row.identity
            for _, data in kinesis.stored
            for row in unpack(data).cover_rows()
            if row.creator == creator
        ]
        assert sent == sorted(sent)


def test_refused_rows_are_counted_and_kept(aws: IngestAws) -> None:
    report, _ = push_onto(aws, ListSource([*rows(5), *BAD]))
    assert (report.rows_read, report.rows_sent) == (8, 5)
    assert dict(report.refused) == {"no_url": 1, "bad_creator": 1, "bad_json": 1}
    (key,) = aws.keys_in(OUTPUT)
    assert len(aws.read(OUTPUT, key).splitlines()) == 3


def test_many_refused_rows_are_kept_in_parts(aws: IngestAws) -> None:
    push_onto(aws, ListSource([BAD[0]] * (PART_ROWS + 1)))
    assert len(aws.keys_in(OUTPUT)) == 2


def test_the_batch_knows_what_was_sent_before_its_end_is(aws: IngestAws) -> None:
    """Whoever folds the last end mark has to find how many rows there were."""
    statuses: list[str] = []

    class Watching(FakeKinesis):
        async def put_records(
            self, *, StreamName: str, Records: Sequence[dict[str, bytes]]
        ) -> dict[str, object]:  # type: ignore[override]
            if any(unpack(record["Data"]).last for record in Records):
                batch = aws.registry.load("b")
                assert batch is not None
                statuses.append(batch.status)
                assert (batch.rows_read, batch.rows_sent) == (8, 5)
            return await super().put_records(StreamName=StreamName, Records=Records)

    push_onto(aws, ListSource([*rows(5), *BAD]), Watching())
    assert statuses
    assert set(statuses) == {"sent"}


def test_an_id_that_is_taken_sends_nothing(aws: IngestAws) -> None:
    aws.registry.register(HEADER)
    kinesis = FakeKinesis()
    with pytest.raises(UserError, match="exists already"):
        push_onto(aws, ListSource(rows(5)), kinesis)
    assert kinesis.attempts == []


def test_a_source_that_breaks_leaves_the_batch_unfinished(aws: IngestAws) -> None:
    kinesis = FakeKinesis()
    with pytest.raises(UserError, match="line 7"):
        push_onto(aws, ListSource(rows(5), error=UserError("line 7")), kinesis)
    batch = aws.registry.load("b")
    assert batch is not None
    assert batch.status == "sending"
    assert not any(unpack(data).last for _, data in kinesis.stored)


def test_a_stream_that_breaks_ends_the_push(aws: IngestAws) -> None:
    kinesis = FakeKinesis(raising("ResourceNotFoundException"))
    with pytest.raises(ClientError, match="ResourceNotFound"):
        push_onto(aws, ListSource(rows(5)), kinesis)


def test_refusals_of_the_stream_are_no_refusals_of_rows(aws: IngestAws) -> None:
    report, kinesis = push_onto(aws, ListSource(rows(20)), FakeKinesis(refuse_all()))
    assert (report.rows_sent, dict(report.refused)) == (20, {})
    assert len(kinesis.attempts) > 1


def test_progress_is_told_page_by_page(aws: IngestAws) -> None:
    told: list[int] = []
    push_onto(aws, ListSource(rows(250), page_rows=100), told=told)
    assert told == [100, 200, 250, 250]


def test_totals_are_noted_on_the_way_of_a_long_push(
    aws: IngestAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_ingest.push._TOTALS_EVERY_S", -1.0)
    noted: list[tuple[int, bool]] = []
    real = BatchRegistry.note_totals

    def note(self: BatchRegistry, batch_id: str, totals: object, *, sent: bool) -> None:
        noted.append((totals.rows_read, sent))  # type: ignore[attr-defined]
        real(self, batch_id, totals, sent=sent)  # type: ignore[arg-type]

    monkeypatch.setattr(BatchRegistry, "note_totals", note)
    push_onto(aws, ListSource(rows(200), page_rows=100))
    assert noted == [(100, False), (200, False), (200, True)]


def test_an_empty_source_is_a_batch_of_nothing(aws: IngestAws) -> None:
    report, kinesis = push_onto(aws, ListSource([]))
    assert (report.rows_read, report.rows_sent, report.records) == (0, 0, BUCKETS)
    assert len(kinesis.stored) == BUCKETS


def test_a_rehearsal_counts_as_the_push_would() -> None:
    source = ListSource([*rows(250), *BAD])
    report = asyncio.run(rehearse(source, HEADER, lambda _: None))
    assert (report.rows_read, report.rows_sent) == (253, 250)
    assert dict(report.refused) == {"no_url": 1, "bad_creator": 1, "bad_json": 1}
    assert report.records > 0
    assert report.seconds > 0
