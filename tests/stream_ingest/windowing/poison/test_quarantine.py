from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from botocore.exceptions import ReadTimeoutError

from stream_ingest.contracts.errors import TransientError
from stream_ingest.windowing.delivery import Poison
from stream_ingest.windowing.poison.quarantine import Quarantine
from tests.fakes.ingest.aws import OUTPUT, IngestAws
from tests.fakes.ingest.delivery import FIRST_SEQUENCE

POISON = Poison(
    sequence=FIRST_SEQUENCE,
    partition_key="bucket-003",
    arrived_at=datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC),
    reason="record: empty",
    data="AA==",
)
KEY = f"failed/records/2026/11/21/{FIRST_SEQUENCE}.json"


def test_poison_is_stored_complete_and_readable(aws: IngestAws) -> None:
    assert Quarantine(aws.s3, OUTPUT).store(POISON) == KEY
    stored = aws.read(OUTPUT, KEY)
    assert msgspec.json.decode(stored) == {
        "sequence": str(FIRST_SEQUENCE),
        "partition_key": "bucket-003",
        "arrived_at": "2026-11-21T23:59:59Z",
        "reason": "record: empty",
        "data": "AA==",
    }
    assert stored.count(b"\n") > 4


def test_a_redelivery_writes_the_same_object_on_any_day(aws: IngestAws) -> None:
    quarantine = Quarantine(aws.s3, OUTPUT)
    quarantine.store(POISON)
    quarantine.store(POISON)
    assert aws.keys_in(OUTPUT) == [KEY]


def test_an_unavailable_bucket_is_a_transient_error() -> None:
    class Down:
        def put_object(self, **_: object) -> None:
            raise ReadTimeoutError(endpoint_url="https://s3")

    with pytest.raises(TransientError, match="quarantine a record"):
        Quarantine(Down(), OUTPUT).store(POISON)  # type: ignore[arg-type]
