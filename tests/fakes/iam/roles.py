"""The deployed policies of the functions' roles, and calls checked against them.

The embedded AWS has no `dynamodb:LeadingKeys`, no `dynamodb:Attributes` of writes and no
`events:source` (docs/facts.md). So the policies of the Pulumi program are evaluated here, with the
requests that the functions really make.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

from components.security import role_policies

from tests.fakes.iam.conditions import hold, matches
from tests.fakes.iam.requests import Authorization, authorizations

Statement = Mapping[str, Any]
_ARNS: Mapping[str, object] = {
    "log_group_arn": "logs",
    "stream_arn": "stream",
    "table_arn": "table",
    "bus_arn": "bus",
    "queue_arn": "queue",
    "dead_letter_arn": "dead-letters",
    "input_arn": "input",
    "intake_queue_arn": "intake",
    "other_input_arns": ["tiktok-image-input"],
    "output_arn": "output",
    "temp_arn": "temp",
    "failure_arn": "output",
    "keep_originals": True,
    "content_dedup": True,
}
"""The names that the fakes' resources have."""
_BUILDERS: Mapping[str, Callable[..., Mapping[str, Any]]] = {
    "windowing": role_policies.windowing,
    "sweeper": role_policies.sweeper,
    "collage": role_policies.collage,
    "prefetch": role_policies.prefetch,
    "intake": role_policies.intake,
}
ROLES = tuple(_BUILDERS)


class DeniedError(AssertionError):
    """A function called what its role does not allow: a bug in either."""


@cache
def statements(role: str) -> tuple[Statement, ...]:
    """Return the statements of a function's role."""
    build = _BUILDERS[role]
    document = build(**{name: _ARNS[name] for name in inspect.signature(build).parameters})
    return tuple(document["Statement"])


@lru_cache(maxsize=4_096)
def allowing(role: str, needed: Authorization) -> str | None:
    """Return the Sid of the statement that allows what a request needs, None if none does."""
    for statement in statements(role):
        if (
            needed.action in statement["Action"]
            and any(matches(pattern, needed.resource) for pattern in statement["Resource"])
            and hold(statement.get("Condition", {}), needed.context)
        ):
            return str(statement["Sid"])
    return None


class Guarded:
    """Behaves like a boto3 client, and raises `DeniedError` for what a role does not allow."""

    def __init__(self, client: object, service: str, role: str) -> None:
        self._client, self._service, self._role = client, service, role

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - a method of the client
        method = getattr(self._client, operation)

        def call(**request: Any) -> Any:  # noqa: ANN401 - the client's answer
            check(self._role, self._service, operation, request)
            return method(**request)

        return call


def check(role: str, service: str, operation: str, request: Mapping[str, Any]) -> None:
    """Raise `DeniedError` unless a role allows all that a request needs."""
    for needed in authorizations(service, operation, request):
        if allowing(role, needed) is None:
            msg = (
                f"{role} may not {needed.action} on {needed.resource} with {needed.context}; rights"
                " are in role_policies, attributes in stream_ingest/contracts/item_writes.py"
            )
            raise DeniedError(msg)
