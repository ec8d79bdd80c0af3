"""One Lambda function with its own role and log group. Edge (Pulumi)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
from components import guard_policies, policies
from components.guard import UNGUARDED, Guard, allow_key, allow_placement

import pulumi
from ops_dashboard.packaging.bundles import Bundle

RUNTIME = "python3.13"
ARCHITECTURE = "arm64"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a function may use; a reserved concurrency of 0 reserves nothing."""

    memory_mb: int
    timeout_s: int
    reserved_concurrency: int = 0


@dataclass(frozen=True, kw_only=True)
class Logging:
    """How long logs are kept, and from which level on they are written."""

    retention_days: int
    level: str


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """What a function runs, with which limits, and which variables it reads."""

    function_name: str
    bundle: Bundle
    handler: str
    limits: Limits
    logging: Logging
    variables: Mapping[str, pulumi.Input[str]]
    guard: Guard = UNGUARDED


class FunctionRole(pulumi.ComponentResource):
    """A role that only Lambda assumes, and the one log group that it may write to.

    It comes before its function, because a mapping's rights have to be there when the mapping is
    made; `grant` gives it its one policy.
    """

    def __init__(
        self,
        name: str,
        function_name: str,
        retention_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Create role and log group."""
        super().__init__("coverstream:index:FunctionRole", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        self.role = aws.iam.Role(
            name,
            name=f"{function_name}-function",
            assume_role_policy=json.dumps(policies.trust("lambda.amazonaws.com")),
            opts=self._child,
        )
        self.log_group = aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/lambda/{function_name}",
            retention_in_days=retention_days,
            opts=self._child,
        )
        self.register_outputs({"role": self.role.name})

    def grant(self, document: pulumi.Output[str]) -> aws.iam.RolePolicy:
        """Give the role its policy; once."""
        return aws.iam.RolePolicy(
            self._name, name="own", role=self.role.name, policy=document, opts=self._child
        )


def create_function(
    name: str,
    args: FunctionArgs,
    role: FunctionRole,
    granted: aws.iam.RolePolicy,
    parent: pulumi.Resource,
) -> aws.lambda_.Function:
    """Create a function that runs as `role`, once the role's policy is `granted`."""
    child = pulumi.ResourceOptions(parent=parent)
    more = [
        *allow_key(name, args.guard, role.role.name, guard_policies.THROUGH, child),
        *allow_placement(name, args.guard, role.role.name, child),
    ]
    return aws.lambda_.Function(
        name,
        name=args.function_name,
        runtime=RUNTIME,
        architectures=[ARCHITECTURE],
        handler=args.handler,
        code=pulumi.FileArchive(str(args.bundle.path)),
        source_code_hash=args.bundle.sha256_base64,
        role=role.role.arn,
        memory_size=args.limits.memory_mb,
        timeout=args.limits.timeout_s,
        reserved_concurrent_executions=args.limits.reserved_concurrency or -1,
        environment={"variables": _variables(name, args)},
        vpc_config=args.guard.vpc_config,
        # Text: Powertools writes JSON lines itself, and EMF lines must reach the log as they are.
        logging_config={"log_format": "Text", "log_group": role.log_group.name},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[granted, *more]),
    )


def _variables(name: str, args: FunctionArgs) -> dict[str, pulumi.Input[str]]:
    """Return a function's variables and those that Powertools reads."""
    return {
        **args.variables,
        "POWERTOOLS_SERVICE_NAME": name,
        "POWERTOOLS_LOG_LEVEL": args.logging.level,
    }
