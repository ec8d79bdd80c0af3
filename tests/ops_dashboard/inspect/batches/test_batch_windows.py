from __future__ import annotations

from typing import Any

import pytest

from ops_dashboard.inspect.batches.batch_windows import BatchWindows
from stream_ingest.contracts import table
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import header
from tests.fakes.ops.table import OpsTable

BATCH = header("b", images=2)


class Paged:
    """A client whose queries return two items each, and that counts them."""

    def __init__(self, dynamodb: Any) -> None:  # noqa: ANN401 - a boto3 client
        self._dynamodb, self.queries = dynamodb, 0

    def query(self, **request: Any) -> Any:  # noqa: ANN401 - boto's own arguments
        self.queries += 1
        return self._dynamodb.query(**request, Limit=2)


@pytest.fixture
def client(ops_table: OpsTable) -> Paged:
    for creator in ("ann", "ben", "cid"):
        ops_table.fold(creator, range(4), BATCH)  # six windows of two images
    return Paged(ops_table.aws.dynamodb)


def test_a_read_never_takes_more_queries_than_it_may(client: Paged) -> None:
    windows = BatchWindows(client, TABLE)  # type: ignore[arg-type]  # only queries
    first = windows.read("b", 2)
    assert (client.queries, first.is_complete, first.windows.tally.windows) == (2, False, 4)
    second = windows.read("b", 2)
    assert (second.is_complete, second.windows.tally.windows) == (True, 6)
    assert second.windows.images == 12
    before = client.queries
    windows.read("b", 1)
    assert client.queries == before + 1


def test_figures_are_those_of_the_last_whole_round(client: Paged, ops_table: OpsTable) -> None:
    windows = BatchWindows(client, TABLE)  # type: ignore[arg-type]  # only queries
    windows.read("b", 9)
    values = {"images_ok": 1, "images_failed": 1, "failures": {"timeout": 1}}
    times = {"duration_ms": 900, "completed_at": "2026-11-29T10:00:00Z"}
    for creator in ("ann", "ben", "cid"):
        ops_table.end(f"{creator}:000002", "partial", **values, **times)
    ops_table.end("ann:000001", "failed", error="no worker finished it", failures={"abandoned": 2})
    ops_table.end("ben:000001", "failed", error="every image failed", failures={"expired": 2})
    assert windows.read("b", 1).windows.tally.images_failed == 0
    now = windows.read("b", 9).windows
    assert now.tally.failures == {"timeout": 3, "abandoned": 2, "expired": 2}
    assert (now.unfinished, now.retryable) == (1, 4)
    assert now.last_end_at == "2026-11-29T10:00:00Z"
    assert now.sums().by_status == {"partial": 3, "failed": 2, "waiting": 1}


def test_a_window_that_cannot_be_read_is_counted_as_such(
    client: Paged, ops_table: OpsTable
) -> None:
    ops_table.aws.set_item("ann", table.window_item(1), image_count="many")
    windows = BatchWindows(client, TABLE)  # type: ignore[arg-type]  # only queries
    assert windows.read("b", 9).windows.tally.by_status == {"unreadable": 1, "waiting": 5}


def test_a_batch_without_windows_is_complete_at_once(client: Paged) -> None:
    figures = BatchWindows(client, TABLE).read("other")  # type: ignore[arg-type]  # only queries
    assert (figures.is_complete, figures.windows.images, client.queries) == (True, 0, 1)
