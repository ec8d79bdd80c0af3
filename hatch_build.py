"""Puts uPlot and the runbook, which the console shows, into the wheel. Edge (reads files).

`uplot-python` is a build requirement, so a build frontend has installed it beside hatchling. Its
two files are copied only if they are the ones that the tests have seen.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = {
    "uPlot.iife.js": "655bc8aa33781e8721c5af6b59f1699c03c9bda951aa74a6ab518ac20cc4326d",
    "uPlot.min.css": "3f121cd4a997b634e07a887658850018e475c26f0bddd874109a8d382c19de87",
}
"""SHA-256 of each file."""
FOLDER = "ops_dashboard/console/uplot"
"""Where `ops_dashboard.console.assets.chart_library` looks first."""
RUNBOOK = ("docs/operations/runbook.md", "ops_dashboard/monitoring/runbook.md")
"""The runbook in a checkout, and where `ops_dashboard.monitoring.runbook` looks first."""


class UplotHook(BuildHookInterface[Any]):
    """Adds the files to a wheel; an editable install reads them where they are."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Map each file into the wheel; raises `ValueError` if it is not the expected one."""
        if version == "editable":
            return
        spec = find_spec("uplot")
        if spec is None or not spec.submodule_search_locations:
            msg = "uplot-python is not in the build environment (see build-system.requires)"
            raise FileNotFoundError(msg)
        static = Path(spec.submodule_search_locations[0], "static")
        for name, digest in FILES.items():
            if sha256((static / name).read_bytes()).hexdigest() != digest:
                msg = f"{name} of uplot-python is not the expected file"
                raise ValueError(msg)
            build_data["force_include"][str(static / name)] = f"{FOLDER}/{name}"
        source, packed = RUNBOOK
        build_data["force_include"][str(Path(self.root, source))] = packed
