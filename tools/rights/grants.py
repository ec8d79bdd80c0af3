"""A right that a person or program needs, and policies made of several. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from stream_ingest.contracts.stack_outputs import PROJECT


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The account, region and stack that a policy is for."""

    account: str
    region: str
    stack: str

    @property
    def prefix(self) -> str:
        """Return what the names of the stack's resources begin with."""
        return f"{PROJECT}-{self.stack}"

    def fill(self, text: str) -> str:
        """Return a text with this place's values: ``{prefix}-rows``."""
        return text.format(
            account=self.account, region=self.region, stack=self.stack, prefix=self.prefix
        )


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a policy."""

    sid: str
    commands: tuple[str, ...]
    """The commands that need it."""
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Mapping[str, Sequence[str]]] | None = None
    """Operators, keys and the values of which the key has to have one."""
    note: str = ""
    """When a command needs it, if not always."""

    def statement(self, place: Place) -> dict[str, Any]:
        """Return the statement of IAM's policy language."""
        resources = [place.fill(resource) for resource in self.resources]
        statement: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": resources,
        }
        if self.condition:
            statement["Condition"] = {
                operator: {key: [place.fill(one) for one in keys[key]] for key in keys}
                for operator, keys in self.condition.items()
            }
        return statement


def policy(grants: Iterable[Grant], place: Place) -> dict[str, Any]:
    """Return the policy document of several grants."""
    return {"Version": "2012-10-17", "Statement": [each.statement(place) for each in grants]}
