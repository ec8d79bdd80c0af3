from __future__ import annotations

import msgspec

from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.rows import RefusalReason, RowRefusal
from tests.fakes.ingest.aws import OUTPUT, IngestAws


def refusal(number: int) -> RowRefusal:
    return RowRefusal(
        reason=RefusalReason.EXPIRED, creator=f"🎉{number}", cover="a\nb", created_at="2026-11-21"
    )


def test_refused_rows_are_one_line_of_json_each(aws: IngestAws) -> None:
    stored = [refusal(number) for number in range(3)]
    RefusedRows(aws.s3, OUTPUT, "b1").store(stored)
    (key,) = aws.keys_in(OUTPUT)
    assert key == "failed/rows/b1/part-00001.jsonl"
    lines = aws.read(OUTPUT, key).splitlines()
    assert [msgspec.json.decode(line, type=RowRefusal) for line in lines] == stored


def test_a_resumed_push_continues_the_part_numbers(aws: IngestAws) -> None:
    first = RefusedRows(aws.s3, OUTPUT, "b1")
    first.store([refusal(1)])
    resumed = RefusedRows(aws.s3, OUTPUT, "b1")
    resumed.parts = first.parts
    resumed.store([refusal(2)])
    assert aws.keys_in(OUTPUT) == [f"failed/rows/b1/part-0000{part}.jsonl" for part in (1, 2)]


def test_the_same_part_twice_is_the_same_object(aws: IngestAws) -> None:
    for _ in range(2):
        RefusedRows(aws.s3, OUTPUT, "b1").store([refusal(1)])
    assert len(aws.keys_in(OUTPUT)) == 1


def test_no_refusals_store_nothing(aws: IngestAws) -> None:
    rows = RefusedRows(aws.s3, OUTPUT, "b1")
    rows.store([])
    assert rows.parts == 0
    assert aws.keys_in(OUTPUT) == []
