from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.fakes.ingest.rows import header
from tests.fakes.ops.table import OpsTable
from tests.ops_dashboard.console.running import RunningConsole

BATCH = header("orders-7", images=2)


@pytest.fixture(autouse=True)
def _filled(ops_table: OpsTable) -> None:
    ops_table.aws.registry.register(BATCH)
    for name in ("ann", "maryann", "Ünal b"):
        ops_table.fold(name, range(4), BATCH)


def search(console: RunningConsole, text: str) -> Any:  # noqa: ANN401 - JSON
    return console.get(f"/api/search?q={quote(text)}").json


def test_creators_are_found_by_a_part_of_their_names(console: RunningConsole) -> None:
    assert search(console, "ANN")["creators"] == ["ann", "maryann"]
    assert console.get("/api/search/creators?q=nal").json["names"] == ["Ünal b"]


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("ann:000002", "ann:000002"),
        ("ann 2", "ann:000002"),
        ("ann #2", "ann:000002"),
        ("Ünal b 1", "=C3=9Cnal=20b:000001"),
        ("=C3=9Cnal=20b:000001", "=C3=9Cnal=20b:000001"),
    ],
)
def test_a_window_is_found_as_people_name_it(
    console: RunningConsole, text: str, window: str
) -> None:
    assert search(console, text)["windows"] == [window]


@pytest.mark.parametrize("text", ["ann 9", "nobody 1", "/ 1", "ann:0", "1"])
def test_no_other_window_is_taken_for_it(console: RunningConsole, text: str) -> None:
    assert search(console, text)["windows"] == []


def test_batches_are_found_by_a_part_of_their_ids(console: RunningConsole) -> None:
    assert search(console, "ORDERS")["batches"] == ["orders-7"]
    assert search(console, "orders-7")["batches"] == ["orders-7"]
    assert search(console, " ") == {"creators": [], "windows": [], "batches": [], "complete": True}
