"""A stored format does not change unnoticed."""

from __future__ import annotations

import pytest

from tests.compatibility.generations import (
    GENERATIONS,
    HISTORY,
    UNRELEASED,
    WITH_KEPT,
    driver,
    recorded,
)
from tests.compatibility.shapes import shape_of


def now(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setenv("XDG_STATE_HOME", "")  # which the driver changes
    kept = driver("kept_driver").write()
    return shape_of(HISTORY.run(None, HISTORY.STEPS), driver("single_driver").write(), kept)


def then(generation: str) -> set[str]:
    kept = recorded(generation, "kept") if generation in WITH_KEPT else None
    return shape_of(recorded(generation, "history"), recorded(generation, "single"), kept)


def test_what_is_stored_now_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever changes a format reads in the README what to consider, and records it again."""
    written, known = now(monkeypatch), then(UNRELEASED)
    assert written == known, (
        "a stored format changed: read tests/compatibility/README.md, then record it"
        f" (new: {sorted(written - known)}; no longer there: {sorted(known - written)})"
    )


@pytest.mark.parametrize("generation", [each for each in GENERATIONS if each != UNRELEASED])
def test_generations_differ(generation: str) -> None:
    """So each is worth keeping; two that do not differ would be one."""
    others = [each for each in GENERATIONS if each != generation]
    assert all(then(generation) != then(other) for other in others)
