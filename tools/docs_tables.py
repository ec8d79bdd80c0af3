"""Reference tables for README.md and docs/, from the code that they describe. Edge (files).

A document includes a table by a block for cog (https://cog.readthedocs.io), whose code is hidden
in an HTML comment::

    <!-- [[[cog
    from tools.docs_tables import metrics_table
    print(metrics_table())
    ]]] -->
    <!-- [[[end]]] -->

``make docs-tables`` runs the blocks and replaces what is between ``]]]`` and ``[[[end]]]``. A test
fails if that would change a document.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from ops_dashboard.checkout import ROOT
from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.resources import Resources
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.metrics import CATALOGUE, Metric, Service
from tools import bench_figures
from tools.markdown import markdown_table
from tools.stack_settings import load_stack_settings

ANY = Resources(
    stack="-",
    region="-",
    stream="-",
    stream_shards=1,
    table="-",
    bus="-",
    window_rule="-",
    intake_queue="-",
    queue="-",
    dead_letters=dict.fromkeys(DeadLetterKind, "-"),
    functions=dict.fromkeys(Service, "-"),
    memory_mb=dict.fromkeys(Service, 1_024),
)
"""Resources of no particular stack: no table shows their names."""
_RUNBOOK = "../operations/runbook.md"
_PLAN = ("--images=2000000", "--deadline=30m")


def metrics_table() -> str:
    """Return all custom metrics, one per row."""
    rows = [
        (f"`{metric.name}`", metric.unit, _services(metric), metric.meaning) for metric in CATALOGUE
    ]
    return markdown_table(("metric", "unit", "emitted by", "meaning"), rows)


def _services(metric: Metric) -> str:
    return ", ".join(metric.services) + ("; by reason" if metric.by_reason else "")


def alarms_table() -> str:
    """Return all alarms, with the default thresholds, for a page in docs/reference/."""
    thresholds = load_stack_settings().Settings().thresholds
    rows = [
        (f"[`{alarm.name}`]({_RUNBOOK}#{alarm.name})", alarm.meaning, alarm.condition)
        for alarm in alarms(ANY, thresholds).values()
    ]
    return markdown_table(("alarm", "what it means, and where to look", "raised if"), rows)


def figures_table() -> str:
    """Return what `make bench` measured."""
    return bench_figures.figures_table(_results())


def key_figures_table() -> str:
    """Return the few figures of `make bench` that README shows."""
    return bench_figures.key_figures_table(_results())


def machine() -> str:
    """Return when and on which machine `make bench` measured."""
    results = _results()
    names = bench_figures.KEY_FIGURES
    on = bench_figures.oldest_date(results, names)
    return f"on {on} on {bench_figures.machines_of(results, names)}"


def plan_output() -> str:
    """Return a plan as the command prints it, 80 columns wide, as a fenced block."""
    command: list[str | Path] = [Path(sys.executable).with_name("ops-dashboard"), "plan", *_PLAN]
    done = subprocess.run(  # noqa: S603 - our own command, no shell
        command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "80"}
    )
    return f"\n```text\n{done.stdout.rstrip()}\n```\n"


def _results() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode((ROOT / "bench-results.json").read_bytes())
    return found
