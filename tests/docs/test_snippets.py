"""Commands in README.md and docs/ exist, with the options they are shown with."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from stream_ingest.cli.groups import loaded
from tests.docs.snippets import DOCUMENTS, Snippet, inline_commands, snippets
from tests.paths import ROOT
from tools.cli_reference import APPLICATIONS

EXTERNAL = {
    "aws",
    "pulumi",
    "source",
    "export",
    ".venv/bin/uv",
    "git",
    "cd",
    "curl",
    "openssl",
    "podman",
}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
SHOWN = list(snippets())
RUN = [each for each in SHOWN if each.runs]


def check(words: tuple[str, ...]) -> None:
    """Parse a command line as the command would, without running it."""
    name, *arguments = words
    if name == "make":
        targets = [word for word in arguments if "=" not in word]
        assert set(targets) <= TARGETS
    elif name in APPLICATIONS:
        parse(typer.main.get_command(APPLICATIONS[name]), name, arguments)
    else:
        assert name in EXTERNAL


def parse(command: Any, name: str, arguments: list[str]) -> None:  # noqa: ANN401 - Typer's Click
    """Parse arguments by Click; raises its `UsageError` if an option is unknown or missing."""
    if arguments[-1:] == ["--help"]:
        return
    members = getattr(command, "commands", None)
    is_command = members is None or (
        command.invoke_without_command and arguments[0].startswith("-")
    )
    if is_command:
        command.make_context(name, arguments)
        return
    if arguments[0].startswith("-"):  # not parsed: --install-completion would be done
        assert set(arguments) <= options_of(command)
        return
    assert arguments[0] in members
    parse(loaded(members[arguments[0]]), arguments[0], arguments[1:])


def test_the_documents_have_commands_of_every_kind() -> None:
    found = {each.words[0] for each in SHOWN}
    assert {"make", "stream-ingest", "ops-dashboard"} <= found
    assert len(SHOWN) > 30
    assert len(RUN) > 2


@pytest.mark.parametrize("snippet", SHOWN, ids=str)
def test_a_command_line_in_a_block_parses(snippet: Snippet) -> None:
    check(snippet.words)


@pytest.mark.parametrize("snippet", sorted(set(inline_commands()), key=str), ids=str)
def test_a_command_in_the_prose_exists_with_its_options(snippet: Snippet) -> None:
    """Required options may be left out there."""
    name, *arguments = snippet.words
    if name == "make":
        check(snippet.words)
        return
    command: Any = typer.main.get_command(APPLICATIONS[name])
    while arguments and not arguments[0].startswith("-") and hasattr(command, "commands"):
        for choice in arguments[0].split("|"):
            assert choice in command.commands
        command = loaded(command.commands[arguments.pop(0).split("|")[0]])
    words = {word for word in arguments if word.startswith("--")}
    assert words <= options_of(command) | {"--help"}


def options_of(command: Any) -> set[str]:  # noqa: ANN401 - Typer's Click
    parameters = getattr(command, "params", ())
    return {name for each in parameters for name in (*each.opts, *each.secondary_opts)}


@pytest.mark.parametrize("snippet", RUN, ids=str)
def test_a_command_line_that_needs_no_stack_runs(snippet: Snippet, tmp_path: Path) -> None:
    command, *arguments = snippet.words
    done = subprocess.run(  # noqa: S603 - our own documentation
        [Path(sys.executable).with_name(command), *arguments],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_every_relative_link_leads_to_a_file() -> None:
    """mkdocs checks those of docs/ and their anchors, too; README is not part of the site."""
    dead = [
        f"{document.name}: {target}"
        for document in DOCUMENTS
        for target in link_targets(document)
        if not re.match(r"[a-z]+:", target) and not (document.parent / target).exists()
    ]
    assert dead == []


def link_targets(document: Path) -> list[str]:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
