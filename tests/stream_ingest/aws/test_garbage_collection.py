from __future__ import annotations

import json
import subprocess
import sys

import pytest

from stream_ingest.aws.garbage_collection import THRESHOLDS
from tests.paths import ROOT

CYCLES = 200_000
PROGRAM = """
import gc, json, sys
from stream_ingest.aws.garbage_collection import ignore_existing_objects

ignore_existing_objects(less_often=sys.argv[1] == "True")
before, most = len(gc.get_objects()), 0
for number in range(int(sys.argv[2])):
    cycle = [bytes(100)]
    cycle.append(cycle)
    if number % 1_000 == 0:
        most = max(most, len(gc.get_objects()) - before)
print(json.dumps([before, most]))
"""


@pytest.mark.parametrize(("less_often", "waiting"), [(True, THRESHOLDS[0]), (False, 1_000)])
def test_existing_objects_are_not_looked_at_and_new_cycles_are_freed(
    *, less_often: bool, waiting: int
) -> None:
    """In a process of its own, because it changes the process."""
    done = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-c", PROGRAM, str(less_often), str(CYCLES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    before, most = json.loads(done.stdout)
    assert before < 1_000, "what was imported is still looked at"
    assert most < 2 * waiting, "cycles are kept"
    assert less_often == (most > 1_000)
