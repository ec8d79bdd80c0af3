"""Creates IAM roles and their inline policies. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs

Created = tuple[str, dict[str, Any]]


def _role(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    made = clients.untyped("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=inputs.document("assumeRolePolicy")
    )
    return name, {"name": name, "arn": made["Role"]["Arn"]}


def _role_policy(clients: Clients, inputs: Inputs) -> Created:
    role, name = inputs.text("role"), inputs.text("name")
    clients.untyped("iam").put_role_policy(
        RoleName=role, PolicyName=name, PolicyDocument=inputs.document("policy")
    )
    return f"{role}:{name}", {}


CREATE = {
    "aws:iam/role:Role": _role,
    "aws:iam/rolePolicy:RolePolicy": _role_policy,
}
