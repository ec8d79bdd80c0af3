"""The wheel in an empty environment: what it weighs, what works, and what says that it does not.

Dependencies are installed in the versions of uv.lock, so that the figures change only with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import uv

from tests.paths import ROOT

MAX_BYTES = 120_000_000
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EVERYTHING = """
import importlib, json, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        importlib.import_module(module.name)
import asyncmy.auth
from typer.testing import CliRunner
import ops_dashboard.cli, stream_ingest.cli.main
from ops_dashboard.console.assets import chart_library
print(json.dumps({
    "help": [
        CliRunner().invoke(app, ["--help"]).output
        for app in (ops_dashboard.cli.app, stream_ingest.cli.main.app)
    ],
    "charts": [str(chart_library()), *sorted(path.name for path in chart_library().iterdir())],
    "cryptography": asyncmy.auth._have_cryptography,
}))
"""
"""Imports all that works without a checkout; one process, because imports take a second."""


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that sees nothing of the checkout's environment."""
    hidden = {"VIRTUAL_ENV", "PYTHONPATH", "COLUMNS"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    return subprocess.run(  # noqa: S603 - our own arguments
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


def succeed(*command: str | Path, cwd: Path) -> str:
    done = run(*command, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment that holds the wheel and what it requires."""
    folder = tmp_path_factory.mktemp("wheel")
    uv_path = uv.find_uv_bin()
    succeed(uv_path, "build", "--wheel", "--out-dir", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    locked = succeed(
        uv_path, "export", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", cwd=ROOT
    )
    (folder / "locked.txt").write_text(locked)
    environment = folder / "environment"
    succeed(uv_path, "venv", "--python", sys.executable, environment, cwd=folder)
    succeed(
        uv_path, "pip", "install", "--python", environment / "bin" / "python",
        "--constraint", folder / "locked.txt", wheel, cwd=folder,
    )  # fmt: skip
    return environment


def test_the_wheel_and_all_that_it_requires_stay_under_120_mb(installed: Path) -> None:
    files = (path for path in installed.rglob("*") if not path.is_dir())
    size = sum(path.lstat().st_size for path in files if path.suffix != ".pyc")
    assert size < MAX_BYTES, f"{size:,} bytes"


def test_no_package_is_installed_that_only_a_checkout_or_a_function_uses(installed: Path) -> None:
    packages = {path.name for path in next(installed.glob("lib/python*/site-packages")).iterdir()}
    assert packages.isdisjoint(
        {"IPython", "numpy", "uplot", "uv", "pulumi", "PIL", "pi_heif", "aws_lambda_powertools"}
    )


@pytest.mark.parametrize("command", ["stream-ingest", "ops-dashboard"])
def test_both_commands_print_the_version_of_pyproject(
    installed: Path, tmp_path: Path, command: str
) -> None:
    printed = succeed(installed / "bin" / command, "--version", cwd=tmp_path)
    assert printed == f"{command} {PROJECT['version']}\n"


@pytest.fixture(scope="module")
def everything(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a process prints that has imported everything outside functions and `local`."""
    ingest = [f"stream_ingest.{name}" for name in ("cli", "push", "sources", "records", "batches")]
    ops = [
        f"ops_dashboard.{name}"
        for name in ("console", "doctor", "inspect", "monitoring", "planner", "recovery", "trace")
    ]
    printed = succeed(
        installed / "bin" / "python", "-c", EVERYTHING, *ingest, *ops,
        cwd=tmp_path_factory.mktemp("empty"),
    )  # fmt: skip
    found: dict[str, Any] = json.loads(printed)
    return found


def test_both_commands_print_their_help(everything: dict[str, Any]) -> None:
    assert ["Usage" in text for text in everything["help"]] == [True, True]


def test_the_console_finds_its_chart_library_in_the_wheel(
    everything: dict[str, Any], installed: Path
) -> None:
    folder, *names = everything["charts"]
    assert Path(folder).is_relative_to(installed)
    assert names == ["uPlot.iife.js", "uPlot.min.css"]


def test_a_push_to_mysql_can_use_the_default_authentication(everything: dict[str, Any]) -> None:
    # asyncmy raises RuntimeError without it: caching_sha2_password encrypts the password itself
    # if the connection is not encrypted.
    assert everything["cryptography"] is True


@pytest.mark.parametrize("arguments", [["demo"], ["local", "up"]])
def test_what_needs_a_checkout_says_so_in_one_line_with_the_way_to_get_one(
    installed: Path, tmp_path: Path, arguments: list[str]
) -> None:
    done = run(installed / "bin" / "ops-dashboard", *arguments, cwd=tmp_path)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert f"{' '.join(arguments)} needs a checkout: git clone" in line
    assert PROJECT["urls"]["Repository"] in line
    assert list(tmp_path.iterdir()) == []
