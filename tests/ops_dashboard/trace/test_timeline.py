from __future__ import annotations

import json
from datetime import UTC, datetime

from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.trace.timeline import StoredObject, log_line, timeline_steps
from stream_ingest.batches.progress import Batch

WINDOW = WindowRecord(
    window_id="ann:000001",
    creator="ann",
    batch_id="b",
    status="partial",
    closed_at="2026-11-21T11:00:02+00:00",
    closed_because="full",
    image_count=3,
    images_ok=2,
    completed_at="2026-11-21T11:00:03+00:00",
    duration_ms=700,
)
BATCH = Batch(
    batch_id="b",
    trigger="csv-push",
    status="sent",
    flush="idle",
    started_at="2026-11-21T11:00:00+00:00",
)


def line(time: str, message: str, **facts: object) -> str:
    return json.dumps(
        {
            "level": "INFO",
            "location": "tell:1",
            "message": message,
            "timestamp": f"2026-11-21 11:00:{time}+0000",
            "service": "collage",
            "function_name": "f",
            "window_id": "ann:000001",
            **facts,
        }
    )


def stored(what: str, second: int | None) -> StoredObject:
    written = None if second is None else datetime(2026, 11, 21, 11, 0, second, tzinfo=UTC)
    return StoredObject(what=what, bucket="output", key=what, written_at=written)


def test_steps_are_in_order_although_table_and_bucket_have_seconds_only() -> None:
    lines = [
        log_line(line("03,900", "window ended"), "2026-11-21 11:00:03.950"),
        log_line(line("03,100", "window taken up"), "2026-11-21 11:00:03.950"),
    ]
    objects = [stored("collage", 3), stored("thumbnail", 3), stored("metadata", None)]
    steps = timeline_steps(WINDOW, BATCH, objects, lines)
    assert [(step.source, step.what) for step in steps] == [
        ("table", "batch b started"),
        ("table", "window closed"),
        ("log", "collage: window taken up"),
        ("log", "collage: window ended"),
        ("table", "window partial"),
        ("bucket", "collage, thumbnail written"),
    ]


def test_a_window_of_an_unknown_batch_has_a_timeline_too() -> None:
    """Its batch was never registered, or its item has expired."""
    assert [step.what for step in timeline_steps(WINDOW, None, [], [])] == [
        "window closed",
        "window partial",
    ]


def test_a_log_line_keeps_its_facts_without_the_fields_of_every_line() -> None:
    found = log_line(line("03,100", "window ended", ending="created", error=None), "2026-11-21")
    assert (found.service, found.message, found.facts) == (
        "collage",
        "window ended",
        {"ending": "created"},
    )
    assert found.at == datetime(2026, 11, 21, 11, 0, 3, 100_000, tzinfo=UTC)


def test_a_line_that_is_none_of_ours_is_with_facts_as_it_is() -> None:
    for text in ("Task timed out after 3.00 seconds\n", "[1, 2]"):
        found = log_line(text, "2026-11-21 11:00:03.950")
        assert (found.service, found.message) == ("lambda", text.strip())
        assert found.at == datetime(2026, 11, 21, 11, 0, 3, 950_000, tzinfo=UTC)
