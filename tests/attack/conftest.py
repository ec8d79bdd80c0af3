"""Options of the slow tests that attack a stack."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def attack_rows() -> int:
    """How many rows a test sends: 20,000, or the variable ATTACK_ROWS."""
    return int(os.environ.get("ATTACK_ROWS", "20000"))


@pytest.fixture(scope="session")
def attack_seed() -> int:
    """The seed of rows and faults: 1, or the variable ATTACK_SEED."""
    return int(os.environ.get("ATTACK_SEED", "1"))


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a report whatever becomes of the test."""

    def write(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{text}\n")

    return write
