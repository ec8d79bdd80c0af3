from __future__ import annotations

import contextlib
from typing import Any

import pytest

from stream_ingest.contracts.errors import TransientError
from stream_ingest.windowing.delivery import POISON_AFTER_S, Delivery, read_delivery
from stream_ingest.windowing.poison.attempts import MAX_ENDED, Attempts
from tests.fakes.ingest.aws import TEMP, IngestAws
from tests.fakes.ingest.delivery import kinesis_event
from tests.fakes.ingest.rows import cover_row, header, record_of


class OutOfMemoryError(BaseException):
    """The process ends: nothing after it is executed."""


class DyingStore(Attempts):
    """Marks, of a process that ends before it can remove any."""

    def _remove(self, key: str) -> None:
        raise OutOfMemoryError(key)


def delivery(*names: str) -> Delivery:
    rows = [record_of([cover_row(1, name)], header(), number=at) for at, name in enumerate(names)]
    return read_delivery(kinesis_event(rows))


def end_process(aws: IngestAws, what: Delivery) -> None:
    dying = DyingStore(aws.s3, TEMP, aws.clock)
    with contextlib.suppress(OutOfMemoryError), dying.counted(what) as counted:
        assert counted.creators


def marks(aws: IngestAws) -> int:
    return len(
        aws.s3.list_objects_v2(Bucket=TEMP, Prefix="processing/attempts/").get("Contents", [])
    )


def test_a_record_that_ends_its_process_each_time_is_quarantined(aws: IngestAws) -> None:
    aws.clock.advance(POISON_AFTER_S)
    for _ in range(MAX_ENDED):
        end_process(aws, delivery("ann"))
    result = aws.windowing().process(delivery("ann"))
    assert (result.accepted, result.quarantined, result.failures) == (0, 1, {})


def test_a_record_that_is_processed_in_the_last_attempt_is_not_quarantined(aws: IngestAws) -> None:
    aws.clock.advance(POISON_AFTER_S)
    for _ in range(MAX_ENDED - 1):
        end_process(aws, delivery("ann"))
    result = aws.windowing().process(delivery("ann"))
    assert (result.accepted, result.quarantined) == (1, 0)
    assert marks(aws) == MAX_ENDED - 1


def test_an_exception_and_a_failure_that_is_reported_do_not_count(aws: IngestAws) -> None:
    aws.clock.advance(POISON_AFTER_S)
    attempts = Attempts(aws.s3, TEMP, aws.clock)
    for _ in range(MAX_ENDED + 1):
        with contextlib.suppress(TransientError), attempts.counted(delivery("ann")):
            assert marks(aws) == 1
            raise TransientError
    assert marks(aws) == 0


@pytest.mark.parametrize(
    ("names", "age_s"), [(("ann",), POISON_AFTER_S - 1), (("ann", "ben"), 10 * POISON_AFTER_S)]
)
def test_young_records_and_those_that_come_with_others_are_not_marked(
    aws: IngestAws, names: tuple[str, ...], age_s: int
) -> None:
    aws.clock.advance(age_s)
    with Attempts(aws.s3, TEMP, aws.clock).counted(delivery(*names)) as counted:
        assert len(counted.creators) == len(names)
        assert marks(aws) == 0


def test_a_record_is_processed_when_marks_cannot_be_stored(aws: IngestAws) -> None:
    aws.clock.advance(POISON_AFTER_S)

    class Away:
        def put_object(self, **_: Any) -> None:  # noqa: ANN401 - as in boto3
            msg = "S3 is away"
            raise TransientError(msg)

    away: Any = Away()
    with Attempts(away, TEMP, aws.clock).counted(delivery("ann")) as counted:
        assert counted.creators
