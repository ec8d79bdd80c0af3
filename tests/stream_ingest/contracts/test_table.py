from __future__ import annotations

from pathlib import Path

import moto
import pytest

from stream_ingest.contracts import table
from stream_ingest.contracts.naming import creator_key


def test_sort_keys_sort_as_the_numbers_do() -> None:
    keys = [table.window_item(number) for number in (1, 9, 10, 999_999)]
    assert (
        keys == sorted(keys) == ["window#000001", "window#000009", "window#000010", "window#999999"]
    )
    assert table.images_item(12) == "images#000012"


def test_no_creator_can_take_the_place_of_a_batch() -> None:
    """Partitions of batches hold a `#`, which no creator's key does."""
    assert creator_key("batch#b") != table.batch_partition("b") == "batch#b"


def test_due_shards_never_change_and_are_all_used() -> None:
    assert table.due_shard("charli") == "due#4"
    shards = {table.due_shard(f"creator{number}") for number in range(200)}
    assert shards == {f"due#{number}" for number in range(table.DUE_SHARDS)}


def test_a_window_that_has_ended_is_neither_waiting_nor_in_progress() -> None:
    assert set(table.WindowStatus) - table.ENDED == {"ready", "queued", "processing"}


@pytest.mark.parametrize(
    "name",
    [
        *(table.PARTITION_KEY, table.TTL_ATTRIBUTE, "version", "due_shard", "due_at", "drained"),
        *("doubt", "batch_id", "creator", "accepted", "duplicates", "windows"),
    ],
)
def test_names_used_bare_in_expressions_are_not_reserved(name: str) -> None:
    """DynamoDB refuses its reserved words in an expression; moto checks them in updates only."""
    words = Path(moto.__file__).parent / "dynamodb" / "parsing" / "reserved_keywords.txt"
    reserved = {word.strip().lower() for word in words.read_text().splitlines()}
    assert "status" in reserved
    assert name not in reserved
