"""Ruined photos, by the child process as in the function."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.photos.mutations import FORMATS, run, seeds
from tests.fakes.photos.patches import render

MAY_CRASH = frozenset({"HEIF"})
"""libde265 writes beyond its memory for some broken files; that costs the photo alone."""


@pytest.mark.parametrize("kind", FORMATS)
def test_every_seed_is_whole(kind: str, tmp_path: Path) -> None:
    for number, seed in enumerate(seeds(kind)):
        if kind == "TIFF" and number == 3:
            continue  # floating-point samples, which are refused
        assert render(seed, tmp_path, f".{kind.lower()}").outputs


@pytest.mark.parametrize("kind", FORMATS)
def test_60_mutations_of_a_format_end_as_outputs_or_reasons(kind: str) -> None:
    found = run(kind, 1_000_000, 60)
    assert sum(found.values()) == 60
    assert kind in MAY_CRASH or not found["crashed"]
    assert not found["timed_out"]


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kind", FORMATS)
def test_10000_mutations_of_a_format_end_as_outputs_or_reasons(kind: str) -> None:
    found = run(kind, 0, 10_000)
    assert sum(found.values()) == 10_000
    assert kind in MAY_CRASH or not found["crashed"]
    assert found["rendered"] > 500
