"""The recorded generations of what a stack stores, and accounts that contain them."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.faults.harness.handlers import patch_telemetry
from tests.faults.harness.history_runner import HistoryRunner, few_buckets

FOLDER = Path(__file__).parent
UNRELEASED = "unreleased"
GENERATIONS = sorted(each.parent.name for each in FOLDER.glob("*/history.json"))
WITH_KEPT = sorted(each.parent.name for each in FOLDER.glob("*/kept.json"))
"""Generations of which also `kept_driver` has recorded something."""
RECORD = "see tests/compatibility/README.md"


def driver(name: str) -> ModuleType:
    """Return a driver as a module; they are programs, so no package has them."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # one imports the other
    spec.loader.exec_module(module)
    return module


HISTORY = driver("history_driver")


def recorded(generation: str, name: str) -> dict[str, Any]:
    """Return what was recorded of a generation."""
    text = (FOLDER / generation / f"{name}.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


@contextmanager
def account_of(generation: str) -> Iterator[HistoryRunner]:
    """Yield an account as the code of a generation left it, in the middle of three batches."""
    with few_buckets(), patch_telemetry():
        runner = HistoryRunner(HISTORY.SCENARIO)
        try:
            HISTORY.load(runner, recorded(generation, "history"))
            yield runner
        finally:
            runner.close()
