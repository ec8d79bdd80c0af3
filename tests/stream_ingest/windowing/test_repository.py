from __future__ import annotations

from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from stream_ingest.aws import dynamodb
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, TransientError, UnreadableItemError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second
from stream_ingest.contracts.window_lifecycle import OUTBOX_DELAY_S
from stream_ingest.records.codec import BatchHeader
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.closing import Change, close_due
from stream_ingest.windowing.rules.erasure import erase
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.outbox import expand_event, window_ready
from stream_ingest.windowing.rules.state import CreatorState, Tally
from stream_ingest.windowing.window_items import WINDOW_LIFE_S, barred_list
from tests.fakes.ingest.aws import TABLE, IngestAws
from tests.fakes.ingest.rows import NOW_S, arrivals, header

NEW = CreatorState(creator="charli")


def folded(state: CreatorState, numbers: list[int], batch: BatchHeader, start: int = 0) -> Change:
    return fold(state, arrivals(numbers, batch, start), NOW_S, Rules())


def commit(aws: IngestAws, state: CreatorState, change: Change) -> CreatorState:
    """Commit and load again what is in the table now."""
    aws.store.commit(state, change, NOW_S)
    key = creator_key(state.creator)
    return aws.store.load([key])[key]


def test_an_unwritten_creator_is_new(aws: IngestAws) -> None:
    assert aws.store.load(["charli", "=F0=9F=8E=89"]) == {
        "charli": CreatorState(creator="charli"),
        "=F0=9F=8E=89": CreatorState(creator="🎉"),
    }
    assert aws.store.load([]) == {}


def test_a_state_is_loaded_as_it_was_committed(aws: IngestAws) -> None:
    batch = header(images=3, flush=FlushPolicy(kind="batch-end"))
    change = folded(NEW, [1, 2, 2, 3, 4], batch)
    loaded = commit(aws, NEW, change)
    assert loaded == msgspec.structs.replace(change.state, version=1)
    again = folded(loaded, [5], header("other", images=3), 9)
    assert commit(aws, loaded, again) == msgspec.structs.replace(again.state, version=2)


def test_more_creators_than_one_request_takes_are_loaded(aws: IngestAws) -> None:
    keys = [f"creator{number}" for number in range(120)]
    aws.store.commit(CreatorState(creator=keys[110]), folded(NEW, [1], header()), NOW_S)
    state = CreatorState(creator=keys[110])
    assert set(aws.store.load(keys)) == set(keys)
    assert aws.store.load(keys)[keys[110]] == state


def stored_event(aws: IngestAws, number: int) -> WindowReady:
    item = aws.item("charli", table.images_item(number))
    assert item is not None
    return expand_event(bytes(item["detail"]))


def test_the_first_writer_of_a_new_creator_wins(aws: IngestAws) -> None:
    commit(aws, NEW, folded(NEW, [1], header()))
    before = aws.snapshot()
    with pytest.raises(ConflictError):
        aws.store.commit(NEW, folded(NEW, [2], header()), NOW_S)
    assert aws.snapshot() == before


def test_a_change_decided_on_an_old_state_is_refused(aws: IngestAws) -> None:
    loaded = commit(aws, NEW, folded(NEW, [1], header()))
    commit(aws, loaded, folded(loaded, [2], header(), 1))
    before = aws.snapshot()
    with pytest.raises(ConflictError, match="commit charli"):
        aws.store.commit(loaded, folded(loaded, [3], header(), 1), NOW_S)
    assert aws.snapshot() == before


def test_a_refused_change_writes_none_of_its_parts(aws: IngestAws) -> None:
    """State, windows and spilled tallies are one transaction: law 3. A list alone is no window."""
    small = header("first", images=2)
    loaded = commit(aws, NEW, folded(NEW, [1], small))
    change = folded(loaded, [2, 3], header("second", images=2))
    assert change.windows
    assert change.spilled
    commit(aws, loaded, folded(loaded, [9], header("rival", images=3)))
    before = aws.snapshot()
    with pytest.raises(ConflictError):
        aws.store.commit(loaded, change, NOW_S)
    lists = [item for item in aws.snapshot() if item["item"]["S"].startswith("images#")]
    assert [item for item in aws.snapshot() if item not in lists] == before
    assert [item["item"]["S"] for item in lists] == ["images#000001"]


def test_a_list_of_a_window_that_did_not_commit_is_replaced(aws: IngestAws) -> None:
    """By the next window of its number, in the transaction of that."""
    small = header(images=2)
    loaded = commit(aws, NEW, folded(NEW, [1], small))
    late = folded(loaded, [2], small, 1)
    latest = commit(aws, loaded, folded(loaded, [3], header("rival", images=3)))
    with pytest.raises(ConflictError):
        aws.store.commit(loaded, late, NOW_S)
    change = folded(latest, [4], small, 1)
    commit(aws, latest, change)
    assert stored_event(aws, 1) == window_ready(change.state, change.windows[0], NOW_S)


def test_a_list_that_is_stored_late_replaces_none(aws: IngestAws) -> None:
    """A writer whose state is outdated cannot change the window that another one has closed."""
    small = header(images=2)
    loaded = commit(aws, NEW, folded(NEW, [1], small))
    change = folded(loaded, [2], small, 1)
    commit(aws, loaded, change)
    with pytest.raises(ConflictError):
        aws.store.commit(loaded, folded(loaded, [3], small, 1), NOW_S)
    assert stored_event(aws, 1) == window_ready(change.state, change.windows[0], NOW_S)


def test_an_image_list_is_in_the_transaction_only_if_its_key_is_taken(
    aws: IngestAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it costs twice as many units."""
    transactions: list[list[str]] = []
    transact = aws.dynamodb.transact_write_items

    def record(**request: Any) -> object:  # noqa: ANN401 - AWS's request
        puts = [action["Put"]["Item"]["item"]["S"] for action in request["TransactItems"]]
        transactions.append(puts)
        return transact(**request)

    monkeypatch.setattr(aws.dynamodb, "transact_write_items", record)
    aws.set_item("charli", "images#000002", detail=b"of a window that did not commit")
    commit(aws, NEW, folded(NEW, [1, 2], header(images=1)))
    assert transactions == [["state", "window#000001", "window#000002", "images#000002"]]


def test_a_barred_list_cannot_be_stored_by_a_late_writer(aws: IngestAws) -> None:
    loaded = commit(aws, NEW, folded(NEW, [1], header(images=2)))
    commit(aws, loaded, erase(loaded, NOW_S, block=False))
    before = aws.snapshot()
    with pytest.raises(ConflictError):
        aws.store.commit(loaded, folded(loaded, [2, 3], header(images=2), 1), NOW_S)
    assert aws.snapshot() == before
    assert aws.item("charli", "images#000001") == barred_list("charli", 1, NOW_S)


def test_a_window_number_is_never_given_twice(aws: IngestAws) -> None:
    """A window's item is put only where there is none: a bug may stop a creator, not overwrite."""
    commit(aws, NEW, folded(NEW, [1], header(images=1)))
    change = folded(NEW, [2], header(images=1))
    aws.dynamodb.delete_item(
        TableName=TABLE, Key={"creator_name": {"S": "charli"}, "item": {"S": "state"}}
    )
    with pytest.raises(UnreadableItemError, match="window#000001 exists already"):
        aws.store.commit(NEW, change, NOW_S)


def test_a_closed_window_is_two_items(aws: IngestAws) -> None:
    change = folded(NEW, [1, 2], header("b", images=2))
    commit(aws, NEW, change)
    window = aws.item("charli", "window#000001")
    images = aws.item("charli", "images#000001")
    assert window is not None
    assert images is not None
    assert window == {
        "creator_name": "charli",
        "item": "window#000001",
        "window_id": "charli:000001",
        "creator": "charli",
        "batch_id": "b",
        "trigger": "mysql-push",
        "status": "ready",
        "processing_date": iso_second(from_epoch_s(NOW_S)),
        "closed_because": "full",
        "image_count": 2,
        "due_shard": table.due_shard("charli"),
        "due_at": NOW_S + OUTBOX_DELAY_S,
        "expires_at": NOW_S + WINDOW_LIFE_S,
    }
    assert expand_event(bytes(images["detail"])) == window_ready(
        change.state, change.windows[0], NOW_S
    )
    assert images["expires_at"] == NOW_S + WINDOW_LIFE_S


def test_spilled_tallies_add_up(aws: IngestAws) -> None:
    state = NEW
    for turn, batch in enumerate(["a", "b", "a", "b", "a"]):
        state = commit(aws, state, folded(state, [turn, turn, turn + 50], header(batch), 3 * turn))
    for batch, accepted, duplicates in (("a", 4, 2), ("b", 4, 2)):
        item = aws.item(f"batch#{batch}", "tally#charli")
        assert item is not None
        assert (item["accepted"], item["duplicates"], item["windows"]) == (accepted, duplicates, 0)
        assert (item["batch_id"], item["creator"]) == (batch, "charli")
        assert item["expires_at"] == NOW_S + WINDOW_LIFE_S
    assert state.tally == Tally(2, 1, 0)


def test_a_creator_is_in_the_due_index_only_while_something_is_due(aws: IngestAws) -> None:
    state = commit(aws, NEW, folded(NEW, [1], header(flush=FlushPolicy(idle_s=60))))
    item = aws.item("charli", "state")
    assert item is not None
    assert item["due_shard"] == table.due_shard("charli")
    assert item["due_at"] >= NOW_S + 60
    commit(aws, state, close_due(state, NOW_S + 7_200))
    item = aws.item("charli", "state")
    assert item is not None
    assert "due_at" not in item
    assert "due_shard" not in item


def test_names_of_creators_and_batches_may_contain_any_characters(aws: IngestAws) -> None:
    strange = CreatorState(creator="batch#b/../🎉 :000001")
    change = fold(strange, arrivals([1, 2], header(images=2)), NOW_S, Rules())
    aws.store.commit(strange, change, NOW_S)
    key = creator_key(strange.creator)
    assert aws.store.load([key])[key].creator == strange.creator
    item = aws.item(key, "window#000001")
    assert item is not None
    assert item["window_id"] == f"{key}:000001"


def test_unprocessed_keys_are_requested_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "MAX_BACKOFF_S", 0.0)

    class Stingy:
        """Gives one key at a time, as DynamoDB does when the answer would be over 16 MB."""

        def __init__(self, patience: int) -> None:
            self.patience = patience

        def batch_get_item(self, *, RequestItems: dict[str, dict[str, list[object]]]) -> object:  # noqa: N803 - AWS's name
            keys = RequestItems[TABLE]["Keys"]
            left = keys[1:] if self.patience else keys
            rest = {TABLE: {**RequestItems[TABLE], "Keys": left}} if left else {}
            return {"Responses": {}, "UnprocessedKeys": rest}

    store = CreatorRepository(Stingy(1), TABLE)  # type: ignore[arg-type]
    assert set(store.load(["a", "b", "c"])) == {"a", "b", "c"}
    with pytest.raises(TransientError, match="unprocessed"):
        CreatorRepository(Stingy(0), TABLE).load(["a"])  # type: ignore[arg-type]


def test_a_missing_table_is_not_a_transient_error(aws: IngestAws) -> None:
    with pytest.raises(ClientError, match="ResourceNotFound"):
        CreatorRepository(aws.dynamodb, "nowhere").load(["charli"])
