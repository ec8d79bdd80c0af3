from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_ingest.batches.outcome import outcome_of, share_text, with_outcome
from stream_ingest.batches.progress import BatchProgress

ENDED = BatchProgress(
    batch_id="b",
    trigger="csv-push",
    status="ended",
    rows_read=100,
    rows_sent=100,
    rows_accepted=100,
    refused={},
    windows=2,
    windows_by_status={"completed": 2},
    collages=2,
    images_ok=100,
    images_failed=0,
    open_images=0,
    settled=True,
    ended=True,
)
KNOWN = {"rows_accepted": 0, "images_ok": 0, "windows": 0, "collages": 0}


@pytest.mark.parametrize(
    ("changes", "kind", "level", "text"),
    [
        ({}, "ended", "good", "ended"),
        ({"images_ok": 9, "images_failed": 91}, "failed", "bad", "ended · 91 % failed"),
        ({"images_ok": 0, "images_failed": 70}, "failed", "bad", "ended · all failed"),
        ({"images_ok": 98, "images_failed": 2}, "failed", "warn", "ended · 2 % failed"),
        ({"images_ok": 999, "images_failed": 1}, "failed", "good", "ended · < 1 % failed"),
        ({"refused": {"no_url": 60}}, "refused", "bad", "ended · 60 % refused"),
        ({"refused": {"no_url": 2, "duplicate": 90}}, "refused", "warn", "ended · 2 % refused"),
        ({"refused": {"duplicate": 90, "blocked": 5}}, "ended", "good", "ended"),
        (
            {**KNOWN, "refused": {"bad_json": 99, "quarantined": 1}},
            *("all-refused", "bad", "all refused"),
        ),
        ({**KNOWN, "refused": {"duplicate": 100}}, "nothing-new", "good", "ended · nothing new"),
        ({**KNOWN, "rows_read": 0}, "nothing-new", "good", "ended · no rows"),
        ({**KNOWN, "rejected": "line 1: no header"}, "rejected", "bad", "rejected"),
        ({"abandoned_at": "t", "status": "abandoned"}, "abandoned", "bad", "abandoned"),
        (
            {"abandoned_at": "t", "status": "abandoned", "images_ok": 1, "images_failed": 2},
            *("abandoned", "bad", "abandoned · 67 % failed"),
        ),
        (
            {"abandoned_at": "t", "status": "abandoned", "ended": False},
            *("building", "busy", "building collages again"),
        ),
        ({"abandoned_at": "t", "status": "abandoning"}, "ending", "busy", "ending, abandoned"),
        ({"ended": False, "status": "sending"}, "sending", "busy", "sending rows"),
        (
            {"ended": False, "status": "sent", "settled": False},
            *("processing", "busy", "processing rows"),
        ),
        ({"ended": False, "status": "sent"}, "building", "busy", "building collages"),
        ({"ended": False}, "building", "busy", "building collages again"),
        ({"ended": False, "status": "unreadable"}, "unreadable", "bad", "unreadable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_outcome_says_how_much_of_a_batch_was_lost(
    changes: dict[str, Any], kind: str, level: str, text: str
) -> None:
    outcome = outcome_of(msgspec.structs.replace(ENDED, **changes))
    assert (outcome.kind, outcome.level, outcome.text) == (kind, level, text)
    assert outcome.kind.is_open == (level == "busy")


def test_the_progress_with_its_outcome_is_what_programs_get() -> None:
    failed = msgspec.structs.replace(ENDED, images_ok=9, images_failed=91)
    shown = msgspec.to_builtins(with_outcome(failed))
    expected = {"kind": "failed", "level": "bad", "text": "ended · 91 % failed"}
    assert shown.pop("outcome") == expected
    assert shown == msgspec.to_builtins(failed)


def test_a_share_is_never_rounded_to_all_or_nothing() -> None:
    assert [share_text(share) for share in (0.0001, 0.5, 0.9999, 1)] == [
        "< 1 %", "50 %", "99 %", "all",
    ]  # fmt: skip
