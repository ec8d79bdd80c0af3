"""A delivery's creators are processed in groups, so that its memory does not grow with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from stream_ingest.contracts.errors import TransientError
from stream_ingest.windowing import stream_processor
from stream_ingest.windowing.delivery import Delivery, read_delivery
from tests.fakes.ingest.aws import FailingStore, IngestAws
from tests.fakes.ingest.delivery import FIRST_SEQUENCE, kinesis_event
from tests.fakes.ingest.rows import cover_row, header, record_of


def delivery_of(creators: Sequence[str], numbers: Sequence[int]) -> Delivery:
    """Return a delivery with a record for each creator; their windows have two images."""
    records = [
        record_of([cover_row(number, creator) for number in numbers], header("b", images=2))
        for creator in creators
    ]
    return read_delivery(kinesis_event(records))


def test_creators_are_loaded_folded_and_emitted_in_groups(
    aws: IngestAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivery of 6 MB can have 70,000 creators, too many for their states to be in memory."""
    monkeypatch.setattr(stream_processor, "GROUP_CREATORS", 2)
    calls: list[tuple[str, ...]] = []

    class Noted(FailingStore):
        def load_each(self, keys: Sequence[str]) -> Any:  # noqa: ANN401 - as in the store
            calls.append(tuple(keys))
            return super().load_each(keys)

    put_events = aws.bus.put_events

    def noted(**request: Any) -> Any:  # noqa: ANN401 - as in boto
        calls.append(("events", str(len(request["Entries"]))))
        return put_events(**request)

    monkeypatch.setattr(aws.bus, "put_events", noted)
    creators = ["ann", "ben", "charli", "dora", "eve"]
    store = Noted(aws, lambda _step, _who: None)
    outcome = aws.windowing(store).process(delivery_of(creators, [1, 2]))
    assert (outcome.accepted, len(outcome.windows)) == (10, 5)
    assert calls == [
        *(("ann", "ben"), ("events", "2")),
        *(("charli", "dora"), ("events", "2")),
        *(("eve",), ("events", "1")),
    ]


def test_a_group_that_cannot_be_loaded_is_delivered_again_without_the_others(
    aws: IngestAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_processor, "GROUP_CREATORS", 1)

    class Unreadable(FailingStore):
        def load_each(self, keys: Sequence[str]) -> Any:  # noqa: ANN401 - as in the store
            if keys == ["ben"]:
                raise TransientError("load creators: throttled")  # noqa: EM101, TRY003 - as the store says it
            return super().load_each(keys)

    store = Unreadable(aws, lambda _step, _who: None)
    outcome = aws.windowing(store).process(delivery_of(["ann", "ben", "charli"], [1]))
    assert outcome.failures == {FIRST_SEQUENCE + 1: "load creators: throttled"}
    assert outcome.accepted == 2
