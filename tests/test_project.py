"""What the files in the root say of each other."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.paths import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z-]+):", MAKEFILE, flags=re.MULTILINE)


def test_make_lists_every_target_and_runs_it_whatever_files_there_are() -> None:
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)", MAKEFILE, flags=re.MULTILINE)
    assert phony is not None
    assert sorted(phony[1].replace("\\\n", " ").split()) == sorted(TARGETS)
    assert re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, flags=re.MULTILINE) == TARGETS


def test_make_installs_the_uv_that_is_locked() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    (uv,) = (package for package in lock["package"] if package["name"] == "uv")
    assert f"UV_VERSION := {uv['version']}\n" in MAKEFILE
    show = "show: ; @echo $(UV_REQUIREMENT)"
    done = subprocess.run(  # noqa: S603 - our own arguments
        ["make", "--silent", "--eval", show, "show"],  # noqa: S607 - found like any tool of the shell
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    hashes = [uv["sdist"]["hash"], *(wheel["hash"] for wheel in uv["wheels"])]
    assert done.stdout.split() == [f"uv=={uv['version']}", *(f"--hash={each}" for each in hashes)]


def make(*arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run make without its set-up, with the tools of `path` and the system's."""
    return subprocess.run(  # noqa: S603 - our own arguments
        ["make", "--silent", "--old-file=setup", *arguments],  # noqa: S607 - as above
        cwd=ROOT,
        env={"PATH": f"{path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("target", ["preview", "up", "refresh", "destroy"])
def test_pulumi_finds_the_projects_uv(target: str, tmp_path: Path) -> None:
    cli = tmp_path / "pulumi"
    cli.write_text('#!/bin/sh\necho "$@"\ncommand -v uv\n')
    cli.chmod(0o755)
    done = make(target, "STACK=trial", path=tmp_path)
    assert done.stdout.splitlines() == [f"{target} --stack trial", str(ROOT / ".venv/bin/uv")]


@pytest.mark.parametrize("target", ["preview", "up", "refresh", "destroy"])
def test_without_the_pulumi_cli_make_says_where_to_get_it(target: str, tmp_path: Path) -> None:
    done = make(target, path=tmp_path)
    assert done.returncode == 2
    expected = f"make {target} needs the Pulumi CLI: https://www.pulumi.com/docs/install/"
    assert done.stderr.splitlines()[0] == expected


def test_the_workflow_runs_what_ci_runs() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yaml").read_text(encoding="utf-8")
    assert "run: bash .ci/run\n" in workflow


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md"])
def test_every_path_and_target_that_a_document_names_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    paths = re.findall(r"[`\s]((?:[\w.-]+/)+[\w.-]*)[`\s:]", text)
    missing = [path for path in (*links, *paths) if not (ROOT / path).exists()]
    assert not missing
    assert set(re.findall(r"`make ([a-z-]+)`", text)) <= set(TARGETS)
