from __future__ import annotations

from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList
from tests.fakes.ingest.aws import TABLE, IngestAws

ANN = UnreadableItemError("ann", "state", "no 'body'")


def test_an_item_that_is_added_again_is_listed_once_since_it_was_found_first(
    aws: IngestAws,
) -> None:
    listed = UnreadableList(aws.dynamodb, TABLE, aws.clock)
    listed.add(ANN)
    (first,) = listed.entries()
    aws.clock.advance(60)
    listed.add(UnreadableItemError("ann", "state", "no 'seen'"))
    (again,) = listed.entries()
    assert (again.found_at, again.reason, again.times) == (first.found_at, "no 'seen'", 2)


def test_an_item_that_was_added_again_since_it_was_read_stays(aws: IngestAws) -> None:
    """A sweep that found it readable must not remove what another function has met since."""
    listed = UnreadableList(aws.dynamodb, TABLE, aws.clock)
    listed.add(ANN)
    (read,) = listed.entries()
    listed.add(ANN)
    listed.remove(read)
    (left,) = listed.entries()
    listed.remove(left)
    listed.remove(left)
    assert list(listed.entries()) == []
