from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import UserError
from stream_ingest.push.checkpoint import Chunk
from stream_ingest.push.counting import PushReport
from stream_ingest.push.push import Push, rehearse
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.codec import BUCKETS, PackedRecord, unpack
from stream_ingest.sources.source import SourceRow
from stream_ingest.windowing.delivery import read_delivery
from tests.fakes.ingest.aws import OUTPUT, IngestAws
from tests.fakes.ingest.delivery import kinesis_event
from tests.fakes.ingest.kinesis import FakeKinesis, raising, refuse_all
from tests.fakes.ingest.rows import header, object_id, source_row
from tests.fakes.ingest.source import ListSource, MemoryJournal

HEADER = header("b")
BAD: list[SourceRow] = [("charli", "{}", "2026-11-01"), ("", "x", ""), ("charli", "nonsense", None)]


class Pushing:
    """A push onto a fake stream, with all that tests check."""

    def __init__(self, aws: IngestAws, kinesis: FakeKinesis | None = None) -> None:
        self.aws = aws
        self.kinesis = kinesis or FakeKinesis()
        self.journal = MemoryJournal(self.kinesis.stored)
        self.printed: list[int] = []

    def run(
        self, source: ListSource, *, chunk_rows: int = 100, begun: Chunk | None = None
    ) -> PushReport:
        """Send a source, in a process of its own."""
        if self.aws.registry.load("b") is None:
            self.aws.registry.register(HEADER)
        push = Push(
            header=HEADER,
            kinesis=self.kinesis,  # type: ignore[arg-type]
            stream="stream",
            registry=self.aws.registry,
            refused=RefusedRows(self.aws.s3, OUTPUT, "b"),
            checkpoint=self.journal,
            progress=lambda report: self.printed.append(report.rows_read),
            chunk_rows=chunk_rows,
        )
        return asyncio.run(push.run(source, begun))

    def records(self) -> list[PackedRecord]:
        """Return what the stream holds, repetitions and all."""
        return [unpack(data) for _, data in self.kinesis.stored]

    def kept(self) -> list[bytes]:
        """Return the refused rows that were stored."""
        keys = self.aws.keys_in(OUTPUT)
        return [line for key in keys for line in self.aws.read(OUTPUT, key).splitlines()]


@pytest.fixture
def pushing(aws: IngestAws) -> Pushing:
    return Pushing(aws)


def rows(count: int, creators: Sequence[str] = ("ann", "ben", "charli")) -> list[SourceRow]:
    return [source_row(number, creators[number % len(creators)]) for number in range(count)]


def test_every_row_is_sent_and_every_bucket_ends(pushing: Pushing) -> None:
    report = pushing.run(ListSource(rows(250)))
    records = pushing.records()
    sent = [row.identity for record in records for row in record.cover_rows()]
    assert sorted(sent) == [object_id(number) for number in range(250)]
    assert {record.bucket for record in records if record.last} == set(range(BUCKETS))
    assert (report.rows_read, report.rows_sent, dict(report.refused)) == (250, 250, {})
    with_rows = [data for _, data in pushing.kinesis.stored if unpack(data).rows]
    assert report.records == len(with_rows) == len(records) - BUCKETS, "end marks are not counted"
    assert report.bytes == sum(map(len, with_rows))


def test_rows_of_a_creator_keep_their_order_across_chunks(pushing: Pushing) -> None:
    pushing.run(ListSource(rows(250), page_rows=30), chunk_rows=60)
    for creator in ("ann", "ben", "charli"):
        sent = [
            row.identity
            for record in pushing.records()
            for row in record.cover_rows()
            if row.creator == creator
        ]
        assert len(sent) > 80
        assert sent == sorted(sent)


def test_refused_rows_are_counted_and_stored(pushing: Pushing) -> None:
    report = pushing.run(ListSource([*rows(5), *BAD]))
    assert (report.rows_read, report.rows_sent) == (8, 5)
    assert dict(report.refused) == {"no_url": 1, "bad_creator": 1, "bad_json": 1}
    assert [msgspec.json.decode(line)["reason"] for line in pushing.kept()] == [
        "no_url",
        "bad_creator",
        "bad_json",
    ]


def test_refused_rows_are_stored_chunk_by_chunk(pushing: Pushing) -> None:
    pushing.run(ListSource(BAD * 4, page_rows=3), chunk_rows=6)
    assert len(pushing.aws.keys_in(OUTPUT)) == 2
    assert len(pushing.kept()) == 12


def test_the_totals_are_stored_before_the_end_marks_are_sent(aws: IngestAws) -> None:
    """Whoever folds the last end mark has to find how many rows there were."""
    statuses: set[str] = set()

    class Watching(FakeKinesis):
        async def put_records(
            self,
            *,
            StreamName: str,  # noqa: N803 - AWS's name
            Records: Sequence[Mapping[str, Any]],  # noqa: N803 - AWS's name
        ) -> dict[str, Any]:
            if any(unpack(record["Data"]).last for record in Records):
                batch = aws.registry.load("b")
                assert batch is not None
                assert (batch.rows_read, batch.rows_sent) == (8, 5)
                statuses.add(batch.status)
            return await super().put_records(StreamName=StreamName, Records=Records)

    Pushing(aws, Watching()).run(ListSource([*rows(5), *BAD]))
    assert statuses == {"sent"}


def test_a_source_that_breaks_leaves_the_batch_unfinished(pushing: Pushing) -> None:
    with pytest.raises(UserError, match="line 7"):
        pushing.run(ListSource(rows(5), error=UserError("line 7")))
    batch = pushing.aws.registry.load("b")
    assert batch is not None
    assert batch.status == "sending"
    assert not any(record.last for record in pushing.records())


def test_a_stream_that_breaks_ends_the_push(aws: IngestAws) -> None:
    with pytest.raises(ClientError, match="ResourceNotFound"):
        Pushing(aws, FakeKinesis(raising("ResourceNotFoundException"))).run(ListSource(rows(5)))


def test_records_rejected_by_the_stream_are_not_refused_rows(aws: IngestAws) -> None:
    pushing = Pushing(aws, FakeKinesis(refuse_all()))
    report = pushing.run(ListSource(rows(20)))
    assert (report.rows_sent, dict(report.refused)) == (20, {})
    assert len(pushing.kinesis.attempts) > 1


def test_progress_is_reported_page_by_page(pushing: Pushing) -> None:
    pushing.run(ListSource(rows(250), page_rows=100))
    assert pushing.printed == [100, 200, 250, 250]


def test_totals_are_stored_during_a_long_push(
    pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_ingest.push.push._TOTALS_INTERVAL_S", -1.0)
    recorded: list[tuple[int, bool]] = []
    real: Callable[..., None] = BatchRegistry.record_totals

    def note(self: BatchRegistry, batch_id: str, totals: Any, *, sent: bool, **more: Any) -> None:  # noqa: ANN401 - as in the registry
        recorded.append((totals.rows_read, sent))
        real(self, batch_id, totals, sent=sent, **more)

    monkeypatch.setattr(BatchRegistry, "record_totals", note)
    pushing.run(ListSource(rows(200), page_rows=100))
    at_pages_and_chunks = [100, 100, 200, 200]
    assert recorded == [*((rows_read, False) for rows_read in at_pages_and_chunks), (200, True)]


def test_an_empty_source_is_a_batch_of_nothing(pushing: Pushing) -> None:
    report = pushing.run(ListSource([]))
    assert (report.rows_read, report.rows_sent, report.records) == (0, 0, 0)


def test_a_dry_run_counts_as_the_push_does() -> None:
    source = ListSource([*rows(250), *BAD])
    report = asyncio.run(rehearse(source, HEADER, lambda _: None))
    assert (report.rows_read, report.rows_sent) == (253, 250)
    assert dict(report.refused) == {"no_url": 1, "bad_creator": 1, "bad_json": 1}
    assert report.records > 0


# --- chunks, and going on after a kill -------------------------------------------------------


def test_a_chunk_is_checkpointed_before_any_of_it_is_sent(pushing: Pushing) -> None:
    """And after all of the one before it is in: one chunk is all that can be in doubt."""
    pushing.run(ListSource(rows(250), page_rows=50), chunk_rows=100)
    chunks = pushing.journal.chunks
    assert [chunk.ends for chunk in chunks] == [False, False, False, True]
    assert [chunk.cursor for chunk in chunks] == [(100,), (200,), (250,), None]
    assert [chunk.totals.rows_sent for chunk in chunks] == [100, 200, 250, 250]
    sent = 0
    for chunk, stored in zip(chunks, pushing.journal.stored_at, strict=True):
        assert stored == sent
        sent += len(chunk.records)


STOPS = range(4)


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("sent_of_it", [0, 1, 2])
def test_a_push_killed_at_any_chunk_resumes_with_nothing_lost_or_doubled(
    aws: IngestAws, stop: int, sent_of_it: int
) -> None:
    """Killed behind a chunk's writing down, with none, some or all of its records sent."""
    whole = Pushing(aws)
    source = ListSource([*rows(250), *BAD], page_rows=50)
    complete = whole.run(source, chunk_rows=100)
    begun = whole.journal.chunks[stop]

    resumed = Pushing(aws)
    before = sum(len(chunk.records) for chunk in whole.journal.chunks[:stop])
    doubt = [0, len(begun.records) // 2, len(begun.records)][sent_of_it]
    resumed.kinesis.stored += whole.kinesis.stored[:before]
    resumed.kinesis.stored += [
        (record.partition_key, record.data) for record in begun.records[:doubt]
    ]
    report = resumed.run(source, chunk_rows=100, begun=begun)

    assert (report.rows_read, report.rows_sent) == (253, 250)
    assert report.refused == complete.refused
    assert folded_images(resumed) == folded_images(whole)
    ends = {record.bucket for record in resumed.records() if record.last}
    assert ends == set(range(BUCKETS))


def folded_images(pushing: Pushing) -> dict[str, list[str]]:
    """Return each creator's identities as the fold takes them: no position twice."""
    delivery = read_delivery(kinesis_event([data for _, data in pushing.kinesis.stored]))
    assert delivery.poison == []
    images: dict[str, list[str]] = {}
    for key, work in delivery.creators.items():
        mark = -1
        for arrival in work.arrivals:
            if arrival.position > mark:
                mark = arrival.position
                images.setdefault(key, []).append(arrival.row.identity)
    return images


def test_a_resumed_push_continues_the_parts_of_refused_rows(pushing: Pushing) -> None:
    source = ListSource(BAD * 40, page_rows=30)
    pushing.run(source, chunk_rows=60)
    wanted = sorted(pushing.kept())
    assert len(pushing.aws.keys_in(OUTPUT)) == 2
    begun = pushing.journal.chunks[0]
    pushing.run(source, chunk_rows=60, begun=begun)
    assert sorted(pushing.kept()) == wanted


def test_a_push_killed_after_its_totals_can_be_resumed_at_any_time(
    pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch is ``sent`` already: noting totals on the way must not stop the resumed push."""
    monkeypatch.setattr("stream_ingest.push.push._TOTALS_INTERVAL_S", -1.0)
    source = ListSource(rows(250), page_rows=50)
    pushing.run(source, chunk_rows=100)
    report = pushing.run(source, chunk_rows=100, begun=pushing.journal.chunks[1])
    assert report.rows_sent == 250
    batch = pushing.aws.registry.load("b")
    assert batch is not None
    assert (batch.status, batch.rows_sent) == ("sent", 250)
