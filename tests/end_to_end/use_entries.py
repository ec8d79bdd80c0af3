"""Entries of `role_rights`: rights by their uses."""

from __future__ import annotations

from collections.abc import Callable

from tests.end_to_end.iam_stack import CallResult
from tests.end_to_end.role_uses import Uses

Use = Callable[[Uses], CallResult]
Key = tuple[str, str, str, str]
"""Role, statement, action, and the resource in short."""


def uses_of(role: str, sid: str, place: str, **uses: Use) -> dict[Key, Use]:
    """Return entries for one statement; an action is written ``service__Action``."""
    return {(role, sid, action.replace("__", ":"), place): use for action, use in uses.items()}


def logs_of(role: str) -> dict[Key, Use]:
    return uses_of(
        role,
        "WriteOwnLogs",
        f"log-group:/aws/lambda/{role}:*",
        logs__CreateLogStream=lambda uses: uses.create_log_stream(role),
        logs__PutLogEvents=lambda uses: uses.put_log_events(role),
    )
