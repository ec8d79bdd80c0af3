from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.fakes.ingest.rows import header
from tests.fakes.ops.table import OpsTable
from tests.ops_dashboard.console.running import RunningConsole

HOSTILE = [
    "<script>alert(1)</script>",
    "evil\u202egnp.exe",
    '"><img src=x onerror=alert(1)>',
    "a/../b",
]
BATCH = header("batch-a", images=2)


@pytest.fixture
def filled(ops_table: OpsTable) -> None:
    for creator in ("ann", "anton", "ben", *HOSTILE):
        ops_table.fold(creator, [1, 2, 3], BATCH)


@pytest.mark.usefixtures("filled")
def test_creators_are_found_by_the_start_of_their_names(console: RunningConsole) -> None:
    found = console.get("/api/creators?prefix=an").json
    assert [each["creator"] for each in found["creators"]] == ["ann", "anton"]
    assert console.get("/api/creators?prefix=zoe").json["creators"] == []
    assert len(console.get("/api/creators").json["creators"]) == 3 + len(HOSTILE)


@pytest.mark.usefixtures("filled")
def test_an_exact_match_is_first_and_listed_once(console: RunningConsole) -> None:
    names = [each["creator"] for each in console.get("/api/creators?prefix=ann").json["creators"]]
    assert names == ["ann"]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("creator", ["ann", *HOSTILE])
def test_a_creator_has_open_windows_and_a_history(console: RunningConsole, creator: str) -> None:
    answer = console.get(f"/api/creator?name={quote(creator)}")
    assert answer.headers["Content-Type"].startswith("application/json")
    state, history = answer.json["state"], answer.json["history"]
    assert state["creator"] == creator
    assert (state["windows_closed"], state["open_images"]) == (1, 1)
    assert [each["images"] for each in state["open"]] == [1]
    assert [window["creator"] for window in history["windows"]] == [creator]


@pytest.mark.parametrize("name", ["nobody", "", "%00", "a%0Ab", "x" * 3_000])
def test_an_unknown_creator_is_not_found(console: RunningConsole, name: str) -> None:
    assert console.get(f"/api/creator?name={name}").status == 404


def test_an_invalid_page_token_is_a_bad_request(console: RunningConsole) -> None:
    answer = console.get("/api/creators?after=nonsense")
    assert answer.status == 400
    assert "not a cursor of this listing" in answer.json["error"]
