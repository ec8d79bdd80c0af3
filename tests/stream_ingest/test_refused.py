from __future__ import annotations

import msgspec

from stream_ingest.refused import RefusedRows
from stream_ingest.rows import Refusal, RefusalReason
from tests.fakes.ingest_aws import OUTPUT, IngestAws


def refusal(number: int) -> Refusal:
    return Refusal(
        reason=RefusalReason.EXPIRED, creator=f"🎉{number}", cover="a\nb", created_at="2026-11-21"
    )


def test_refused_rows_are_one_line_of_json_each(aws: IngestAws) -> None:
    rows = RefusedRows(aws.s3, OUTPUT, "b1")
    kept = [refusal(number) for number in range(3)]
    rows.store(kept)
    (key,) = aws.keys_in(OUTPUT)
    assert key == "failed/rows/b1/part-00001.jsonl"
    lines = aws.read(OUTPUT, key).splitlines()
    assert [msgspec.json.decode(line, type=Refusal) for line in lines] == kept


def test_a_part_stored_again_after_a_crash_is_the_same_object(aws: IngestAws) -> None:
    RefusedRows(aws.s3, OUTPUT, "b1").store([refusal(1), refusal(2)])
    again = RefusedRows(aws.s3, OUTPUT, "b1")
    again.store([refusal(1), refusal(2)])
    again.store([refusal(3)])
    keys = aws.keys_in(OUTPUT)
    assert keys == [f"failed/rows/b1/part-0000{part}.jsonl" for part in (1, 2)]
    assert [len(aws.read(OUTPUT, key).splitlines()) for key in keys] == [2, 1]
    assert again.parts == 2


def test_nothing_refused_is_nothing_stored(aws: IngestAws) -> None:
    rows = RefusedRows(aws.s3, OUTPUT, "b1")
    rows.store([])
    assert aws.keys_in(OUTPUT) == []
    assert rows.parts == 0
