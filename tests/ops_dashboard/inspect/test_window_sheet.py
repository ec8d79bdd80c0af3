from __future__ import annotations

import csv
import io

from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.inspect.window_sheet import COLUMNS, WindowSheet

WINDOW = WindowRecord(
    window_id="=ann:000001",
    creator="=ann",
    batch_id="b",
    status="partial",
    closed_at="2026-11-21T11:00:00Z",
    image_count=3,
    images_ok=1,
    images_failed=2,
    failures={"timed_out": 1, "gone": 1},
    closed_because="idle",
)


def test_a_window_is_a_line_without_formulas() -> None:
    out = io.StringIO(newline="")
    sheet = WindowSheet(out)
    sheet.add(WINDOW)
    heading, line = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert tuple(heading) == COLUMNS
    cells = dict(zip(heading, line, strict=True))
    assert cells["creator"] == "'=ann"
    assert cells["images"] == "3"
    assert cells["failures"] == "gone:1 timed_out:1"
    assert (cells["error"], cells["collage_key"], cells["duration_ms"]) == ("", "", "")
    assert (cells["batch_id"], cells["closed_because"]) == ("b", "idle")
