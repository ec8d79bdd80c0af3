from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from stream_ingest.contracts import table
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import (
    MAX_DETAIL_BYTES,
    BatchDrained,
    Source,
    WindowImage,
    WindowReady,
    convert_detail,
)
from stream_ingest.contracts.settings import CollageLayout
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.contracts.window_lifecycle import REQUEUE_AFTER_S
from stream_ingest.windowing.emitter import Entry, requests
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.outbox import window_ready
from stream_ingest.windowing.rules.state import CreatorState
from tests.fakes.ingest.aws import BUS, TEMP, IngestAws
from tests.fakes.ingest.bus import FakeBus
from tests.fakes.ingest.rows import NOW_S, arrivals, header

WHEN = datetime(2026, 11, 21, tzinfo=UTC)


def closed_windows(aws: IngestAws, count: int) -> list[WindowReady]:
    """Close windows in the table; return their events."""
    state = CreatorState(creator="charli")
    change = fold(state, arrivals(range(count), header(images=1)), NOW_S, Rules())
    aws.store.commit(state, change, NOW_S)
    return [window_ready(change.state, window, NOW_S) for window in change.windows]


def status_of(aws: IngestAws, number: int) -> str:
    item = aws.item("charli", f"window#{number:06d}")
    assert item is not None
    return table.window_status(item)


def test_a_window_is_queued_once_the_bus_has_accepted_it(aws: IngestAws) -> None:
    events = closed_windows(aws, 12)
    assert aws.emitter().emit_windows(events) == []
    assert [convert_detail(detail, WindowReady) for detail in aws.bus.details()] == events
    assert aws.bus.requests == 2
    assert {event["source"] for event in aws.bus.taken} == {"coverstream.windowing"}
    assert {event["bus"] for event in aws.bus.taken} == {BUS}
    assert {status_of(aws, number) for number in range(1, 13)} == {"queued"}
    item = aws.item("charli", "window#000001")
    assert item is not None
    assert item["due_at"] == NOW_S + REQUEUE_AFTER_S


def test_an_entry_that_the_bus_refuses_stays_ready(aws: IngestAws) -> None:
    """PutEvents answers 200 with an ErrorCode inside: whoever does not look has lost an event."""
    events = closed_windows(aws, 3)
    aws.bus.refuse = lambda event: event["detail"]["window_id"] == "charli:000002"
    assert aws.emitter().emit_windows(events) == ["charli:000002"]
    assert [status_of(aws, number) for number in (1, 2, 3)] == ["queued", "ready", "queued"]


def test_a_broken_bus_leaves_every_window_ready(aws: IngestAws) -> None:
    events = closed_windows(aws, 2)
    aws.bus.broken = True
    with pytest.raises(TransientError, match="put events"):
        aws.emitter().emit_windows(events)
    assert [status_of(aws, number) for number in (1, 2)] == ["ready", "ready"]


@pytest.mark.parametrize("status", ["processing", "completed", "partial", "failed"])
def test_a_claimed_window_is_not_set_back_to_queued(aws: IngestAws, status: str) -> None:
    """A collage worker may be quicker than the mark."""
    events = closed_windows(aws, 1)
    lease = {"lease_until": NOW_S + 1} if status == "processing" else {}
    aws.set_item("charli", "window#000001", status=status, **lease)
    assert aws.emitter().emit_windows(events) == []
    assert status_of(aws, 1) == status


def test_no_events_means_no_request(aws: IngestAws) -> None:
    assert aws.emitter().emit_windows([]) == []
    assert aws.bus.requests == 0


def test_any_event_can_be_emitted_and_its_refusal_is_returned(aws: IngestAws) -> None:
    drained = BatchDrained(batch_id="b", trigger="mysql-push")
    assert aws.emitter(Source.SWEEPER).emit(drained)
    assert aws.bus.taken[0] == {
        "bus": BUS,
        "source": "coverstream.sweeper",
        "type": "BatchDrained",
        "detail": {"schema": 1, "batch_id": "b", "trigger": "mysql-push"},
    }
    aws.bus.refuse = lambda _: True
    assert not aws.emitter().emit(drained)


def huge_event(images: int) -> WindowReady:
    long = "https://e.com/".ljust(2_000, "x")
    return WindowReady(
        window_id="=F0=9F=8E=89:000012",
        creator="🎉",
        batch_id="b",
        trigger="mysql-push",
        closed_at=WHEN,
        closed_because="full",
        layout=CollageLayout(rows=20, cols=20),
        image_count=images,
        images=tuple(
            WindowImage(identity=f"{n}", url=f"{long}{n}", created_at=from_epoch_s(n))
            for n in range(images)
        ),
    )


def test_an_image_list_too_long_for_the_bus_goes_to_s3(aws: IngestAws) -> None:
    event = huge_event(200)
    aws.emitter().emit_windows([event])
    (detail,) = aws.bus.details()
    key = "processing/windows/=F0=9F=8E=89/000012.json"
    small = convert_detail(detail, WindowReady)
    assert small == msgspec.structs.replace(event, images=(), images_key=key)
    stored = msgspec.json.decode(aws.read(TEMP, key), type=tuple[WindowImage, ...])
    assert stored == event.images


def test_an_image_list_that_just_fits_stays_in_the_event(aws: IngestAws) -> None:
    event = huge_event(110)
    aws.emitter().emit_windows([event])
    (detail,) = aws.bus.details()
    assert 0.9 * MAX_DETAIL_BYTES < len(msgspec.json.encode(detail)) <= MAX_DETAIL_BYTES
    assert convert_detail(detail, WindowReady) == event
    assert aws.keys_in(TEMP) == []


def test_a_request_is_at_most_ten_entries_and_less_than_a_megabyte() -> None:
    event = BatchDrained(batch_id="b", trigger="t")
    small, large = Entry(event, "x" * 100), Entry(event, "é" * (MAX_DETAIL_BYTES // 2))
    assert [len(group) for group in requests([small] * 25)] == [10, 10, 5]
    groups = list(requests([large] * 7))
    assert [len(group) for group in groups] == [3, 3, 1]
    assert list(requests([])) == []
    mixed = [small, large, small, large, large, large, small]
    assert [entry for group in requests(mixed) for entry in group] == mixed


def test_the_fake_bus_answers_as_eventbridge_does(aws: IngestAws) -> None:
    """A contract of the fake that the other tests stand on."""
    real = aws.clients["events"]
    real.create_event_bus(Name=BUS)
    entry = {"EventBusName": BUS, "Source": "s", "DetailType": "t", "Detail": '{"a": 1}'}
    answers = [bus.put_events(Entries=[entry, entry]) for bus in (real, FakeBus())]
    for answer in answers:
        assert answer["FailedEntryCount"] == 0
        assert [set(result) for result in answer["Entries"]] == [{"EventId"}, {"EventId"}]
    assert aws.bus.taken == []
