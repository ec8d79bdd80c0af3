"""One Lambda function with its own role and log group. Edge (Pulumi)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from components.security import hardening_policies, policies
from components.security.hardening import NO_HARDENING, Hardening, allow_key, allow_placement

import pulumi
from collage_lambda.temporary_storage import FREE_TMP_MB
from ops_dashboard.packaging.bundles import Bundle

RUNTIME = "python3.13"
ARCHITECTURE = "arm64"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Memory, time, concurrency and temporary storage of a function.

    A reserved concurrency of 0 reserves nothing.
    """

    memory_mb: int
    timeout_s: int
    reserved_concurrency: int = 0
    tmp_mb: int = FREE_TMP_MB


@dataclass(frozen=True, kw_only=True)
class Logging:
    """How long logs are stored, and their lowest level."""

    retention_days: int
    level: str


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """Code, limits, logging and environment variables of a function."""

    function_name: str
    bundle: Bundle
    handler: str
    limits: Limits
    logging: Logging
    variables: Mapping[str, pulumi.Input[str]]
    hardening: Hardening = NO_HARDENING


class FunctionRole(pulumi.ComponentResource):
    """A role that only Lambda can assume, and the one log group that it may write to.

    It is created before its function: Lambda checks a mapping's rights when the mapping is created.
    Call `grant` once to attach its policy.
    """

    def __init__(
        self,
        name: str,
        function: FunctionArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Create role and log group of a function."""
        super().__init__("coverstream:index:FunctionRole", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        self.role = aws.iam.Role(
            name,
            name=f"{function.function_name}-function",
            assume_role_policy=json.dumps(policies.trust("lambda.amazonaws.com")),
            opts=self._child,
        )
        self.log_group = aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/lambda/{function.function_name}",
            retention_in_days=function.logging.retention_days,
            opts=self._child,
        )
        self.register_outputs({"role": self.role.name})

    def grant(
        self, build: Callable[..., policies.Document], **inputs: pulumi.Input[Any]
    ) -> aws.iam.RolePolicy:
        """Attach the policy that `build` makes of `inputs` and the log group. Call once."""
        document = policies.document(build, log_group_arn=self.log_group.arn, **inputs)
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
    """Create a function that runs as `role`, after the role's policy `granted`."""
    child = pulumi.ResourceOptions(parent=parent)
    hardened = [
        *allow_key(name, args.hardening, role.role.name, hardening_policies.KEY_SERVICES, child),
        *allow_placement(name, args.hardening, role.role.name, child),
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
        ephemeral_storage={"size": args.limits.tmp_mb},
        reserved_concurrent_executions=args.limits.reserved_concurrency or -1,
        environment={"variables": _variables(name, args)},
        vpc_config=args.hardening.vpc_config,
        # Text: Powertools writes JSON lines itself, and EMF lines must reach the log as they are.
        logging_config={"log_format": "Text", "log_group": role.log_group.name},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[granted, *hardened]),
    )


def _variables(name: str, args: FunctionArgs) -> dict[str, pulumi.Input[str]]:
    """Return the function's variables together with those that Powertools reads."""
    return {
        **args.variables,
        "POWERTOOLS_SERVICE_NAME": name,
        "POWERTOOLS_LOG_LEVEL": args.logging.level,
    }
