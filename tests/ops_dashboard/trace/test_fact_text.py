from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ops_dashboard.trace.fact_text import with_facts
from ops_dashboard.trace.timeline import LOG, Step


def texts(*facts: dict[str, Any]) -> list[str]:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    steps = [Step(at=at, source=LOG, what="window ended", facts=each) for each in facts]
    return [text for _, text in with_facts(steps)]


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"images": 35, "because": "batch-end"}, "images 35, because its batch ended"),
        ({"images_ok": 2, "duration_ms": 700}, "images in the collage 2, took 700 ms"),
        ({"duration_ms": 61_240}, "took 61.2 s"),
        (
            {"timings_ms": {"assemble": 1_500, "encode": 80}},
            "timings {assemble 1.5 s, encode 80 ms}",
        ),
        ({"failures": {"not_found": 2, "timeout": 1}}, "failed images {not found 2, timeout 1}"),
        ({"ending": "already_done"}, "ending already done"),
        ({"reason": "put originals/a_b: SlowDown"}, "reason put originals/a_b: SlowDown"),
        ({"creator": "ann_b", "sequence_number": "7"}, "creator ann_b, sequence number 7"),
        ({"batches": ["b_1", "b_2"]}, "batches [b_1, b_2]"),
        ({"error": None, "failures": {}, "batches": []}, ""),
    ],
)
def test_facts_are_in_words(facts: dict[str, Any], text: str) -> None:
    assert texts(facts) == [text]


def test_a_request_id_is_shown_when_it_changes() -> None:
    facts = [{"function_request_id": id_, "n": n} for n, id_ in enumerate(("one", "one", "two"))]
    assert texts(*facts) == ["request one, n 0", "n 1", "request two, n 2"]
