"""Image lists that a function stored before it died: their windows do not exist."""

from __future__ import annotations

from stream_ingest.aws.items import to_wire
from stream_ingest.contracts import table
from stream_ingest.windowing.rules.fold import Arrival, Rules, fold
from stream_ingest.windowing.sweeper.isolation import raise_errors
from stream_ingest.windowing.window_items import list_item
from tests.fakes.ingest.aws import TABLE, IngestAws
from tests.fakes.ingest.rows import cover_row
from tests.fakes.ops.repairs import TWO, deliver, identities, repairs_of


def store_list(aws: IngestAws) -> int:
    """Store the image list of ann's next window; return the window's number."""
    state = aws.store.load(["ann"])["ann"]
    change = fold(state, [Arrival(TWO, 9, cover_row(4, "ann"))], 0, Rules())
    (event,) = aws.store.events(change.state, change.windows, 0)
    aws.dynamodb.put_item(TableName=TABLE, Item=to_wire(list_item(event, 0)))
    return state.next_window


def test_images_of_a_list_without_a_window_are_in_no_window(aws: IngestAws) -> None:
    deliver(aws, [1, 2, 3])
    store_list(aws)
    aws.set_item("ann", table.STATE, seen=["2026-11"])
    assert deliver(aws, [4], start=1).deferred == 1
    repairs = repairs_of(aws)
    repairs.apply(repairs.plan("ann", table.STATE))
    raise_errors(aws.sweeper().sweep())
    assert len(identities(aws)) == 4


def test_a_list_without_a_window_is_passed_over_by_a_repair(aws: IngestAws) -> None:
    """The release before cannot replace it, so after a rollback its creator's rows wait."""
    deliver(aws, [1, 2, 3])
    number = store_list(aws)
    repairs = repairs_of(aws)
    planned = repairs.plan("ann", table.STATE)
    assert planned.problem == f"its next images#{number:06d} exists already"
    repairs.apply(planned)
    assert aws.store.load(["ann"])["ann"].next_window == number + 1
