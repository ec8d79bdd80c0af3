"""A deployment of an unchanged stack changes nothing, one of a changed setting what it concerns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stream_ingest.contracts.metrics import FUNCTIONS
from tests.paths import ROOT
from tests.pulumi.all_options import ALL_OPTIONS, NAME
from tests.pulumi.requested import Requested

if TYPE_CHECKING:
    from conftest import Deploy

    from tests.fakes.deployment_records import RecordsInMemory


def again(deploy: Deploy, records: RecordsInMemory, **settings: object) -> Requested:
    """Deploy once more onto what is deployed; return what that did."""
    requested = Requested(records=records.copy())
    deploy("prod", requested, NAME, **{**ALL_OPTIONS, **settings})
    return requested


def touched(requested: Requested) -> dict[str, tuple[str, ...] | None]:
    """Return the changed inputs of each changed resource: ``{"Queue collage": (...)}``."""
    return {
        f"{change.type.rpartition(':')[2]} {change.name}": change.inputs
        for change in requested.changes
    }


def sent(requested: Requested) -> set[str]:
    """Return the requests that change something."""
    reading = ("Get", "Describe", "List")
    return {one.name for one in requested.requests if not one.operation.startswith(reading)}


def test_a_second_deployment_reports_no_change_and_sends_none(
    deploy: Deploy, full: Requested
) -> None:
    assert len(full.changes) > 140
    second = again(deploy, full.records)
    assert touched(second) == {}
    assert sent(second) == set()


def test_changed_settings_change_only_what_they_concern(deploy: Deploy, full: Requested) -> None:
    changed = again(
        deploy, full.records, logRetentionDays=60, windowingBatchSize=50, sweeperMemoryMb=2_048
    )
    assert touched(changed) == {
        **{f"LogGroup {function}": ("retentionInDays",) for function in FUNCTIONS},
        "EventSourceMapping windowing": ("batchSize",),
        "Function sweeper": ("memorySize",),
        # What else depends on a function's memory.
        "Dashboard monitoring": ("dashboardBody",),
        "MetricAlarm cost": ("metricQueries",),
        "Parameter parts": ("value",),
    }
    assert sent(changed) == {
        "lambda.DeleteFunctionConcurrency",
        "lambda.UpdateEventSourceMapping",
        "lambda.UpdateFunctionCode",
        "lambda.UpdateFunctionConfiguration",
        "logs.PutRetentionPolicy",
        "monitoring.PutDashboard",
        "monitoring.PutMetricAlarm",
        "ssm.PutParameter",
    }


PROGRAM = """
import json, sys
from pathlib import Path
from tests.pulumi.all_options import ALL_OPTIONS, NAME
from tests.pulumi.declaring import declare
from tests.pulumi.recorder import Recorder
found = declare(Path(sys.argv[1]), "prod", Recorder(), NAME, ALL_OPTIONS).declared
print(json.dumps({f"{one.type} {one.name}": one.inputs for one in found}, default=str))
"""


def test_what_is_declared_does_not_depend_on_the_process(tmp_path: Path) -> None:
    """Python orders sets by a seed of each process, and Pulumi would see another value."""
    one, other = (declared(tmp_path, seed) for seed in ("1", "2"))
    assert {name: one[name] for name in one if one[name] != other.get(name)} == {}
    assert len(one) == len(other) > 140


def declared(folder: Path, seed: str) -> dict[str, Any]:
    """Return the inputs of each resource, declared by a process of its own."""
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", PROGRAM, str(folder)],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}:{ROOT / 'pulumi'}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    for inputs in found.values():
        inputs.pop("code", None)  # an archive, which has no text that is always the same
    return found
