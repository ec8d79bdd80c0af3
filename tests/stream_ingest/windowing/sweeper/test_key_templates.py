"""The template of keys that a window has: the one of the moment at which it closed."""

from __future__ import annotations

from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.contracts.window_lifecycle import OUTBOX_DELAY_S
from stream_ingest.records.codec import BatchHeader
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.outbox import expand_event
from tests.fakes.ingest.aws import TABLE, IngestAws
from tests.fakes.ingest.rows import NOW_S, arrivals, header

IDLE = header("idle", flush=FlushPolicy(idle_s=600))


def put(store: CreatorRepository, creator: str, batch: BatchHeader) -> None:
    """Fold one row into the table, without emitting anything."""
    state = store.load([creator])[creator]
    store.commit(state, fold(state, arrivals([1], batch), NOW_S, Rules()), NOW_S)


def test_a_window_keeps_its_template_of_keys_when_the_setting_changes(aws: IngestAws) -> None:
    """It was written with its event; the event's deliveries, replays and rebuilds all read that."""
    templates = ["{creator}_{kind}_{window}", "{batch}/{creator}_{kind}_{window}"]
    before, after = (
        CreatorRepository(aws.dynamodb, TABLE, key_template=template) for template in templates
    )
    one = header("b", images=1)
    put(before, "ann", one)
    put(after, "ben", one)
    aws.clock.advance(OUTBOX_DELAY_S + 1)
    aws.sweeper(after).sweep()
    found = {each["window_id"]: each["key_template"] for each in aws.bus.details()}
    assert found == {"ann:000001": templates[0], "ben:000001": templates[1]}


def test_the_sweeper_closes_windows_with_the_stacks_template_of_keys(aws: IngestAws) -> None:
    template = "{creator}_{kind}_{window}"
    store = CreatorRepository(aws.dynamodb, TABLE, key_template=template)
    put(store, "ann", IDLE)
    aws.clock.advance(7_200)
    aws.sweeper(store).sweep()
    assert [each["key_template"] for each in aws.bus.details()] == [template]
    images = aws.item("ann", "images#000001")
    assert images is not None
    assert expand_event(bytes(images["detail"])).key_template == template
