"""Both command lines: help, guide and completion of every command."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from stream_ingest.cli.groups import NamedCommand
from tests.paths import ROOT
from tools.cli_reference import APPLICATIONS, commands

ALL = [full for name in APPLICATIONS for full, _ in commands(name)]
GROUPS = [
    *("ops-dashboard", "ops-dashboard local", "ops-dashboard dlq", "ops-dashboard photos"),
    *("ops-dashboard photos link", "stream-ingest"),
]


def test_all_commands_are_found() -> None:
    assert {"ops-dashboard plan", "ops-dashboard dlq list", "stream-ingest push"} <= set(ALL)


@pytest.mark.parametrize("command", [*ALL, *GROUPS[:-2], "stream-ingest"])
def test_the_help_of_every_command_has_an_example(command: str) -> None:
    name, *arguments = command.split()
    shown = CliRunner().invoke(APPLICATIONS[name], [*arguments, "--help"])
    assert shown.exit_code == 0
    assert f"{command} " in " ".join(shown.output.partition("Examples:")[2].split()) + " "
    assert re.findall(r"<(?:bool|int|str|float|path|file)>|\brange\b \[|list\[", shown.output) == []


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_lists_its_commands_with_the_first_line_of_their_help(group: str) -> None:
    name, *path = group.split()
    command = typer.main.get_command(APPLICATIONS[name])
    for part in path:
        command = command.commands[part]  # type: ignore[attr-defined]
        command = command.load() if isinstance(command, NamedCommand) else command
    for member in command.commands.values():  # type: ignore[attr-defined]
        if isinstance(member, NamedCommand):
            text = member.load().help
            assert " ".join(text.partition("\n\n")[0].split()) == member.help


@pytest.mark.parametrize("command", ALL)
def test_every_command_is_in_the_guide(command: str) -> None:
    guide = (ROOT / "docs" / "guide").glob("*.md")
    assert any(command in page.read_text(encoding="utf-8") for page in guide)


SHELLS = {
    "bash": {"COMP_WORDS": "{line}", "COMP_CWORD": "{last}"},
    "zsh": {"_TYPER_COMPLETE_ARGS": "{line}"},
    "fish": {"_TYPER_COMPLETE_ARGS": "{line}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("ops-dashboard w", {"windows"}),
        ("ops-dashboard dlq r", {"redrive"}),
        ("ops-dashboard windows --status part", {"partial"}),
        ("stream-ingest push --move", {"--move-mark"}),
    ],
)
def test_a_shell_completes_commands_options_and_values(
    shell: str, line: str, offered: set[str]
) -> None:
    program, *_ = line.split()
    module = program.replace("-", "_")
    variable = f"_{module}_COMPLETE".upper()
    values = {"line": line, "last": len(line.split()) - 1}
    done = subprocess.run(  # noqa: S603 - our own program
        [
            sys.executable,
            "-c",
            f"import {module}.__main__ as m; m.sys.argv[0]={program!r}; m.main()",
        ],
        env={
            "PATH": os.defpath,
            variable: f"complete_{shell}",
            **{name: text.format(**values) for name, text in SHELLS[shell].items()},
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert offered <= set(re.findall(r"[\w-]+", done.stdout)), done.stdout
