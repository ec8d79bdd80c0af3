"""The contract level: what commands and the stack that they use must agree on. Pure.

A deployed stack states its level in its outputs, and every command compares it with its own. A
release raises `LEVEL` only if its commands send or expect what stacks of the level before do not
know; `docs/operations/upgrade.md` lists what each level stands for. A stack without a level is of
level 0.
"""

from __future__ import annotations

from typing import Protocol

from stream_ingest.contracts.errors import UserError

LEVEL = 1
"""Of this release's commands, and of the stacks that it deploys."""
OLDEST_STACK = 1
"""Lowest level of a stack that this release's commands can use."""
OLDEST_COMMANDS = 1
"""Lowest level of commands that can use a stack that this release deploys."""


class LevelError(UserError):
    """The commands and the stack do not fit together; nothing was read or sent."""


class Deployed(Protocol):
    """What a stack says of the release that deployed it."""

    @property
    def stack(self) -> str:
        """Name of the stack."""

    @property
    def release(self) -> str:
        """Version of the release, empty if the stack does not say it."""

    @property
    def level(self) -> int:
        """Contract level of the release."""

    @property
    def oldest_commands(self) -> int:
        """Lowest level of commands that can use the stack."""


def check_level(deployed: Deployed, deploy: str | None = None) -> None:
    """Raise `LevelError`, which says what to do, if commands of this release cannot use a stack.

    `deploy` is how to deploy the stack again, if that is not ``make up``.
    """
    if deployed.level < OLDEST_STACK:
        msg = (
            f"stack {deployed.stack!r} runs {_name(deployed)}; this command needs contract level"
            f" {OLDEST_STACK}: {deploy or _deploy(deployed)}"
        )
        raise LevelError(msg)
    if deployed.oldest_commands > LEVEL:
        msg = (
            f"stack {deployed.stack!r} runs {_name(deployed)} and needs commands of contract level"
            f" {deployed.oldest_commands}; this command has {LEVEL}: update it"
        )
        raise LevelError(msg)


def level_notice(deployed: Deployed) -> str | None:
    """Return what to do about a stack of another level; None for the same level.

    It works, but for what the older of both does not know; raises `LevelError` if it does not.
    """
    check_level(deployed)
    if deployed.level == LEVEL:
        return None
    do = _deploy(deployed) if deployed.level < LEVEL else "update the commands"
    return (
        f"stack {deployed.stack!r} runs {_name(deployed)}, these commands have level {LEVEL}: {do}"
    )


def _name(deployed: Deployed) -> str:
    release = f" (release {deployed.release})" if deployed.release else ""
    return f"contract level {deployed.level}{release}"


def _deploy(deployed: Deployed) -> str:
    return f"deploy (make up STACK={deployed.stack})"
