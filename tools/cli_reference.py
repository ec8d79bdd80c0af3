"""The reference of the two command lines, from their Typer applications. Edge (imports)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from ops_dashboard.cli import app as operator
from stream_ingest.cli.groups import loaded
from stream_ingest.cli.main import app as ingest
from tools.markdown import markdown_table

APPLICATIONS = {"stream-ingest": ingest, "ops-dashboard": operator}
_NOTES = re.compile(r"\s*\[((?:env var|default|required|x|\d)[^\[\]]*(?:\[[^\]]*\])?[^\[\]]*)\]$")
"""What Typer appends to the help of an option."""
_TYPES = {"<str>": "TEXT", "<int>": "NUMBER", "<path>": "PATH", "<int range>": "NUMBER"}


def commands(name: str) -> Iterator[tuple[str, Any]]:
    """Yield the full name of each command of an application with Click's command object."""
    yield from _walk(name, typer.main.get_command(APPLICATIONS[name]))


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - Typer's own Click
    command = loaded(command)
    members = getattr(command, "commands", None)
    if members is None:
        yield name, command
        return
    if command.invoke_without_command:
        yield name, command
    for member, each in members.items():
        yield from _walk(f"{name} {member}", each)


def cli_reference(name: str) -> str:
    """Return a section for each command of an application: help and options."""
    return "\n".join(part for full, each in commands(name) for part in _section(full, each))


def _section(name: str, command: Any) -> Iterator[str]:  # noqa: ANN401 - Typer's own Click
    context = typer.Context(command, info_name=name)
    yield f"\n### {name}\n"
    yield _prose(command.help or "")
    yield from _examples(command.epilog or "")
    yield markdown_table(("option", "meaning", "default"), _rows(command, context))


def _examples(epilog: str) -> Iterator[str]:
    """Yield the examples of a command's help as a shell block."""
    lines = [line.strip() for line in epilog.splitlines()[1:] if line.strip()]
    if lines:
        yield "\n".join(["\n```bash", *lines, "```"])


def _rows(command: Any, context: typer.Context) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is None:  # a hidden option
            continue
        option, text = record
        found = _NOTES.search(text)
        meaning = text[: found.start()] if found else text
        yield f"`{_typed(option)}`", _prose(meaning), _default(found[1] if found else "")


def _typed(option: str) -> str:
    for shown, plain in _TYPES.items():
        option = option.replace(shown, plain)
    return option.replace("<list[str]>", "TEXT").replace("<", "").replace(">", "")


def _default(notes: str) -> str:
    """Return default, range and environment variable as one cell."""
    shown = []
    for note in filter(None, notes.split("; ")):
        key, _, value = note.partition(": ")
        shown.append({"default": f"`{value}`", "env var": f"or `{value}`"}.get(key, note))
    return ", ".join(sorted(shown, key=lambda each: each.startswith("or ")))


def _prose(text: str) -> str:
    """Return help as Markdown: placeholders in angle brackets are not HTML."""
    return " ".join(text.replace("<", "&lt;").split())
