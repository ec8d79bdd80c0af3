"""Creates Lambda functions and their permissions. Edge (network, disk)."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pulumi
from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs
from ops_dashboard.local.aws.engine.waiting import wait_until

Created = tuple[str, dict[str, Any]]
UNRESERVED = -1


def _function(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    logging = inputs.required_block("loggingConfig")
    clients.untyped("lambda").create_function(
        FunctionName=name,
        Runtime=inputs.text("runtime"),
        Architectures=inputs.texts("architectures"),
        Handler=inputs.text("handler"),
        Role=inputs.text("role"),
        MemorySize=inputs.number("memorySize"),
        Timeout=inputs.number("timeout"),
        Environment={"Variables": inputs.required_block("environment").map("variables")},
        LoggingConfig={
            "LogFormat": logging.text("logFormat"),
            "LogGroup": logging.text("logGroup"),
        },
        Code={"ZipFile": _code(inputs)},
        **_placement(inputs),
    )

    def is_active() -> bool:
        found = clients.functions.get_function_configuration(FunctionName=name)
        return found["State"] == "Active"

    wait_until(is_active, f"function {name} is active")
    reserved = inputs.number("reservedConcurrentExecutions")
    if reserved != UNRESERVED:
        clients.untyped("lambda").put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=reserved
        )
    arn = clients.functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    return name, {"name": name, "arn": arn}


def _placement(inputs: Inputs) -> dict[str, Any]:
    """Return a function's place in a VPC, as parameters; none if it is in no VPC."""
    vpc = inputs.block("vpcConfig")
    if vpc is None:
        return {}
    groups = vpc.texts("securityGroupIds")
    return {"VpcConfig": {"SubnetIds": vpc.texts("subnetIds"), "SecurityGroupIds": groups}}


def _code(inputs: Inputs) -> bytes:
    """Return a function's zip; its hash must be the one that the program has set."""
    archive = inputs.raw("code")
    if not isinstance(archive, pulumi.FileArchive):
        raise inputs.invalid(name="code", expected="a local zip file")
    code = Path(archive.path).read_bytes()
    digest = base64.b64encode(hashlib.sha256(code).digest()).decode()
    if inputs.text("sourceCodeHash") != digest:
        raise inputs.invalid(name="sourceCodeHash", expected=digest)
    return code


def _permission(clients: Clients, inputs: Inputs) -> Created:
    statement = inputs.text("statementId")
    clients.untyped("lambda").add_permission(
        FunctionName=inputs.text("function"),
        StatementId=statement,
        Action=inputs.text("action"),
        Principal=inputs.text("principal"),
        SourceArn=inputs.text("sourceArn"),
    )
    return statement, {}


def _event_invoke(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("functionName")
    failure = inputs.required_block("destinationConfig").required_block("onFailure")
    clients.untyped("lambda").put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=inputs.number("maximumRetryAttempts"),
        MaximumEventAgeInSeconds=inputs.number("maximumEventAgeInSeconds"),
        DestinationConfig={"OnFailure": {"Destination": failure.text("destination")}},
    )
    return name, {}


def _recursion(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("functionName")
    clients.untyped("lambda").put_function_recursion_config(
        FunctionName=name, RecursiveLoop=inputs.text("recursiveLoop")
    )
    return name, {}


CREATE = {
    "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": _recursion,
    "aws:lambda/function:Function": _function,
    "aws:lambda/permission:Permission": _permission,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _event_invoke,
}
