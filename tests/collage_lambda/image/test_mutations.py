"""Ruined images in a process of its own, so that a crash or a hang of a decoder is seen as one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from collage_lambda.image.decode import Cell, decode_cell
from collage_lambda.image.sniff import FORMATS
from tests.fakes.collage.mutations import SPEC, seeds
from tests.paths import ROOT


def decode_mutations(kind: str, first: int, count: int) -> tuple[int, int]:
    """Return how many mutations became cells, and how many failures with a reason."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "tests.fakes.collage.mutations", kind, str(first), str(count)],
        capture_output=True,
        text=True,
        errors="replace",
        cwd=ROOT,
        check=False,
        timeout=230,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    cells, failures = map(int, done.stdout.split())
    return cells, failures


@pytest.mark.parametrize("kind", FORMATS)
def test_every_seed_is_whole(kind: str) -> None:
    for seed in seeds(kind):
        assert isinstance(decode_cell(seed, SPEC), Cell)


@pytest.mark.parametrize("kind", FORMATS)
def test_200_mutations_of_a_format_end_as_cells_or_reasons(kind: str) -> None:
    assert sum(decode_mutations(kind, 1_000_000, 200)) == 200


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_10000_mutations_of_a_format_neither_crash_nor_hang_nor_raise(kind: str) -> None:
    """Mutations of every kind are among them: those that decode still, and those that do not."""
    cells, failures = decode_mutations(kind, 0, 10_000)
    assert cells + failures == 10_000
    assert min(cells, failures) > 500
