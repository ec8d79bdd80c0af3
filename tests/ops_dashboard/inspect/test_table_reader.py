from __future__ import annotations

from typing import Any

import pytest

from ops_dashboard.inspect.table_reader import TableReader
from stream_ingest.aws import dynamodb
from stream_ingest.aws.items import to_wire
from stream_ingest.contracts.errors import TransientError


def key(number: int) -> dict[str, str]:
    return {"creator_name": "ann", "item": f"window#{number:06d}"}


class Hesitant:
    """Answers one key of a BatchGetItem at a time and leaves the others unprocessed."""

    def __init__(self, *, ever: bool = True) -> None:
        self.ever, self.sizes = ever, list[int]()

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        keys = RequestItems["t"]["Keys"]
        self.sizes.append(len(keys))
        done = 1 if self.ever else 0
        rest = {"t": {"Keys": keys[done:]}} if keys[done:] else {}
        return {"Responses": {"t": keys[:done]}, "UnprocessedKeys": rest}


def test_unprocessed_keys_are_requested_again_and_the_order_is_kept() -> None:
    client = Hesitant()
    reader = TableReader(client, "t")  # type: ignore[arg-type]
    wanted = [key(3), key(1), key(3), key(2)]
    assert list(reader.full_items(wanted)) == wanted
    assert client.sizes == [3, 2, 1]


def test_keys_that_stay_unprocessed_are_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dynamodb, "MAX_BACKOFF_S", 0.0)
    reader = TableReader(Hesitant(ever=False), "t")  # type: ignore[arg-type]
    with pytest.raises(TransientError, match="left unprocessed"):
        list(reader.full_items([key(1)]))


def test_an_item_that_no_longer_exists_is_skipped() -> None:
    class Empty:
        def batch_get_item(self, **_: object) -> dict[str, Any]:
            return {"Responses": {"t": [to_wire(key(2))]}}

    reader = TableReader(Empty(), "t")  # type: ignore[arg-type]
    assert list(reader.full_items([key(1), key(2)])) == [key(2)]
