from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from ops_dashboard.cli import app as operator
from stream_ingest.cli.main import app as ingest
from tests.paths import ROOT


def commands(app: typer.Typer, name: str) -> Iterator[str]:
    """Yield the names of all commands, those of groups with the group's."""
    for command in app.registered_commands:
        assert command.callback is not None
        yield f"{name} {command.name or command.callback.__name__}"
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, f"{name} {group.typer_instance.info.name}")


OPERATOR = [
    each
    for each in commands(operator, "ops-dashboard")
    if not each.startswith("ops-dashboard local ")
]
ALL = [*commands(operator, "ops-dashboard"), *commands(ingest, "stream-ingest")]


@pytest.mark.parametrize("command", OPERATOR)
def test_the_help_of_every_command_has_an_example(command: str) -> None:
    shown = CliRunner().invoke(operator, [*command.split()[1:], "--help"]).output
    assert f"{command} " in shown.partition("Examples:")[2] + " "


def test_all_commands_are_found() -> None:
    assert {"ops-dashboard plan", "ops-dashboard dlq list", "stream-ingest push"} <= set(ALL)


@pytest.mark.parametrize("command", ALL)
def test_every_command_is_in_the_guide(command: str) -> None:
    guide = (ROOT / "docs" / "guide").glob("*.md")
    assert any(command in page.read_text(encoding="utf-8") for page in guide)
