"""Groups of commands whose modules are imported when they are called. Edge (imports, signals).

A group knows the name and one line of help of each of its commands, so that ``--help`` and shell
completion list them without an import. A test compares the lines with the commands' own.

The function of a command checks its options, imports what it needs and returns the work to do, so
that Ctrl-C can end the imports at once and interrupt the work (`interrupts`).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from stream_ingest.cli.interrupts import raising_interrupts

Work = Callable[[], object]
"""What the function of a command returns: the rest of it, which may be interrupted."""


class Place(NamedTuple):
    """Where a command or a group is, and the first line of its help."""

    path: str
    """``module:name`` of a function or a `typer.Typer`; examples are in ``<COMMAND>_EXAMPLES``."""
    help: str


_VALUES = {
    "bool": "",
    **dict.fromkeys(("int", "float", "int range", "float range"), "NUMBER"),
    "str": "TEXT",
    "list[str]": "TEXT",
    "path": "PATH",
}
"""What help shows of an option's value, by its type in Python; choices are shown themselves."""


def named_values(params: list[Any], ctx: Any) -> list[Any]:  # noqa: ANN401 - Typer's own Click
    """Return parameters whose types help shows in words, and not as ``<bool>`` or ``<str>``."""
    for param in params:
        if isinstance(param, TyperOption) and param.metavar is None:
            kind = param.display_type(ctx).strip("<>")
            param.metavar = _VALUES.get(kind, kind)
        elif isinstance(param, TyperArgument):
            param.display_type_rich = lambda **_: ""  # type: ignore[method-assign]  # its name says it
    return params


class WorkCommand(TyperCommand):
    """A command whose function returns its work.

    Garbage is collected while it works, and what was imported for it is not looked at again.
    """

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - Typer's own Click
        """Return its parameters, with values in words."""
        return named_values(super().get_params(ctx), ctx)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own Click
        """Call the function, then do the work that it returns."""
        work = super().invoke(ctx)
        if work is not None:
            from stream_ingest.aws.garbage_collection import (  # noqa: PLC0415 - help needs neither
                ignore_existing_objects,
            )
            from stream_ingest.contracts.prepared_structs import prepare_structs  # noqa: PLC0415

            prepare_structs()
            if not gc.isenabled():  # as in a process of its own (`__main__`)
                ignore_existing_objects()
                gc.enable()
            with raising_interrupts():
                work()


class NamedCommand(TyperCommand):
    """A command or group that was not imported yet."""

    def __init__(self, name: str, place: Place) -> None:
        """Know the command by its name and line of help."""
        super().__init__(name, help=place.help)
        self._path = place.path

    def load(self) -> Any:  # noqa: ANN401 - Typer's own Click
        """Import the command and return it."""
        module_name, _, attribute = self._path.partition(":")
        module = import_module(module_name)
        found = getattr(module, attribute)
        if not isinstance(found, typer.Typer):
            examples = getattr(module, f"{str(self.name).upper()}_EXAMPLES")
            app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            app.command(self.name, epilog=examples, cls=WorkCommand)(found)
            found = app
        command = typer.main.get_command(found)
        command.name = self.name
        return command


class LazyGroup(TyperGroup):
    """A group whose commands are imported when one of them is called."""

    places: Mapping[str, Place]

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401 - passed on
        """Add the commands of `places` to those that Typer knows."""
        super().__init__(**arguments)
        for name, place in self.places.items():
            self.commands[name] = NamedCommand(name, place)

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - Typer's own Click
        """Return its parameters, with values in words."""
        return named_values(super().get_params(ctx), ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401 - Typer's own Click
        """Return the command that the arguments name, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, loaded(command), rest


def loaded(command: Any) -> Any:  # noqa: ANN401 - Typer's own Click
    """Return a command of a group, imported if it was not."""
    return command.load() if isinstance(command, NamedCommand) else command


def lazy(places: Mapping[str, Place]) -> type[LazyGroup]:
    """Return the class of a group with these commands by name: ``typer.Typer(cls=lazy({…}))``."""
    return type("LazyGroup", (LazyGroup,), {"places": places})
