from __future__ import annotations

import json
import subprocess
import sys

from stream_ingest.aws.garbage_collection import THRESHOLDS
from tests.paths import ROOT

CYCLES = 200_000
PROGRAM = f"""
import gc, json
from stream_ingest.aws.garbage_collection import ignore_existing_objects

ignore_existing_objects()
before, most = len(gc.get_objects()), 0
for number in range({CYCLES}):
    cycle = [bytes(100)]
    cycle.append(cycle)
    if number % 1_000 == 0:
        most = max(most, len(gc.get_objects()) - before)
print(json.dumps([before, most]))
"""


def test_existing_objects_are_not_looked_at_and_new_cycles_are_freed() -> None:
    """In a process of its own, because it changes the process."""
    done = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    before, most = json.loads(done.stdout)
    assert before < 1_000, "what was imported is still looked at"
    assert 1_000 < most < 2 * THRESHOLDS[0], "cycles are kept"
