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


def _update_role(clients: Clients, inputs: Inputs, id_: str) -> None:
    inputs.text("name")
    clients.untyped("iam").update_assume_role_policy(
        RoleName=id_, PolicyDocument=inputs.document("assumeRolePolicy")
    )


def _role_policy(clients: Clients, inputs: Inputs) -> Created:
    role, name = inputs.text("role"), inputs.text("name")
    clients.untyped("iam").put_role_policy(
        RoleName=role, PolicyName=name, PolicyDocument=inputs.document("policy")
    )
    return f"{role}:{name}", {}


UPDATE = {"aws:iam/role:Role": _update_role}
REPLACING = {"aws:iam/rolePolicy:RolePolicy": _role_policy}
CREATE = {"aws:iam/role:Role": _role, **REPLACING}
