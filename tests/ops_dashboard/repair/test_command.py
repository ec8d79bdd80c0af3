from __future__ import annotations

import json

import pytest

from ops_dashboard.repair.command import show_items
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableItem

ITEMS = [
    UnreadableItem(partition="ann", sort=sort, reason="no 'body'", found_at="2026-11-29T10:00:00Z")
    for sort in ("state", "window#000001", "images#000001", "intake")
] + [
    UnreadableItem(
        partition="batch#b", sort="batch", reason="no 'status'", found_at="2026-11-29T10:00:00Z"
    )
]


def test_each_item_is_shown_with_what_is_wrong_and_what_can_be_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_items(ITEMS, json=True)
    shown = json.loads(capsys.readouterr().out)
    assert [each["key"] for each in shown][::4] == ["ann state", "batch#b batch"]
    assert {each["reason"] for each in shown} == {"no 'body'", "no 'status'"}
    assert "rows wait" in shown[0]["advice"]
    assert "retry --failed" in shown[1]["advice"]
    show_items(ITEMS, json=False)
    assert "ann window#000001" in capsys.readouterr().out


def test_an_empty_list_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    show_items([], json=False)
    assert "every item that was met can be read" in "".join(capsys.readouterr())
