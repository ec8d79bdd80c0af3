from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stream_ingest.contracts.errors import TransientError
from stream_ingest.windowing import delivery as module
from stream_ingest.windowing.delivery import POISON_AFTER_S, Delivery, read_delivery
from tests.fakes.ingest.aws import OUTPUT, FailingStore, IngestAws
from tests.fakes.ingest.delivery import FIRST_SEQUENCE, kinesis_event
from tests.fakes.ingest.rows import cover_row, header, record_of


def delivery() -> Delivery:
    """Return a record of ann and ben, and two of ann."""
    records = [
        record_of([cover_row(1, "ann"), cover_row(1, "ben")], header()),
        record_of([cover_row(2, "ann")], header(), number=1),
        record_of([cover_row(3, "ann")], header(), number=2),
    ]
    return read_delivery(kinesis_event(records))


class BadRow(FailingStore):
    """A store that cannot hold the second cover of ann, for a mistake in the code."""

    def __init__(self, aws: IngestAws, error: Exception) -> None:
        super().__init__(aws, lambda _, __: None)
        self.error = error

    def commit(self, before: Any, change: Any, now_s: int) -> None:  # noqa: ANN401 - as in the store
        """Fail if the second cover is among the new ones."""
        if _has(change, 2):
            raise self.error
        super().commit(before, change, now_s)


def _has(change: Any, number: int) -> bool:  # noqa: ANN401 - as in the store
    state = change.state
    url = cover_row(number, "ann").url
    return any(image.url == url for each in state.open.values() for image in each.images)


def stored(aws: IngestAws) -> list[str]:
    listed = aws.s3.list_objects_v2(Bucket=OUTPUT, Prefix="failed/records/")
    return [each["Key"].rpartition("/")[2] for each in listed.get("Contents", [])]


def test_an_old_record_on_which_the_code_fails_costs_only_itself(aws: IngestAws) -> None:
    store = BadRow(aws, KeyError("second"))
    aws.clock.advance(POISON_AFTER_S)
    result = aws.windowing(store).process(delivery())
    assert (result.accepted, result.quarantined, result.failures) == (3, 1, {})
    assert stored(aws) == [f"{FIRST_SEQUENCE + 1}.json"]
    assert "the function failed: KeyError: 'second' (test_isolation.py, line" in next(
        iter(result.poison.values())
    )


def test_a_young_record_on_which_the_code_fails_is_raised(aws: IngestAws) -> None:
    """So that a deployment can be rolled back before anything is quarantined."""
    aws.clock.advance(POISON_AFTER_S - 1)
    with pytest.raises(KeyError):
        aws.windowing(BadRow(aws, KeyError("second"))).process(delivery())
    assert stored(aws) == []


def test_an_old_record_that_cannot_be_written_for_now_is_delivered_again(aws: IngestAws) -> None:
    aws.clock.advance(10 * POISON_AFTER_S)
    result = aws.windowing(BadRow(aws, TransientError("throttled"))).process(delivery())
    assert result.quarantined == 0
    assert result.failures == {FIRST_SEQUENCE: "throttled"}


def test_the_same_records_again_change_nothing(aws: IngestAws) -> None:
    store = BadRow(aws, KeyError("second"))
    aws.clock.advance(POISON_AFTER_S)
    aws.windowing(store).process(delivery())
    before = aws.snapshot()
    result = aws.windowing(store).process(delivery())
    assert (result.accepted, result.quarantined, result.resent) == (0, 0, 4)
    assert stored(aws) == [f"{FIRST_SEQUENCE + 1}.json"]
    assert aws.snapshot() == before


def fail_on(second: bytes) -> Callable[[bytes], object]:
    genuine = module.unpack

    def unpack(data: bytes) -> object:
        if data == second:
            raise RecursionError
        return genuine(data)

    return unpack


def test_an_old_record_on_which_decoding_fails_unexpectedly_is_poison(
    aws: IngestAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = (record_of([cover_row(1, name)], header()) for name in ("ann", "ben"))
    monkeypatch.setattr(module, "unpack", fail_on(bad))
    event = kinesis_event([good, bad])
    with pytest.raises(RecursionError):
        read_delivery(event, aws.clock() + POISON_AFTER_S - 1)
    found = read_delivery(event, aws.clock() + POISON_AFTER_S)
    assert set(found.creators) == {"ann"}
    assert [each.reason for each in found.poison] == ["decoding failed: RecursionError: "]
