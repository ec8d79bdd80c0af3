from __future__ import annotations

import msgspec
import pytest

from ops_dashboard.inspect.command import failure_text, window_table
from ops_dashboard.inspect.named import check_name
from ops_dashboard.inspect.window_record import WindowRecord
from stream_ingest.contracts.errors import UserError

WINDOW = WindowRecord(
    window_id="ann:000001",
    creator="[red]ann",
    batch_id="b",
    status="failed",
    closed_at="2026-11-21T11:00:00+00:00",
    image_count=3,
)


@pytest.mark.parametrize(
    ("error", "failures", "trouble"),
    [
        (None, {}, ""),
        (None, {"timeout": 2, "expired": 1}, "2 timeout, 1 expired"),
        ("every image failed", {"timeout": 3}, "every image failed (3 timeout)"),
        ("its event cannot be read", {}, "its event cannot be read"),
    ],
)
def test_the_failure_text_has_the_error_and_the_failed_images(
    error: str | None, failures: dict[str, int], trouble: str
) -> None:
    window = msgspec.structs.replace(WINDOW, error=error, failures=failures)
    assert failure_text(window) == trouble


def test_a_window_is_one_row_and_its_name_is_not_markup() -> None:
    table = window_table([WINDOW])
    cells = [str(cell) for column in table.columns for cell in column.cells]
    assert cells[:6] == [
        "ann:000001",
        "[red]ann",
        "b",
        "failed",
        "0 of 3",
        "2026-11-21 11:00:00",
    ]


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\udcff", "x" * 129])
def test_an_invalid_creator_name_is_an_error(name: str) -> None:
    with pytest.raises(UserError, match="not a creator's name"):
        check_name(name)
