"""The roles, and how docs/operations/rights.md shows their rights. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tools.markdown import markdown_table
from tools.rights.deployer import DEPLOYER
from tools.rights.grants import Grant, Place, policy
from tools.rights.operator import OPERATOR
from tools.rights.options import OPTIONS
from tools.rights.pusher import PUSHER

ROLES: Mapping[str, Sequence[Grant]] = {
    "pusher": PUSHER,
    "operator": OPERATOR,
    "deployer": DEPLOYER,
    "deployer-options": OPTIONS,
}
WITHOUT_RIGHTS = ("plan", "demo", "local up", "local down", "local status", "export")
"""Commands that call no AWS; `export` only with ``--mysql-secret``."""
EXAMPLE = Place(account="123456789012", region="us-east-1", stack="prod")


def rights_table(role: str) -> str:
    """Return the rights of a role, one statement per row."""
    rows = [
        (
            f"`{grant.sid}`",
            ", ".join(f"`{action}`" for action in grant.actions),
            ", ".join(f"`{command}`" for command in grant.commands),
            grant.note,
        )
        for grant in ROLES[role]
    ]
    return markdown_table(("statement", "actions", "for", "when"), rows)


def policy_block(role: str) -> str:
    """Return the policy of a role as a fenced block of JSON."""
    return f"```json\n{json.dumps(policy(ROLES[role], EXAMPLE), indent=2)}\n```"
