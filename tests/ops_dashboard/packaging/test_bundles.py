from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ops_dashboard.packaging.bundles import BUNDLES, ROOT, Bundle, Platform, build_bundle

TARGET_ZIP_BYTES = {"rendition": 40_000_000}
"""Decoders of RAW files and NumPy are half of it; others have 25 MB."""
MAX_UNZIPPED_BYTES = 250_000_000

IMPORT_ALONE = """
import importlib, json, sys
folder, handlers = sys.argv[1], sys.argv[2:]
sys.path.insert(0, folder)
for name in handlers:
    assert callable(importlib.import_module(name).handle), name
files = [getattr(m, "__file__", None) for m in list(sys.modules.values())]
print(json.dumps([f for f in files if f]))
"""


def _copy_sources(folder: Path) -> None:
    shutil.copytree(ROOT / "stream_ingest", folder / "stream_ingest")
    shutil.copytree(ROOT / "ops_dashboard", folder / "ops_dashboard")


def build(name: str, platform: Platform) -> Bundle:
    """Build a bundle from the tree as it is; a second build of the session finds it in dist/."""
    return build_bundle(name, platform)


@pytest.mark.parametrize("name", list(BUNDLES))
def test_every_handler_imports_from_its_bundle_alone(name: str, tmp_path: Path) -> None:
    """In an interpreter without site-packages, environment or working directory to lean on."""
    with zipfile.ZipFile(build(name, Platform.LOCAL).path) as archive:
        archive.extractall(tmp_path)
    command = [sys.executable, "-I", "-S", "-W", "error::ImportWarning", "-c", IMPORT_ALONE]
    done = subprocess.run(  # noqa: S603 - our own arguments
        [*command, str(tmp_path), *BUNDLES[name].handlers],
        cwd="/",
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    stdlib = Path(os.__file__).parent
    for file in map(Path, json.loads(done.stdout.splitlines()[-1])):
        assert file.is_relative_to(tmp_path) or file.is_relative_to(stdlib), file
        assert "site-packages" not in file.parts


@pytest.mark.parametrize("name", list(BUNDLES))
def test_no_import_of_a_handler_is_compiled_at_start(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(build(name, Platform.LOCAL).path) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(  # noqa: S603 - our own arguments
        [
            sys.executable,
            "-I",
            "-S",
            "-B",
            "-v",
            "-c",
            IMPORT_ALONE,
            str(tmp_path),
            *BUNDLES[name].handlers,
        ],
        cwd="/",
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    # "code object from" is of a source, "matches" and "code object from '…pyc'" are of bytecode.
    lines = [line for line in done.stderr.splitlines() if line.startswith("# code object from ")]
    ours = [line for line in lines if str(tmp_path) in line]
    assert len(ours) > 200
    assert not [line for line in ours if ".pyc" not in line]


def test_building_elsewhere_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "uv.lock", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    _copy_sources(tmp_path)
    elsewhere = build_bundle("windowing", Platform.LAMBDA, tmp_path)
    assert elsewhere.path.is_relative_to(tmp_path)
    assert elsewhere.sha256 == build("windowing", Platform.LAMBDA).sha256


def test_only_a_changed_source_is_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without bytecode, which changes nothing of this and takes seconds."""
    monkeypatch.setattr("ops_dashboard.packaging.bundles.compiler", lambda _: None)
    for name in ("pyproject.toml", "uv.lock", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    _copy_sources(tmp_path)
    first = build_bundle("windowing", Platform.LOCAL, tmp_path)
    built_at = first.path.stat().st_mtime_ns
    (tmp_path / "stream_ingest" / "cli.py").write_text("# not in the bundle", encoding="utf-8")
    again = build_bundle("windowing", Platform.LOCAL, tmp_path)
    assert (again, again.path.stat().st_mtime_ns) == (first, built_at)
    with (tmp_path / "stream_ingest" / "windowing" / "handler.py").open("a") as handler:
        handler.write("\n# changed\n")
    assert build_bundle("windowing", Platform.LOCAL, tmp_path).sha256 != first.sha256


@pytest.mark.parametrize("name", list(BUNDLES))
def test_a_bundle_is_for_arm64_and_small(name: str) -> None:
    bundle = build(name, Platform.LAMBDA)
    assert bundle.path.stat().st_size < TARGET_ZIP_BYTES.get(name, 25_000_000)
    with zipfile.ZipFile(bundle.path) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) < MAX_UNZIPPED_BYTES
        libraries = [n for n in archive.namelist() if n.endswith(".so") and "cpython" in n]
        assert libraries
        assert all("cpython-313-aarch64-linux-gnu" in library for library in libraries)


@pytest.mark.parametrize("name", list(BUNDLES))
def test_both_platforms_get_the_same_modules(name: str) -> None:
    modules = []
    for platform in Platform:
        with zipfile.ZipFile(build(name, platform).path) as archive:
            names = archive.namelist()
            ours = (n for n in names if n.endswith(".py") and "dist-info" not in n)
            # NumPy's last version for Python 3.11 is older than that for the bundle's.
            modules.append({n for n in ours if not n.startswith("numpy/")})
    assert modules[0] == modules[1]


@pytest.mark.parametrize("name", list(BUNDLES))
def test_a_bundle_contains_no_trace_of_the_machine_that_built_it(name: str) -> None:
    places = [str(ROOT), str(Path(sys.prefix)), str(Path.home() / ".cache"), "bundle-"]
    with zipfile.ZipFile(build(name, Platform.LAMBDA).path) as archive:
        names = archive.namelist()
        assert not [n for n in names if Path(n).name in {"RECORD", "INSTALLER", "direct_url.json"}]
        own = [
            n
            for n in names
            if n.startswith(("stream_ingest/", "imaging/", "collage_lambda/", "rendition_lambda/"))
        ]
        metadata = [n for n in names if n.endswith("METADATA")]
        for entry in own + metadata:
            body = archive.read(entry)
            assert not [place for place in places if place.encode() in body], entry


def test_a_bundle_contains_neither_command_lines_nor_the_dashboard() -> None:
    for name in BUNDLES:
        with zipfile.ZipFile(build(name, Platform.LAMBDA).path) as archive:
            names = {n for n in archive.namelist() if not n.endswith(".pyc")}
        assert "stream_ingest/cli/main.py" not in names
        assert not [n for n in names if n.startswith(("pulumi/", "typer/"))]
        ours = {n for n in names if n.startswith("ops_dashboard/")}
        assert ours <= {"ops_dashboard/__init__.py", "stream_ingest/contracts/metrics.py"}
