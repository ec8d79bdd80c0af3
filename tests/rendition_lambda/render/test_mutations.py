"""Ruined photos, by the child process as in the function."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendition_lambda.render.child import MEMORY_BYTES
from tests.fakes.photos.mutations import FORMATS, Ends, run, seeds
from tests.fakes.photos.patches import render

MAY_CRASH = frozenset({"HEIF"})
"""libde265 writes beyond its memory for some broken files; that costs the photo alone."""


@pytest.mark.parametrize("kind", FORMATS)
def test_every_seed_is_whole(kind: str, tmp_path: Path) -> None:
    for number, seed in enumerate(seeds(kind)):
        if kind == "TIFF" and number == 3:
            continue  # floating-point samples, which are refused
        assert render(seed, tmp_path, f".{kind.lower()}").outputs


def check(kind: str, ends: Ends, count: int) -> None:
    """Check that every mutation ended, in time, and that no child took more than it may."""
    found = ends.counts
    assert sum(found.values()) == count
    assert kind in MAY_CRASH or not found["crashed"], found
    assert not found["timed_out"], found
    assert ends.peak_mb < MEMORY_BYTES / 2**20


@pytest.mark.parametrize("kind", FORMATS)
def test_200_mutations_of_a_format_end_as_outputs_or_reasons(kind: str) -> None:
    check(kind, run(kind, 1_000_000, 200), 200)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kind", FORMATS)
def test_10000_mutations_of_a_format_end_as_outputs_or_reasons(kind: str) -> None:
    ends = run(kind, 0, 10_000)
    check(kind, ends, 10_000)
    assert ends.counts["rendered"] > 500
