"""Two versions work on one account in turns, as during a deployment, and after a rollback.

The older one is the real code of its commit, which runs in a checkout of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.compatibility.generations import FOLDER, HISTORY
from tests.faults.harness.checks import invariants
from tests.faults.harness.handlers import patch_telemetry
from tests.faults.harness.history_runner import HistoryRunner, few_buckets
from tests.paths import ROOT

COMMITS = {
    "2": "22ac0211ab0797a303e7a3cfd8a667cbab1fae5e",
    "3": "6a07f8b15028c8432e717678ef5b413abd7ab9cb",
}
RENAMED = {"2": ("check_objects", "check_results", "check_events"), "3": ()}
DELIVERY = [["deliver", 0, 1], ["deliver", 1, 1]]
STEPS = [
    *DELIVERY,
    *([name] for name in ("sweep", "sweep_drained", "prefetch", "kill_worker")),
    ["work", 1],
    ["wait", 600],
]
TURNS = 6
UNDERSTOOD = {"3"}
"""Generations that can read all that is stored now. What the others refuse has to wait."""


class Versions:
    """An account on which two versions work in turns."""

    def __init__(self, older: Path, folder: Path) -> None:
        self._older, self._state, self._steps = older, folder / "state", folder / "steps"

    def run(self, steps: list[Any], *, older: bool) -> None:
        """Run steps with the older code or the present one."""
        self._steps.write_text(json.dumps(steps), encoding="utf-8")
        before = str(self._state) if self._state.exists() else "-"
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, FOLDER / "history_driver.py", before, self._steps, self._state],
            cwd=self._older if older else ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            check=True,
            stdout=subprocess.DEVNULL,
        )

    @property
    def snapshot(self) -> dict[str, Any]:
        """The account as it is now."""
        content: dict[str, Any] = json.loads(self._state.read_text(encoding="utf-8"))
        return content


@pytest.fixture
def versions(generation: str, tmp_path: Path) -> Versions:
    """The code of a generation, and the present one; needs the history of the repository."""
    archive = tmp_path / "then.tar"
    made = subprocess.run(  # noqa: S603 - a commit that this file names
        ["git", "archive", "-o", archive, COMMITS[generation]],  # noqa: S607
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    if made.returncode:
        pytest.skip("the commit is not in this clone")
    then = tmp_path / "then"
    with tarfile.open(archive) as content:
        content.extractall(then, filter="data")
    return Versions(then, tmp_path)


def shuffled(seed: int, versions: Versions) -> None:
    """Let both versions run steps in turns; the producers are the older ones to the end."""
    random = Random(seed)  # noqa: S311 - a shuffle
    versions.run([["push", batch, 2] for batch in range(3)] + DELIVERY, older=True)
    for turn in range(TURNS):
        older = turn % 2 == 0
        steps = [random.choice(STEPS) for _ in range(6)]
        if older:
            steps.insert(3, ["push", random.randrange(3), 2])
        versions.run(steps, older=older)
    versions.run([["push", batch, 99] for batch in range(3)], older=True)
    versions.run([*DELIVERY * 5, ["sweep"], ["work", 2]], older=False)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("ends_older", [False, True], ids=["deployed", "rolled back"])
@pytest.mark.parametrize("generation", sorted(COMMITS))
def test_g1_no_row_is_lost_or_duplicated_while_two_versions_work_in_turns(
    versions: Versions, generation: str, monkeypatch: pytest.MonkeyPatch, *, ends_older: bool
) -> None:
    shuffled(1, versions)
    if ends_older and generation in UNDERSTOOD:
        versions.run([["settle"]], older=True)
    elif ends_older:
        versions.run([*DELIVERY * 9, ["wait", 7_200], ["sweep"], ["work", 9]] * 2, older=True)
        versions.run([["settle"]], older=False)
    else:
        versions.run([["settle"]], older=False)
    for check in RENAMED[generation]:
        monkeypatch.setattr(invariants, check, lambda *_: None)
    with few_buckets(), patch_telemetry():
        runner = HistoryRunner(HISTORY.SCENARIO)
        HISTORY.load(runner, versions.snapshot)
        runner.settle()
        invariants.check_invariants(runner.account, runner.batches)
        runner.close()
